"""Part 1: the view, the worker path and the floor, side by side.

All servers run at once, one of them is under load at a time. A round loads
each of them once; the order turns from round to round, so that a machine
that slows down does not slow the same one each time.
"""
from __future__ import absolute_import, division, print_function

from . import targets
from .children import Failed, module, shown
from .figures import Spread, ratios
from .serve import Target
from .tables import fact, note, out, table, title

CONNECTIONS = 1, 100
# Waitress accepts one connection in a turn of its loop, so that the first
# request of each waits. They must be fewer than 1 % of all, or the p99 would
# tell about nothing else.
LONGER = {1: 1, 100: 3}
QUIET = 1.0


VIEW, LOGGED, UNLOGGED = 'view', 'view, log in a file', 'view, access-log=off'
COUNTING = UNLOGGED + ', each request another'


class Candidate(object):
    """One server in one state.

    ``counting``
        Whether each request has a query of its own.
    """

    def __init__(self, label, name, asleep=False, counting=False):
        self.label = label
        self.counting = counting
        self.name = name
        self.asleep = asleep
        self.target = None
        self.samples = dict((number, []) for number in CONNECTIONS)

    def start(self, seconds):
        """One whole answer, so that those of all candidates can be compared."""
        self.target = Target(self.name, seconds)
        answer = self.target.answers(targets.PATH, 5)
        if answer is None:
            raise Failed('{0} does not answer'.format(self.label))
        if self.asleep:
            self.target.put_workers_to_sleep()
        return answer

    def values(self, connections, attribute):
        return [getattr(sample, attribute)
                for sample in self.samples[connections]]


def candidates():
    return [Candidate(VIEW, 'view'),
            Candidate(LOGGED, 'logged'),
            Candidate(UNLOGGED, 'unlogged'),
            Candidate(COUNTING, 'unlogged', counting=True),
            Candidate('worker path', 'worker'),
            Candidate('floor', 'floor'),
            Candidate('view', 'view', asleep=True),
            Candidate('floor', 'floor', asleep=True)]


class Comparison(object):

    def __init__(self, generator, rounds, seconds, compared=None):
        self.generator = generator
        self.rounds = rounds
        self.seconds = seconds
        self.candidates = compared or candidates()
        self.quiet = None

    def run(self):
        """Measure; True if the worker path was silent while asleep."""
        self.load_all()
        self.quiet = worker_is_silent(60)
        return self.quiet

    def load_all(self):
        """All rounds, and no more."""
        a_round = sum(self.seconds * LONGER[connections] + 2
                      for connections in CONNECTIONS) * len(self.candidates)
        bound = 60 + self.rounds * a_round
        try:
            answers = [candidate.start(bound) for candidate in self.candidates]
            if len(set(map(len, answers))) != 1:
                raise Failed('the answers differ: {0!r}'.format(answers))
            for number in range(self.rounds):
                self.round(number)
        finally:
            for candidate in self.candidates:
                if candidate.target is not None:
                    candidate.target.stop()

    def round(self, number):
        turned = number % len(self.candidates)
        order = self.candidates[turned:] + self.candidates[:turned]
        for connections in CONNECTIONS:
            for candidate in order:
                self.measure(candidate, connections)

    def measure(self, candidate, connections):
        before = candidate.target.cpu()
        try:
            sample = self.generator.run(
                candidate.target.port, targets.PATH, connections,
                self.seconds * LONGER[connections], candidate.counting)
        except Failed as error:
            raise Failed('{0}, {1} connections: {2}'.format(
                candidate.label, connections, error))
        if sample.timeouts and candidate.name != 'worker':
            raise Failed('{0}, {1} connections: {2} requests timed out'.format(
                candidate.label, connections, sample.timeouts))
        sample.cpu = (candidate.target.cpu() - before) / sample.answers
        candidate.samples[connections].append(sample)

    def candidate(self, label, asleep=False):
        for candidate in self.candidates:
            if candidate.label == label and candidate.asleep == asleep:
                return candidate
        raise ValueError(label)

    def ratio(self, connections, above, below, attribute='rate'):
        return Spread(ratios(above.values(connections, attribute),
                             below.values(connections, attribute)))


