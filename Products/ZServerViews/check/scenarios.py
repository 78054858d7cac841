"""The overloads: each is a context in which views are asked.

`SCENARIOS` has them in the order in which they run. A context is given the
`Ground` it runs on; what it finds out is appended to the ground's ``remarks``,
and what must not be to its ``problems``.
"""
from __future__ import absolute_import, division, print_function

import contextlib
import socket
import time

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.check import client
from Products.ZServerViews.check.work import C_SECONDS, WORK

QUEUED = 46
FURTHER = 300
MORE_IDLE = 50
# How many connections there are to a site whose limit nobody tells.
UNKNOWN_LIMIT = 100
RECORDS = 20
DESCRIPTORS = 1100
PATIENCE = 15
FINISHING = 60
MEGABYTE = 1 << 20
# In a second, for each connection that asks ten times.
MOST_TURNS = 200


class Ground(object):
    """What a scenario has: a server, and how to get at its inside.

    ``instance``
        The throw-away Instance; None for a running site, where only its
        address is known and only harmless scenarios run.
    ``path``
        One of the views.
    ``kept``
        Connections from before the scenario, if it wants some.
    """

    def __init__(self, address, path, instance=None):
        self.address = address
        self.path = path
        self.instance = instance
        self.kept = []
        self.remarks = []
        self.problems = []

    @property
    def connection_limit(self):
        if self.instance is None:
            return UNKNOWN_LIMIT
        return self.instance.connection_limit

    def control(self, name, connection=None):
        return self.instance.control(name, connection)

    def settle(self):
        """Until the server has accepted all connections so far."""
        try:
            client.ask(self.address, self.path)
        except client.Lost:
            pass  # that is for the measurement to say

    def wait_until(self, name, reached, seconds=PATIENCE):
        """Whether a value of the child's state gets there in time."""
        ends = client.now() + seconds
        while not reached(self.control('state')[name]):
            if client.now() > ends:
                return False
            time.sleep(0.05)
        return True

    @contextlib.contextmanager
    def at_work(self, *kinds):
        """Requests for Zope that are not finished until the end of this; all
        of them must be then."""
        self.control('close_gate')
        pending = []
        try:
            for kind in kinds:
                pending.append(client.Pending(self.address, WORK + kind))
                if len(pending) == 1:
                    # It gets a worker before those that are to wait.
                    self._wait_for_workers(1)
            self._wait_for_workers(min(len(kinds), self.instance.threads))
            yield
            early = sum(one.is_answered() for one in pending)
            if early:
                self.problems.append('%d requests for Zope were answered too '
                                     'early' % early)
            self.control('open_gate')
            self._finish(pending)
        finally:
            for one in pending:
                one.close()
            self._calm_down()

    def _wait_for_workers(self, number):
        if not self.wait_until('waiting', lambda found: found >= number):
            self.problems.append('fewer than %d workers have taken up work'
                                 % number)

    def _finish(self, pending):
        ends = client.now() + FINISHING
        finished = sum(one.finish(ends - client.now()) for one in pending)
        text = ('%d of %d requests for Zope were answered in the end'
                % (finished, len(pending)))
        self.remarks.append(text)
        if finished < len(pending):
            self.problems.append(text)

    def _calm_down(self):
        """Nobody is at work when the next scenario begins."""
        self.control('open_gate')
        if not self.wait_until('waiting', lambda found: not found):
            self.problems.append('workers have not come back')


def baseline(ground):
    """Nothing else to do."""
    return _nothing()


@contextlib.contextmanager
def _nothing():
    yield


def workers_asleep(ground):
    """All workers sleep, further requests wait for one."""
    return ground.at_work(*['sleep'] * (ground.instance.threads + QUEUED))


@contextlib.contextmanager
def _connections(ground, sent):
    number = ground.connection_limit + MORE_IDLE
    opened = []
    try:
        for _number in range(number):
            opened.append(client.connect(ground.address))
            try:
                opened[-1].sendall(sent)
            except socket.error:
                pass  # it had to give way already
        ground.settle()
        yield
    finally:
        for connection in opened:
            connection.close()
    ground.remarks.append('%d connections' % number)


def idle_connections(ground):
    """More connections than the server's limit, none of which asks."""
    return _connections(ground, b'')


def half_sent(ground):
    """As many, each with a half of a request."""
    return _connections(ground, client.request(ground.path)[:-4] + b'\r\nX-')


def waiting_requests(ground):
    """Far more connections, each with a request for Zope."""
    return ground.at_work(*['sleep'] * (ground.instance.threads + FURTHER))


@contextlib.contextmanager
def log_locks(ground):
    """A worker is stuck with the locks of all log handlers."""
    before = ground.control('state')['logged']
    kinds = ['logs'] + ['sleep'] * (ground.instance.threads + QUEUED)
    with ground.at_work(*kinds):
        for _number in range(RECORDS):
            ground.control('log')
        yield
    ground.wait_until('logged', lambda found: found - before >= RECORDS)
    written = ground.control('state')['logged'] - before
    text = ('%d of %d records logged in the loop meanwhile were written'
            % (written, RECORDS))
    ground.remarks.append(text)
    if written < RECORDS:
        ground.problems.append(text)


def slow_import(ground):
    """A worker is inside an import (on Python 2 with the import lock)."""
    return ground.at_work('imports')


