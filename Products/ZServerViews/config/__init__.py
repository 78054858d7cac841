"""The configuration: texts of zope.conf -> checked values and mounted views.

Starts no thread, opens no socket and knows no server. Runs in the thread that
reads the configuration, never in the event loop.
"""
from __future__ import absolute_import, division, print_function