def worker_is_silent(bound):
    """With its workers asleep the worker path has no answer: is it so?"""
    target = Target('worker', bound)
    try:
        target.put_workers_to_sleep()
        return target.answers(targets.PATH, QUIET) is None
    finally:
        target.stop()


def report(comparison):
    title('1. Throughput and latency: a view, a worker, the floor')
    for name in ('view', 'logged', 'unlogged', 'worker', 'floor'):
        fact(name, shown(module('serve', name)))
    for connections in CONNECTIONS:
        fact('load', shown(comparison.generator.command(
            '{port}', targets.PATH, connections,
            comparison.seconds * LONGER[connections])))
    fact('connections', 'kept alive; one server under load at a time')
    fact('waitress', ', '.join('{0}={1}'.format(*setting) for setting
                               in sorted(targets.SETTINGS.items())))
    for connections in CONNECTIONS:
        out()
        report_times(comparison, connections)
        report_timeouts(comparison, connections)
        out()
        report_ratios(comparison, connections)


def report_timeouts(comparison, connections):
    """Waitress's worker path breaks down now and then under this load."""
    worker = comparison.candidate('worker path')
    timeouts = sum(worker.values(connections, 'timeouts'))
    if timeouts:
        note('{0} requests to the worker path had no answer within 2 s.'
             .format(timeouts))


def report_times(comparison, connections):
    rows = []
    for candidate in comparison.candidates:
        if candidate.asleep and None not in rows:
            rows += [None, silent_row(comparison)]
        rate = Spread(candidate.values(connections, 'rate'))
        rows.append((candidate.label + (', asleep' if candidate.asleep else ''),)
                    + rate.cells('{0:,.0f}')
                    + tuple(form.format(Spread(
                        candidate.values(connections, name)).median)
                        for name, form in (('p50', '{0:.2f}'),
                                           ('p99', '{0:.2f}'),
                                           ('cpu', '{0:.0f}'))))
    heads = ('{0} connection{1}'.format(connections,
                                        's' if connections > 1 else ''),
             'requests/s', 'least - most', 'p50 ms', 'p99 ms', 'CPU us')
    table(heads, rows)


def silent_row(comparison):
    answer = 'none' if comparison.quiet else 'ANSWERED'
    return ('worker path, asleep', answer,
            'in {0:.0f} s'.format(QUIET), '-', '-', '-')


def report_ratios(comparison, connections):
    view, floor = comparison.candidate('view'), comparison.candidate('floor')
    logged, unlogged, counting = [comparison.candidate(label) for label
                                  in (LOGGED, UNLOGGED, COUNTING)]
    worker = comparison.candidate('worker path')
    asleep = comparison.candidate('view', True)
    floors = [('view / floor', view, floor),
              (LOGGED + ' / floor', logged, floor),
              (UNLOGGED + ' / floor', unlogged, floor),
              (COUNTING + ' / floor', counting, floor),
              ('view asleep / floor asleep', asleep,
               comparison.candidate('floor', True)),
              ('view asleep / view', asleep, view)]
    workers = [('view / worker path', view, worker),
               (UNLOGGED + ' / worker path', unlogged, worker)]
    for what, attribute, pairs in (
            ('requests/s', 'rate', workers + floors), ('p50', 'p50', floors),
            ('CPU time a request', 'cpu', workers + floors)):
        table(('{0}, {1} conn.'.format(what, connections), 'median',
               'least - most'),
              [(label,) + comparison.ratio(connections, above, below,
                                           attribute).cells('{0:.2f}')
               for label, above, below in pairs])
        out()


def explain():
    note('Each ratio is taken within a round; the median and the range are '
         'those of the rounds. A ratio whose range includes 1 does not say '
         'which side is faster. With all its workers asleep the worker path '
         'answers nothing: there is no ratio to it. CPU is the time of the '
         'server on a processor, for one request; other work on the machine '
         'disturbs it least.')
    note('Waitress accepts one connection in a turn of its loop: the first '
         'request of each of 100 connections waits for that. Where fewer than '
         '10,000 answers came in a measurement, the p99 is one of those.')
