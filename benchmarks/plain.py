"""The text that every server sends, and the application that sends it.

Needs nothing but the standard library: servers of other environments call it
too.
"""
from __future__ import absolute_import, division, print_function

import threading

THREADS = 4
PATH = '/text'
SLEEP = '/sleep'
TEXT = u'a fixed text of sixty-four bytes, the same from every server ..\n'
TYPE = 'text/plain; charset=utf-8'
BODY = TEXT.encode('ascii')


def application(environ, start_response):
    """The text from a worker; at SLEEP, a worker that is busy for good."""
    if environ['PATH_INFO'] == SLEEP:
        threading.Event().wait()
    start_response('200 OK', [('Content-Type', TYPE),
                              ('Content-Length', str(len(BODY)))])
    return [BODY]
