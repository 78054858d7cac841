"""The check's own views in the throw-away instance, below ``/-check-/``.

All but `endless` and `huge` answer with JSON. They run in the event loop while
the check overloads it, so they obey the event loop law, except `sleep`, which
breaks it on purpose. Numbers for the views are in the query.
"""
from __future__ import absolute_import, division, print_function

import errno
import logging
import os
import resource
import sys
import time

from zope.interface import implementer

from Products.ZServerViews import service
from Products.ZServerViews.base import JSONView
from Products.ZServerViews.cli.check import work
from Products.ZServerViews.interfaces import ISuite

LOGGER = 'zserverviews.check'
# Who else logs in the loop: not a view.
NOT_VIEWS = ('waitress', 'ZServer', 'Products.ZServerViews', LOGGER)
MOST_NAMES = 100
PART = b'x' * 65536
SLEEP = 0.3

_views = []


def view(function):
    _views.append((function.__name__, function))
    return function


def number_of(environ):
    return int(environ['QUERY_STRING'])


# Gate and state

@view
@JSONView
def state(environ):
    """How the process fares."""
    _attach()
    site = service.of_process.site
    return {
        'pid': os.getpid(),
        'waiting': work.gate.waiting,
        'turns': sum(loop.turns for loop in site.loops.of_servers),
        'logged': _listener.logged,
        'threads': _threads,
    }


@view
@JSONView
def close_gate(environ):
    work.gate.close()
    return True


@view
@JSONView
def open_gate(environ):
    work.gate.open()
    return True


@view
@JSONView
def views(environ):
    """Of each view of the site: path, name, overruns, longest step."""
    table = service.of_process.table.by_path
    return [(path, str(table[path].name), table[path].usage.overruns,
             table[path].usage.longest)
            for path in sorted(table) if not path.startswith(work.PREFIX)]


@view
@JSONView
def modules(environ):
    """The modules imported since the last time that this was asked."""
    new = sorted(set(sys.modules) - _modules)
    _modules.update(new)
    return new


_modules = set()
_threads = None


# Logging

class Listener(logging.Handler):
    """Counts the check's own records and notes who logs in the loop."""

    def __init__(self):
        logging.Handler.__init__(self)
        self.logged = 0
        self.in_loop = set()

    def emit(self, record):
        if record.name == LOGGER:
            self.logged += 1
        elif (record.thread in service.of_process.site.loops.threads
              and len(self.in_loop) < MOST_NAMES
              and not record.name.startswith(NOT_VIEWS)):
            self.in_loop.add(record.name)


_listener = Listener()


def _attach():
    """Again where the server configures logging behind Zope, as gunicorn does.
    """
    root = logging.getLogger()
    if _listener not in root.handlers:
        root.addHandler(_listener)


@view
@JSONView
def loggers(environ):
    """Who has logged in the loop since the last time that this was asked."""
    found, _listener.in_loop = _listener.in_loop, set()
    return sorted(found)


@view
@JSONView
def log(environ):
    """Log in the loop."""
    logging.getLogger(LOGGER).warning('a record of the check')
    return True


# Trouble

@view
@JSONView
def sleep(environ):
    time.sleep(SLEEP)
    return True


def _without_end():
    while True:
        yield PART


@view
def endless(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return _without_end()


@view
def huge(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain'),
                              ('Content-Length', str(1 << 30))])
    part = b'y' * (1 << 20)
    return (part for _number in range(1 << 10))


_taken = []
_limit = None


@view
@JSONView
def open_files(environ):
    """Take so many descriptors; whether the system gave them."""
    _raise_limit()
    try:
        for _number in range(number_of(environ)):
            _taken.append(os.dup(0))
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
        _close_all()
    return bool(_taken)


@view
@JSONView
def use_up_files(environ):
    """Leave the process no descriptor at all."""
    global _limit
    _limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.dup(0)
    os.close(lowest)
    # A limit is for the numbers of descriptors, not for how many there are.
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 50, _limit[1]))
    try:
        while True:
            _taken.append(os.dup(0))
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
    return True


@view
@JSONView
def close_files(environ):
    """Give all descriptors back."""
    _close_all()
    if _limit is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, _limit)
    return True


def _raise_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _close_all():
    while _taken:
        os.close(_taken.pop())


def _find_threads():
    """What ZServer's configuration says; None on WSGI servers."""
    from App.config import getConfiguration
    return getattr(getConfiguration(), 'zserver_threads', None)


@implementer(ISuite)
class Suite(object):
    """All of them; being mounted, it prepares the process for the check."""

    def views(self):
        global _threads
        _threads = _find_threads()
        _attach()
        work.subscribe()
        return list(_views)


suite = Suite()
