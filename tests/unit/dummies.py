"""Stand-ins that several test modules use."""
from __future__ import absolute_import, division, print_function

import sys
import types

from Products.ZServerViews.answer import Encoder, Heads
from Products.ZServerViews.budget import Budget
from Products.ZServerViews.drain import Drain
from Products.ZServerViews.gateway import Exchange
from Products.ZServerViews.loops import Loops
from Products.ZServerViews.process_settings import ProcessSettings
from Products.ZServerViews.settings import Entry
from Products.ZServerViews.table import Mount

DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'


def stopped_heads():
    """Whose clock has stopped at `DATE`."""
    return Heads(lambda: 784111777.5)


def request(method='GET', version='1.1', connection=''):
    """As much of a request as an Encoder has to know."""
    return method, version, connection


def encoder(a_request=None, ident='ident', heads=None):
    """The Encoder of the answer to a request."""
    method, version, connection = a_request or request()
    return Encoder(method, version, connection, ident,
                   heads or stopped_heads())


def view(status='200 OK', headers=(), result=()):
    """A view that says these things and nothing else."""

    def dummy_view(environ, start_response):
        start_response(status, list(headers))
        return result

    return dummy_view


def mount(path='/a', a_view=None, name='package.view', **options):
    """A Mount, as the configuration makes it."""
    options = dict((key.replace('_', '-'), value)
                   for key, value in options.items())
    return Mount(path, a_view or view(),
                 Entry('place', 'said', path, name, options))


class Iterable(object):
    """Yields parts, counts the calls of close()."""

    def __init__(self, *parts):
        self.parts = iter(parts)
        self.closed = 0

    def __iter__(self):
        return self

    def __next__(self):
        part = next(self.parts)
        if isinstance(part, BaseException):
            raise part
        return part

    next = __next__

    def close(self):
        self.closed += 1


class Driver(object):
    """Drives one Exchange as a hook does; keeps what was reported."""

    def __init__(self, a_view, a_request=None, environ=None,
                 explain=lambda exc_info: 'hidden'):
        self.reports = []
        self.blocks = []
        self.exchange = Exchange(
            a_view, {} if environ is None else environ,
            encoder(a_request),
            lambda exc_info, text: self.reports.append((exc_info, text)),
            explain)

    def run(self, turns=1000):
        """All bytes of the answer; fails if it does not end."""
        for _turn in range(turns):
            block = self.exchange.more()
            if block is None:
                self.exchange.close()
                return b''.join(self.blocks)
            self.blocks.append(block)
        raise AssertionError('no end after %d turns' % turns)

    @property
    def errors(self):
        return [exc_info[1] for exc_info, _text in self.reports if exc_info]

    @property
    def texts(self):
        return [text for _exc_info, text in self.reports if text]


def split(answer):
    """(status line, {name: value}, body); names are in lower case."""
    head, _, body = answer.partition(b'\r\n\r\n')
    lines = head.decode('latin-1').split('\r\n')
    fields = [line.partition(': ') for line in lines[1:]]
    names = [name.lower() for name, _, _ in fields]
    assert len(set(names)) == len(names), names
    return lines[0], dict((name.lower(), value)
                          for name, _, value in fields), body


class ManualClock(object):
    """Moves when it is told to."""

    now = 1000.0

    def __call__(self):
        return self.now


class Journal(object):
    """Does at once what it is given; keeps what was logged."""

    def __init__(self):
        self.logged = []
        self.started = 0

    def start(self):
        self.started += 1

    def put(self, job):
        job()

    def put_to(self, writer, item):
        writer([item])

    def log(self, level, message, *args, **extra):
        self.logged.append((level, message % args, extra.get('exc_info')))


class Site(object):
    """A site whose journal is the dummy above."""

    def __init__(self):
        self.journal = Journal()
        self.budget = Budget(self)
        self.loops = Loops()
        self.drain = Drain()
        self.settings = ProcessSettings()
        self.reserved = self.recorder = None

    def record(self, wanted):
        pass

    def describe(self, wanted):
        pass

    def check(self, calls):
        pass

    def start(self):
        self.journal.start()

    def stop(self):
        pass

    def begin_loop(self, wake, drains):
        return self.loops.begin(wake)


class Hook(object):
    """A hook of no server."""

    server_name = 'dummy'

    def __init__(self, reason=None):
        self.reason = reason
        self.installed = False
        self.calls = []

    def unusable(self):
        return self.reason

    def install(self):
        self.installed = True
        self.calls.append('install')

    def uninstall(self):
        self.installed = False
        self.calls.append('uninstall')


def module(monkeypatch, name, **contents):
    """Put a module with these contents into sys.modules for one test."""
    made = types.ModuleType(name)
    made.__dict__.update(contents)
    monkeypatch.setitem(sys.modules, name, made)
    parent, _, last = name.rpartition('.')
    if parent and parent in sys.modules:
        monkeypatch.setattr(sys.modules[parent], last, made, raising=False)
    return made
