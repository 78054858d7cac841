"""Views in ZServer, which is built on medusa and asyncore: Python 2.7 only.

Runs in the thread of asyncore's loop unless a module says otherwise. Imports
nothing of the other servers' folders.

    hook          the look-up of paths: a handler in front of Zope's
    seams         what else of ZServer is replaced
    probe         whether ZServer has all that is needed
    server        what its servers and connections do besides
    admission     the limit of connections: who is evicted, who is queued
    answering     the answer to a request for a view
    connection    ... while it waits, or its client takes its time
    environ       ... and the WSGI environ
    entries       what stands in the event loop's map
    listener      the listener for views only
    record        what is told of the site's requests, with `state`
    log           the lines of the access log
    targets       which path a request asks for
    zope_signals  the signals that end the process, which Zope handles
"""
from __future__ import absolute_import, division, print_function
