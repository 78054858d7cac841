"""The goals, and whether the parts that were run meet them.

Each function takes a part that was run and returns its Goals. The median of
the rounds decides; whether every round agrees with it is said too.
"""
from __future__ import absolute_import, division, print_function

from . import (
    monitor,
    mounted,
    overload,
    servers,
    start,
    targets,
    throughput,
    zserver,
    zserver_passing,
)
from .figures import Spread, ratios
from .tables import note, out, table, title

# A goal without a limit is there for comparison.
VERDICTS = {(True, True): 'yes', (True, False): 'mostly',
            (False, True): 'seldom', (False, False): 'no'}
# How much longer one of many may take than one of few, for "linear".
LINEAR = 1.2
# Of what is counted: instructions repeat to a few parts in a thousand.
EQUAL = 0.005


class Goal(object):
    """``measured``, a Spread, is to lie between ``least`` and ``most``."""

    def __init__(self, text, measured, least=None, most=None, form='{0:.2f}'):
        self.text = text
        self.measured = measured
        self.least = least
        self.most = most
        self.form = form

    def includes(self, value):
        return ((self.least is None or value >= self.least)
                and (self.most is None or value <= self.most))

    @property
    def limit(self):
        texts = [sign + self.form.format(value) for sign, value
                 in (('>= ', self.least), ('<= ', self.most))
                 if value is not None]
        return ', '.join(texts) or '-'

    @property
    def verdict(self):
        if self.least is None and self.most is None:
            return '-'
        by_round = [self.includes(value) for value in self.measured.values]
        median = self.includes(self.measured.median)
        return VERDICTS[median, all(by_round) if median else any(by_round)]

    def cells(self):
        return (self.text, self.limit) + self.measured.cells(self.form) + (
            self.verdict,)


class Equal(Goal):
    """Two sides of which no round-to-round spread tells them apart."""

    limit = 'equal'

    @property
    def verdict(self):
        measured = self.measured
        if len(measured.values) == 1:
            return '-'  # has no spread
        return 'yes' if measured.least <= 1 <= measured.most else 'no'


def once(value):
    """What is counted, not timed, needs no second round."""
    return Spread([value])


def of_throughput(part):
    view, worker = part.candidate('view'), part.candidate('worker path')
    floor, asleep = part.candidate('floor'), part.candidate('view', True)
    unlogged = part.candidate(throughput.UNLOGGED)
    goals = [
        Goal(throughput.UNLOGGED + ' / worker path, requests/s, 100 conn.',
             part.ratio(100, unlogged, worker), least=80, form='{0:.1f}'),
        Goal('floor / view, CPU time a request, 100 conn.',
             part.ratio(100, floor, view, 'cpu'), least=0.5),
        Goal(throughput.UNLOGGED + ' / floor, p50, 1 conn.',
             part.ratio(1, unlogged, floor, 'p50'), most=1.1)]
    goals += [
        Goal(label + ' / floor, requests/s, 100 conn.',
             part.ratio(100, part.candidate(label), floor), least=least)
        for label, least in ((throughput.LOGGED, 0.6),
                             (throughput.UNLOGGED, 0.85),
                             (throughput.COUNTING, 0.49))]
    return goals + [
        Goal('view asleep / idle, p50, {0} conn.'.format(connections),
             part.ratio(connections, asleep, view, 'p50'), most=1.1)
        for connections in throughput.CONNECTIONS]


def of_passing(part):
    if part.instructions:
        return [Goal(text + ', instructions, 1 conn.',
                     part.instruction_ratios(having, without, 1), most=most,
                     form='{0:.4f}') for text, having, without, most in (
                ('no view: with / without', 'hooked', 'worker', 1.005),
                ('no view, Zope: with / without', 'zope-hooked', 'zope',
                 1.005),
                ('no view, Zope: suite / without', 'zope-recorded', 'zope',
                 1.03),
                ('view / floor', 'view', 'floor', None))]
    return [Goal('no view: with / without, time, {0} conn.'.format(number),
                 Spread(part.ratios[number]), most=1.01, form='{0:.3f}')
            for number in part.connections]


def of_mounted(part):
    goals = [Equal('10,000 views / one, requests/s, {0} conn.'.format(number),
                   part.rates(number)) for number in throughput.CONNECTIONS]
    goals += [Equal('10,000 views / one, look-up, {0}'.format(found),
                    part.lookup_ratio(found)) for found in mounted.FOUND]
    if part.instructions:
        goals.append(Goal(
            '10,000 views / one, instructions',
            once(part.instruction_ratio()), 1 - EQUAL, 1 + EQUAL, '{0:.4f}'))
    return goals


