"""Part 9: other servers with the same text, their workers idle and asleep.

All run at once, one of them is under load at a time, and their order turns
from round to round. Each is there twice: once idle, and once with all its
workers in a call that never returns. Of the second ones only those that still
answer are put under load.
"""
from __future__ import absolute_import, division, print_function

from . import plain
from .children import Failed, module, shown
from .figures import Spread, ratios
from .peers_environment import PeersEnvironment
from .serve import Target
from .tables import fact, note, out, table, title

CONNECTIONS = 1, 100
QUIET = 2.0
VIEW, UNLOGGED, WORKER = 'our view', 'our view, no log', 'waitress'
OURS = [(VIEW, 'view'), (UNLOGGED, 'unlogged'), (WORKER, 'worker')]
# (label, name in peers.py, package)
PEERS = [('bjoern', 'bjoern', 'bjoern'),
         ('gunicorn sync', 'gunicorn-sync', 'gunicorn'),
         ('gunicorn gthread', 'gunicorn-gthread', 'gunicorn'),
         ('cheroot', 'cheroot', 'cheroot'),
         ('werkzeug', 'werkzeug', 'werkzeug')]
IDLE, ASLEEP = 'idle', 'asleep'
STATES = IDLE, ASLEEP


class Server(object):
    """One of them in one state."""

    def __init__(self, label, name, python=None):
        self.label = label
        self.name = name
        self.python = python
        self.targets = {}
        self.samples = dict(((state, connections), []) for state in STATES
                            for connections in CONNECTIONS)
        self.answered = self.keeps_alive = None

    def command(self):
        if self.python is None:
            return module('serve', self.name)
        return [self.python, '-m', 'benchmarks.peers', self.name]

    def start(self, seconds):
        for state in STATES:
            self.targets[state] = Target(self.name, seconds, self.command())
        answer = self.targets[IDLE].answers(plain.PATH, 5)
        if answer is None or not answer.endswith(plain.BODY):
            raise Failed('{0} does not answer: {1!r}'.format(self.label,
                                                             answer))
        head = answer.lower()
        self.keeps_alive = (head.startswith(b'http/1.1')
                            and b'\r\nconnection: close' not in head)
        self.targets[ASLEEP].put_workers_to_sleep()
        self.answered = self.targets[ASLEEP].answers(plain.PATH,
                                                     QUIET) is not None

    def states(self):
        return STATES if self.answered else (IDLE,)

    def measure(self, generator, seconds):
        for state in self.states():
            for connections in CONNECTIONS:
                self.samples[state, connections].append(generator.run(
                    self.targets[state].port, plain.PATH, connections,
                    seconds))

    def spread(self, state, connections, attribute):
        return Spread(getattr(sample, attribute) for sample
                      in self.samples[state, connections])

    def stop(self):
        for target in self.targets.values():
            target.stop()


class Servers(object):

    def __init__(self, generator, rounds, seconds):
        self.generator = generator
        self.rounds = rounds
        self.seconds = seconds
        self.environment = PeersEnvironment()
        self.servers = [Server(label, name) for label, name in OURS]
        # Those that could not be installed.
        self.missing = []

    def run(self):
        """Measure; True if our view answered while all workers slept."""
        self.environment.make()
        self.find_peers()
        bound = 60 + len(self.servers) * (
            10 + self.rounds * 4 * (self.seconds + 2))
        try:
            for server in self.servers:
                server.start(bound)
            for number in range(self.rounds):
                turned = number % len(self.servers)
                for server in self.servers[turned:] + self.servers[:turned]:
                    server.measure(self.generator, self.seconds)
        finally:
            for server in self.servers:
                server.stop()
        return self.named(VIEW).answered and not self.named(WORKER).answered

    def find_peers(self):
        for label, name, package in PEERS:
            if package in self.environment.versions:
                self.servers.append(Server(label, name,
                                           self.environment.python))
            else:
                self.missing.append(label)

    def ratio(self, connections, above, below):
        """Of their rates while nothing else is to do."""
        return Spread(ratios(*[
            [sample.rate for sample in server.samples[IDLE, connections]]
            for server in (above, below)]))

    def named(self, label):
        return [server for server in self.servers
                if server.label == label][0]


def report(part):
    title('9. Other servers with the same text, idle and asleep')
    versions = part.environment.versions
    fact('with', ', '.join(' '.join(pair) for pair in versions.items()))
    fact('started', 'python -m benchmarks.peers NAME; ' + shown(
        module('serve', 'view')))
    for connections in CONNECTIONS:
        fact('load', shown(part.generator.command(
            '{port}', plain.PATH, connections, part.seconds)))
    fact('asleep', '{0} requests that never return were sent before; "none": '
         'no answer in {1:.0f} s'.format(plain.THREADS, QUIET))
    for connections in CONNECTIONS:
        out()
        report_rates(part, connections)
    out()
    explain(part)


def report_rates(part, connections):
    rows = [cells(server, connections) for server in part.servers]
    rows += [(label, 'not built', '-', '-', '-', '-')
             for label in part.missing]
    table(('{0} connection{1}'.format(connections,
                                      's' if connections > 1 else ''),
           'requests/s', 'least - most', 'p50 ms', 'asleep', 'p50 ms'), rows)


def cells(server, connections):
    name = server.label + ('' if server.keeps_alive else ' *')
    found = (name,) + server.spread(IDLE, connections, 'rate').cells(
        '{0:,.0f}') + (latency(server, IDLE, connections),)
    if not server.answered:
        return found + ('none', '-')
    return found + (
        '{0:,.0f}'.format(server.spread(ASLEEP, connections, 'rate').median),
        latency(server, ASLEEP, connections))


def latency(server, state, connections):
    return '{0:.2f}'.format(server.spread(state, connections, 'p50').median)


def explain(part):
    note('* closes the connection behind each answer. bjoern and gunicorn '
         'sync have {0} processes, which use all processors; the others have '
         '{0} threads in one process, and werkzeug starts a new one for each '
         'connection, without a limit: it is made for development, and '
         'answers as long as the machine has threads for all that '
         'sleep.'.format(plain.THREADS))
    if part.missing:
        note('Could not be installed: {0}. bjoern needs a C compiler and the '
             'headers of libev (on Debian libev-dev); see '
             'build/bench-peers.log.'.format(', '.join(part.missing)))
