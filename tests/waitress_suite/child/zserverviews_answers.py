"""What answers in the servers that our tests start: views and application.

Every answer names who gave it, the process and the thread.
"""
from __future__ import absolute_import, division, print_function

import os
import threading

from Products.ZServerViews.base import TextView

# No test of waitress's asks for these paths.
PLAIN = '/zserverviews-suite/plain'
TEXT = '/zserverviews-suite/text'


def signed(name):
    return '{} {} {}'.format(
        name, os.getpid(), threading.current_thread().name)


def respond(name, start_response):
    body = signed(name).encode('ascii')
    start_response('200 OK', [('Content-Type', 'text/plain'),
                              ('Content-Length', str(len(body)))])
    return [body]


def application(environ, start_response):
    return respond('application', start_response)


def plain_view(environ, start_response):
    return respond('view', start_response)


@TextView
def text_view(environ):
    return signed('view')


SECTION = {
    'plain': PLAIN + ' zserverviews_answers.plain_view',
    'text': TEXT + ' zserverviews_answers.text_view',
}
