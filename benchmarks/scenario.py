"""Part 2: every worker of a real Zope sleeps, requests are queued behind
them, and new clients ask for the view."""
from __future__ import absolute_import, division, print_function

import json
import select
import socket
import time

from . import targets
from .children import Failed, module, output, shown
from .figures import Spread, ratios
from .instance import Zope
from .tables import fact, note, out, table, title

QUEUED = 46
REQUESTS = 100
SLEEPING = 5
AT_ONCE = 1, 20
GOAL = 50.0
# Waitress announces each request for which there is no idle worker.
DEPTH = r'Task queue depth is {0}\b'.format(QUEUED)
STATES = 'idle', 'asleep'


class Waiting(object):
    """A request of the site's on a connection of its own."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(('127.0.0.1', port), 5)
        self.socket.sendall('GET {0} HTTP/1.0\r\nHost: localhost\r\n\r\n'
                            .format(path).encode('ascii'))

    def answered(self):
        return bool(select.select([self.socket], [], [], 0)[0])

    def status(self, ends):
        """The status of the whole answer, or None if it has not come."""
        received = b''
        try:
            while True:
                self.socket.settimeout(max(ends - time.time(), 0.01))
                more = self.socket.recv(65536)
                if not more:
                    break
                received += more
        except socket.timeout:
            return None
        finally:
            self.socket.close()
        return received[9:12].decode('ascii')


def asleep(zope, number, page, queued, ask):
    """Call ask() while all workers sleep and so many requests for the page
    wait for one; how many of these are answered with 200 at last.

    ``number``
        How often that has been in this instance, this time included.
    """
    sleepers = [Waiting(zope.port, '/@@sleep?seconds={0}'.format(SLEEPING))
                for _worker in range(targets.THREADS)]
    zope.wait_for(r'\basleep\b', SLEEPING, number * targets.THREADS)
    queue = [Waiting(zope.port, page) for _number in range(queued)]
    ask()
    if any(waiting.answered() for waiting in sleepers + queue):
        raise Failed('a worker was awake before the view had been asked for; '
                     'this machine is too slow for SLEEPING = {0}'
                     .format(SLEEPING))
    ends = time.time() + SLEEPING + 15
    statuses = [waiting.status(ends) for waiting in sleepers + queue]
    return statuses[targets.THREADS:].count('200')


class Scenario(object):

    def __init__(self, rounds):
        self.rounds = rounds
        self.found = dict(((state, at_once), []) for state in STATES
                          for at_once in AT_ONCE)
        self.missing = []
        self.queued_answered = 0
        self.described = None

    def run(self):
        """Measure; True if every request was answered, queued ones too."""
        with Zope(60 + self.rounds * (SLEEPING + 20)) as zope:
            self.described = zope.described()
            for number in range(self.rounds):
                self.ask(zope, 'idle')
                self.asleep(zope, number + 1)
        return (not self.missing
                and self.queued_answered == self.rounds * QUEUED)

    def asleep(self, zope, number):

        def ask():
            zope.wait_for(DEPTH, SLEEPING, number)
            self.ask(zope, 'asleep')

        self.queued_answered += asleep(zope, number, '/', QUEUED, ask)

    def ask(self, zope, state):
        for at_once in AT_ONCE:
            found = json.loads(output(client(zope.port, at_once), 30)[0])
            if found['missing'] or found['errors']:
                self.missing.append('{0}, {1} at a time: {2} missing {3}'
                                    .format(state, at_once, found['missing'],
                                            found['errors'][:3]))
            if not found['answers']:
                raise Failed(self.missing[-1])
            self.found[state, at_once].append(found)

    def values(self, state, at_once, name):
        return [found[name] for found in self.found[state, at_once]]


def client(port, at_once):
    return module('client', port, targets.PATH, '--connections', at_once,
                  '--seconds', SLEEPING - 2, '--fresh', REQUESTS)


def report(scenario):
    title('2. A Zope whose workers all sleep, {0} requests queued'.format(
        QUEUED))
    fact('server', scenario.described + ' (threads = {0})'.format(
        targets.THREADS))
    fact('rounds', scenario.rounds)
    fact('load', shown(client('{port}', '{at-once}')))
    out()
    table(('{0} new connections'.format(REQUESTS), 'p50 ms', 'least - most',
           'p99 ms', 'least - most'), [row for at_once in AT_ONCE
                                       for row in rows(scenario, at_once)])
    out()
    for text in scenario.missing:
        fact('missing', text)
    verdict(scenario)


def rows(scenario, at_once):
    found = []
    for state in STATES:
        spreads = [Spread(scenario.values(state, at_once, name))
                   for name in ('p50', 'p99')]
        found.append(('{0}, {1} at a time'.format(state, at_once),)
                     + spreads[0].cells('{0:.2f}')
                     + spreads[1].cells('{0:.2f}'))
    spreads = [Spread(ratios(scenario.values('asleep', at_once, name),
                             scenario.values('idle', at_once, name)))
               for name in ('p50', 'p99')]
    found.append(('ratio asleep / idle',) + spreads[0].cells('{0:.2f}')
                 + spreads[1].cells('{0:.2f}'))
    return found + ([None] if at_once != AT_ONCE[-1] else [])


def verdict(scenario):
    asked = sum(found['answers'] + found['missing'] for key, values
                in scenario.found.items() if key[0] == 'asleep'
                for found in values)
    answered = sum(found['answers'] for key, values in scenario.found.items()
                   if key[0] == 'asleep' for found in values)
    worst = max(max(scenario.values('asleep', at_once, 'p99'))
                for at_once in AT_ONCE)
    fact('answered', '{0} of {1} while all workers slept'.format(answered,
                                                                 asked))
    fact('worst p99', '{0:.2f} ms of all rounds; goal under {1:.0f} ms: {2}'
         .format(worst, GOAL, 'met' if worst < GOAL else 'MISSED'))
    fact('queue', '{0} of {1} queued requests of the site were answered '
         'with 200 afterwards, none of them before'.format(
             scenario.queued_answered, scenario.rounds * QUEUED))
    note('Waitress itself said "Task queue depth is {0}" in each round.'
         .format(QUEUED))
