"""Views in waitress: `hook` for version 2 and newer, `hook1` for 1.3 and 1.4.

Runs in the thread of wasyncore's loop unless a module says otherwise. Imports
nothing of the other servers' folders.

    hook, hook1   the look-up of paths, in waitress 2 and newer and in 1
    seams         what else of waitress is replaced
    probe         whether waitress has all that is needed
    admission     the limit of connections: who is evicted, who is queued
    answering     the answer to a request for a view
    connection    ... while it waits, or its client takes its time
    environ       ... and the WSGI environ, with the client in `forwarded`
    known_heads   requests that have come before, byte for byte
    entries       what stands in the event loop's map
    listener      the listener for views only
    record        what is told of the site's requests
    shutdown      the end of the event loop
    targets       which path a request asks for
"""
from __future__ import absolute_import, division, print_function