@contextlib.contextmanager
def readers(ground):
    """Three clients ask for much and read nothing."""
    names = ['huge', 'endless', 'huge']
    before = None
    if ground.instance is not None:
        before = ground.instance.resident_bytes()
    opened = []
    try:
        for name in names:
            opened.append(client.connect(ground.address))
            opened[-1].sendall(_unread(ground, name))
        yield
        if before is not None:
            grown = ground.instance.resident_bytes() - before
            ground.remarks.append('the memory grew by %.1f MiB'
                                  % (grown / MEGABYTE))
    finally:
        for connection in opened:
            connection.close()


def _unread(ground, name):
    if ground.instance is None:
        return client.request(ground.path) * 50
    return client.request('/-check-/' + name)


@contextlib.contextmanager
def sleeping_view(ground):
    """Another view sleeps, and is known to: it was too slow twice."""
    for _number in range(2):
        client.ask(ground.address, '/-check-/sleep')
    sleeper = client.connect(ground.address)
    try:
        sleeper.sendall(client.request('/-check-/sleep') * 40)
        yield
    finally:
        sleeper.close()


def python_loops(ground):
    """All workers are in Python loops that never wait."""
    return ground.at_work(*['loop'] * ground.instance.threads)


@contextlib.contextmanager
def many_descriptors(ground):
    """More descriptors than select() takes."""
    if not ground.control('open_files?%d' % DESCRIPTORS):
        ground.remarks.append('not tried: the system allows fewer descriptors')
    try:
        yield
    finally:
        ground.control('close_files')


@contextlib.contextmanager
def no_descriptors(ground):
    """No descriptor is left for a new connection."""
    control = client.connect(ground.address)
    try:
        ground.control('use_up_files', control)
        # Something that cannot be accepted.
        with contextlib.closing(client.connect(ground.address)):
            _watch_turns(ground, control)
            yield
    finally:
        _give_back(ground, control)
        control.close()
    ground.remarks.append('asked on connections that were open before')
    # On a new one:
    ground.control('state')


def _watch_turns(ground, control):
    """Does the loop rest? Idle connections would be closed meanwhile."""
    before = ground.control('state', control)['turns']
    for _tenth in range(10):
        time.sleep(0.1)
        for connection in ground.kept:
            ground.control('state', connection)
        turns = ground.control('state', control)['turns'] - before
    if turns > MOST_TURNS * (1 + len(ground.kept)):
        ground.problems.append('the loop spins: %d turns in a second' % turns)


def _give_back(ground, control):
    try:
        ground.control('close_files', control)
    except client.Lost:
        # It had to give way to a newer one: then that one gets there.
        ground.control('close_files')


@contextlib.contextmanager
def c_code(ground):
    """A worker is in C code that keeps the interpreter's lock."""
    ground.remarks.append('nothing in the process can answer for %d s'
                          % C_SECONDS)
    pending = client.Pending(ground.address, WORK + 'c_code')
    try:
        # Nobody can tell that it has begun.
        time.sleep(0.3)
        yield
        if not pending.finish(FINISHING):
            ground.problems.append('the worker has not come back')
    finally:
        pending.close()


class Scenario(object):
    """One of them, by its name.

    ``goal``
        Milliseconds for the 99th percentile; None: reported, not judged.
    ``harmless``
        Whether it may be tried on a running site.
    ``fair``
        Whether a view that is too slow in it is too slow by itself.
    ``kept``
        Whether views are asked on connections that were open before.
    ``most``
        How many requests are sent at most.
    ``fault``
        What a view does wrong that does not answer here while others do.
    """

    def __init__(self, pressure, goal, harmless=False, fair=True, kept=False,
                 most=None, fault=None):
        self.name = pressure.__name__.replace('_', '-')
        self.title = pressure.__doc__.strip()
        self.pressure = pressure
        self.goal = goal
        self.harmless = harmless
        self.fair = fair
        self.kept = kept
        self.most = most
        self.fault = fault


# With the setting switch-interval, the goal of python-loops is another.
LOOPS_GOAL, LOOPS_GOAL_SWITCHING = None if PY2 else 600.0, 30.0

SCENARIOS = (
    Scenario(baseline, 50.0, harmless=True),
    Scenario(workers_asleep, 50.0),
    Scenario(idle_connections, 50.0, harmless=True),
    Scenario(half_sent, 50.0, harmless=True),
    Scenario(waiting_requests, 250.0),
    Scenario(log_locks, 100.0,
             fault='waits for the lock of a log handler'),
    Scenario(slow_import, 50.0,
             fault='waits for an import of another thread'),
    Scenario(readers, 150.0, harmless=True),
    Scenario(sleeping_view, 150.0),
    Scenario(python_loops, LOOPS_GOAL, fair=False),
    Scenario(many_descriptors, 50.0),
    Scenario(no_descriptors, 50.0, kept=True,
             fault='needs a descriptor of its own'),
    Scenario(c_code, None, fair=False, most=1),
)


def named(names):
    """The scenarios of these names, in their order; all without a name.

    ValueError for an unknown one.
    """
    known = [scenario.name for scenario in SCENARIOS]
    for name in names:
        if name not in known:
            raise ValueError('there is no scenario %r; there are: %s'
                             % (str(name), ', '.join(known)))
    return [scenario for scenario in SCENARIOS
            if not names or scenario.name in names]
