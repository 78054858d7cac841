"""WSGI filters and applications that stand before Zope in a pipeline."""
from __future__ import absolute_import, division, print_function

import sys

HIDDEN = []


class Keeping(object):
    """As middleware of other people's is: no name tells what it wraps."""

    __slots__ = ('_routes',)

    def __init__(self, application):
        self._routes = [('/', {'serve': application})]

    def __call__(self, environ, start_response):
        return self._routes[0][1]['serve'](environ, start_response)


def keeping(global_conf):
    return Keeping


def hiding(global_conf):
    """A filter that refers to nothing, and finds what it wraps by names."""
    def filter_of(application):
        HIDDEN.append(application)
        return hidden

    return filter_of


def hidden(environ, start_response):
    module = sys.modules['fixture_filters']
    return getattr(module, 'HIDDEN')[0](environ, start_response)


def other(global_conf):
    """An application that has nothing to do with Zope."""
    def application(environ, start_response):
        start_response('200 OK', [('Content-Length', '5')])
        return [b'other']

    return application
