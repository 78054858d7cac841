"""The queue of cheroot's threads, and who waits in it.

Knows cheroot by the objects that it gives us, and imports nothing of it.
"""
from __future__ import absolute_import, division, print_function
