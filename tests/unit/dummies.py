"""Stand-ins that several test modules use."""
from __future__ import absolute_import, division, print_function

import sys
import types

from Products.ZServerViews._tallies import Counts, PerThread
from Products.ZServerViews.access.peer import Signs
from Products.ZServerViews.config.mounts import Mount
from Products.ZServerViews.config.sections import Entry
from Products.ZServerViews.config.settings import ProcessSettings
from Products.ZServerViews.http.encoder import Encoder, Heads
from Products.ZServerViews.monitor.thread_clocks import NoClocks
from Products.ZServerViews.runtime.draining import Drain
from Products.ZServerViews.runtime.loops import Loops
from Products.ZServerViews.wsgi.budget import Budget
from Products.ZServerViews.wsgi.response import Response
from Products.ZServerViews.wsgi.view_calls import ViewCalls

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


class Failures(object):
    """Keeps what it is told."""

    def __init__(self, explanation='hidden'):
        self.reports = []  # (exc_info, text)
        self.explanation = explanation

    def failed(self, response, exc_info):
        self.reports.append((exc_info, None))

    def misbehaved(self, response, text):
        self.reports.append((None, text))

    def explain(self, exc_info, expose_tracebacks):
        if callable(self.explanation):
            return self.explanation(exc_info)
        return self.explanation


def response(a_view, a_request=None, environ=None, failures=None, **options):
    """A Response by this view."""
    return Response(mount(a_view=a_view), {} if environ is None else environ,
                    encoder(a_request), failures or Failures(), **options)


class Driver(object):
    """Drives one Response as a server does; keeps what was reported."""

    def __init__(self, a_view, a_request=None, environ=None,
                 explain='hidden'):
        self.failures = Failures(explain)
        self.reports = self.failures.reports
        self.blocks = []
        self.response = response(a_view, a_request, environ, self.failures)

    def run(self, turns=1000):
        """All bytes of the answer; fails if it does not end."""
        for _turn in range(turns):
            block = self.response.more()
            if block is None:
                self.response.close()
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


class LogQueue(object):
    """Does at once what it is given; keeps what was logged."""

    def __init__(self):
        self.logged = []
        self.started = 0

    def start(self):
        self.started += 1

    def begin_anew(self):
        """Nothing is queued."""

    def has_thread(self):
        return False

    def put(self, job):
        job()

    def put_to(self, writer, item):
        writer([item])

    def log(self, level, message, *args, **extra):
        self.logged.append((level, message % args, extra.get('exc_info')))


class ExitGuard(object):
    """Ends nothing; keeps what it is told."""

    def __init__(self):
        self.begun_with = []
        self.loops_ended = 0

    @property
    def begun(self):
        return bool(self.begun_with)

    def begin(self, why, seconds, must_exit):
        self.begun_with.append((why, seconds, must_exit))

    def loop_ended(self):
        self.loops_ended += 1


class Forks(object):
    """This process has not been forked."""

    def look(self):
        pass


class Site(object):
    """A site whose log queue is the dummy above."""

    def __init__(self):
        self.log_queue = LogQueue()
        self.budget = Budget(self)
        self.loops = Loops()
        self.forks = Forks()
        self.drain = Drain()
        self.exit_guard = ExitGuard()
        self.settings = ProcessSettings()
        self.thread_clocks = NoClocks()
        self.views_socket = self.recorder = self.databases = None
        self.history = self.disk_keeper = None
        self.views_socket_failure = None
        self.started = []
        self.loops_are_unseen = False
        self.signs = Signs()
        self.metrics = None
        self.counts = PerThread(Counts)
        self.workers, self.tell_workers = dict, set()
        self.view_calls = ViewCalls()
        self.views_loop = None

    def in_flight_on_listener(self):
        return 0

    def record(self, wanted):
        pass

    def take_out(self, name):
        found = getattr(self, name)
        setattr(self, name, None)
        return found

    def change_log_levels(self, wanted):
        """None is changed here."""

    def describe(self, wanted):
        pass

    def measure(self, wanted, with_trail=False):
        pass

    def remember(self, wanted):
        pass

    def examine_memory(self, wanted, persistent=None):
        pass

    def profile(self, wanted):
        pass

    def check(self, calls):
        pass

    def start(self, paths):
        self.started.append(set(paths))
        self.log_queue.start()

    def stop(self):
        pass

    def begin_loop(self, wake, drains=False, is_for_views=False):
        return self.loops.begin(wake, is_for_views)

    def end_loop(self, loop):
        self.loops.leave(loop)


def received(client):
    """All until the other side ends the connection."""
    parts = []
    while True:
        part = client.recv(65536)
        if not part:
            return b''.join(parts)
        parts.append(part)


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
