"""Part 4: ZServer on Python 2.7, beside the release of 2013."""
from __future__ import absolute_import, division, print_function

import json
from functools import partial

from . import targets
from .children import Failed, module, output, shown
from .figures import Spread, ratios
from .scenario import SLEEPING, asleep
from .tables import fact, note, out, table, title
from .zserver_environment import environments
from .zserver_instance import ENTRY, UNLOGGED, UNLOGGED_ENTRY, VIEW, ZServerZope

CONNECTIONS = 10
FRONT_PAGE = '/'
QUEUED = 20
REQUESTS = 200
AT_ONCE = 1, 20
STATES = 'idle', 'asleep'
GOAL_RATIO = 40.0
GOAL_P99 = 5.0
NEW, OLD, PAGE = 'view', 'view of 0.2.0', "Zope's front page"
QUIET = 'view, access-log=off'
SERVERS = NEW, QUIET, OLD, PAGE


class ZServer(object):

    def __init__(self, generator, rounds, seconds, new=None, old=None):
        self.generator = generator
        self.rounds = rounds
        self.seconds = seconds
        self.folders = environments(new, old)
        self.samples = dict((name, []) for name in SERVERS)
        self.found = dict(((state, at_once), []) for state in STATES
                          for at_once in AT_ONCE)
        self.answered = self.missing = self.queued_answered = 0
        self.versions = None
        # Of zserver_passing.py, where they are counted.
        self.instructions = {}

    def run(self):
        """Measure; True if every request was answered, queued ones too."""
        new, old = self.folders
        bound = 90 + self.rounds * (4 * self.seconds + SLEEPING + 40)
        with ZServerZope(new, bound, ENTRY + UNLOGGED_ENTRY) as ours:
            with ZServerZope(old, bound) as other:
                self.versions = ours.versions(), other.versions()
                for number in range(self.rounds):
                    self.load(ours, other, number % len(SERVERS))
                    self.ask(ours, 'idle')
                    self.queued_answered += asleep(
                        ours, number + 1, FRONT_PAGE, QUEUED,
                        partial(self.ask, ours, 'asleep'))
        return (not self.missing
                and self.queued_answered == self.rounds * QUEUED)

    def load(self, ours, other, turned):
        candidates = {NEW: (ours, VIEW), QUIET: (ours, UNLOGGED),
                 OLD: (other, VIEW), PAGE: (ours, FRONT_PAGE)}
        for name in SERVERS[turned:] + SERVERS[:turned]:
            zope, path = candidates[name]
            self.samples[name].append(self.generator.run(
                zope.port, path, CONNECTIONS, self.seconds))

    def ask(self, zope, state):
        for at_once in AT_ONCE:
            found = json.loads(output(client(zope.port, at_once), 30)[0])
            if not found['answers']:
                raise Failed('no request for the view was answered, {0}: {1}'
                             .format(state, found['errors'][:3]))
            self.answered += found['answers']
            self.missing += found['missing'] + len(found['errors'])
            self.found[state, at_once].append(found)

    def ratio(self, above, below):
        return Spread(ratios([sample.rate for sample in self.samples[above]],
                             [sample.rate for sample in self.samples[below]]))

    def p99(self, name):
        """At full rate, in milliseconds."""
        return Spread([sample.p99 for sample in self.samples[name]])

    def spread(self, state, at_once, name):
        return Spread([found[name] for found in self.found[state, at_once]])


def client(port, at_once):
    return module('client', port, VIEW, '--connections', at_once,
                  '--seconds', SLEEPING / 2 - 0.5, '--fresh', REQUESTS)


def report(part):
    title('4. ZServer on Python 2.7, beside the release of 2013')
    fact('this', part.versions[0])
    fact('2013', part.versions[1])
    fact('load', shown(part.generator.command('{port}', VIEW, CONNECTIONS,
                                              part.seconds)))
    fact('', "the same for Zope's front page ({0}), on this product's server; "
         'connections kept alive, one server under load at a time'.format(
             FRONT_PAGE))
    out()
    report_rates(part)
    out()
    report_ratios(part)
    out()
    fact('asleep', '{0} workers sleep, {1} requests of the site are queued'
         .format(targets.THREADS, QUEUED))
    fact('load', shown(client('{port}', '{at-once}')))
    out()
    report_times(part)
    out()
    verdict(part)


def report_rates(part):
    rows = []
    for name in SERVERS:
        samples = part.samples[name]
        rows.append((name,)
                    + Spread([sample.rate for sample in samples])
                    .cells('{0:,.0f}')
                    + tuple('{0:.2f}'.format(Spread(
                        [getattr(sample, which) for sample in samples])
                        .median) for which in ('p50', 'p99')))
    table(('{0} connections'.format(CONNECTIONS), 'requests/s',
           'least - most', 'p50 ms', 'p99 ms'), rows)


def report_ratios(part):
    table(('ratio of requests/s', 'median', 'least - most'),
          [('{0} / {1}'.format(above, below),)
           + part.ratio(above, below).cells('{0:.2f}')
           for above, below in ((NEW, OLD), (QUIET, OLD), (NEW, PAGE),
                                (PAGE, OLD))])


def report_times(part):
    rows = []
    for at_once in AT_ONCE:
        for state in STATES:
            rows.append(('{0}, {1} at a time'.format(state, at_once),)
                        + part.spread(state, at_once, 'p50').cells('{0:.2f}')
                        + part.spread(state, at_once, 'p99').cells('{0:.2f}'))
    table(('{0} new connections'.format(REQUESTS), 'p50 ms', 'least - most',
           'p99 ms', 'least - most'), rows)


def verdict(part):
    ratio = part.ratio(NEW, OLD).median
    fact('keep-alive', '{0:.1f} times the requests/s of 0.2.0; goal {1:.0f}: '
         '{2}'.format(ratio, GOAL_RATIO,
                      'met' if ratio >= GOAL_RATIO else 'MISSED'))
    worst = part.spread('asleep', 1, 'p99').most
    fact('worst p99', '{0:.2f} ms of all rounds, asleep, 1 at a time; goal '
         'under {1:.0f} ms: {2}'.format(worst, GOAL_P99, 'met'
                                        if worst < GOAL_P99 else 'MISSED'))
    fact('answered', '{0} of {1} requests for the view'.format(
        part.answered, part.answered + part.missing))
    fact('queue', '{0} of {1} queued requests of the site were answered with '
         '200 afterwards, none of them before'.format(
             part.queued_answered, part.rounds * QUEUED))
    note('At 20 at a time the client, which is Python too, needs a good part '
         'of the time itself.')