def of_start(part):
    goals = [Goal('start, share of Zope\'s, ' + name, part.share(name),
                  most=0.02, form='{0:.2%}')
             for name in (start.VIEW, start.SUITE)]
    if part.instructions:
        goals += [Goal('start, instructions more, ' + name,
                       once(part.instruction_share(name)), most=0.02,
                       form='{0:.2%}') for name in (start.VIEW, start.SUITE)]
    return goals + [
        Goal('memory, MiB more, ' + name, part.memory(name), most=most)
        for name, most in ((start.VIEW, 2), (start.SUITE, 8))]


def of_monitor(part):
    goals = []
    for view, number, goal in monitor.LOOKS:
        if goal is not None:
            goals += [Goal('/-/{0} with {1}, ms, {2}'.format(
                view, number, form), medians(part, view, number, form),
                most=goal) for form in monitor.forms(view)]
    return goals + [linear(part, view, form) for view in ('threads', 'requests')
                    for form in monitor.FORMS]


def medians(part, view, number, form):
    return Spread(median for median, _tail in part.looks[view, number, form])


def linear(part, view, form):
    """The time for each of the most, against that for each of the fewest."""
    numbers = [number for name, number, _goal in monitor.LOOKS if name == view]
    each = [[value / number for value
             in medians(part, view, number, form).values]
            for number in (max(numbers), min(numbers))]
    return Goal('/-/{0}, time for each, of {1} / of {2}, {3}'.format(
        view, max(numbers), min(numbers), form), Spread(ratios(*each)),
        most=LINEAR)


def of_zserver(part):
    return [Goal('ZServer: view / release 0.2.0, requests/s, 10 conn.',
                 part.ratio(zserver.NEW, zserver.OLD), least=40,
                 form='{0:.1f}'),
            Goal("ZServer: view / Zope's front page, 10 conn.",
                 part.ratio(zserver.NEW, zserver.PAGE), least=4,
                 form='{0:.1f}'),
            Goal('ZServer: view, p99 with the access log, ms, 10 conn.',
                 part.p99(zserver.NEW), most=2)
            ] + of_zserver_passing(part.instructions)


def of_zserver_passing(counted):
    """What is counted of ZServer, if it is; by the order of SIDES."""
    if not counted:
        return []
    without, view, suite = [label for label, _entries, _path
                            in zserver_passing.SIDES[:3]]
    return [Goal('no view, ZServer: {0} / without, instructions'.format(name),
                 once(counted[having, 1] / counted[without, 1]), most=most,
                 form='{0:.4f}') for name, having, most in (
                     ('with', view, 1.005), ('suite', suite, 1.03))]


def of_overload(part):
    """While as many workers compute as there are: by default, and with a
    shorter switch interval."""
    return [Goal('view under {0} workers that compute, p99, ms{1}'.format(
        targets.THREADS, text), once(part.milliseconds(number, 99)), most=most)
        for number, text, most in (
            (0, '', 100), (1, ', ' + overload.SWITCH_INTERVAL, 20))]


def of_servers(part):
    """Against C, which has nothing to do but to answer."""
    found = [server for server in part.servers if server.label == 'bjoern']
    view = part.named(servers.UNLOGGED)
    return [Goal('{0} / bjoern, requests/s, 100 conn.'.format(
        servers.UNLOGGED), part.ratio(100, view, server), least=0.5)
        for server in found]


GOALS = {'throughput': of_throughput, 'passing': of_passing,
         'mounted': of_mounted, 'start': of_start, 'monitor': of_monitor,
         'overload': of_overload, 'servers': of_servers, 'zserver': of_zserver}


def of_all(parts):
    """Of all parts that have goals; ``parts`` maps their names to them."""
    return [goal for name, part in parts.items() if name in GOALS
            for goal in GOALS[name](part)]


def report(goals):
    title('Goals')
    table(('goal', 'limit', 'median', 'least - most', 'holds'),
          [goal.cells() for goal in goals])
    out()
    note('yes: the median of the rounds holds, and each round. mostly: the '
         'median does, and not each round. seldom: the median does not, and '
         'some round does. no: none does. equal: the range of the rounds '
         'includes 1, which a single round cannot tell.')
