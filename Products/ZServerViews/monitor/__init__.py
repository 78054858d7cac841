"""What this process knows of itself: threads, requests, whether it lives.

No HTTP, no server and no Zope: whoever knows those hands in what he knows.
The world (frames, threads, clock) comes in as arguments with real defaults.
"""
from __future__ import absolute_import, division, print_function
