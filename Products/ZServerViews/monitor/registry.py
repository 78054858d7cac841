"""What others have registered with prometheus_client, for `/-/metrics`.

A collector is code of somebody else's: it may wait for a database, raise, or
say what no format can have, and then the whole scrape would be lost. So a
thread asks the collectors, one after the other; whoever does not answer keeps
that thread, and the next one goes on with the others. Each family is rendered
there, and read by prometheus_client's own parsers: only what both understand is
kept. The event loop joins the texts.
"""
from __future__ import absolute_import, division, print_function

import sys

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._daemons import Daemon
from Products.ZServerViews.format.exposition import GAUGE, Family, is_metric
from Products.ZServerViews.format.text import clean
from Products.ZServerViews.monitor.foreign import Rendered

NAME = 'zserver-views-metrics-registry'
# Seconds that one collector has.
TIMEOUT = 5
# Characters of a name in the log.
LONGEST = 200
# Seconds between two looks at the thread that asks.
LOOK = 0.25

# At most so many in a process: names may be made up without an end.
MOST_WARNINGS = 100

INVALID = ('/-/metrics leaves out the family %s of the collector %s: no format '
           'can have it')
REPEATED = ('/-/metrics leaves out the family %s of the collector %s: another '
            'family has that name')
HANGS = ('/-/metrics leaves out the collector %s until it answers: it has not '
         'for %s s')

# Those of prometheus_client itself tell what we tell.
_OWN = frozenset(['prometheus_client.' + name for name in (
    'process_collector', 'platform_collector', 'gc_collector')])


def _quiet(*message):
    """Logs nothing."""


def _class_of(collector):
    kind = type(collector)
    return clean('%s.%s' % (kind.__module__, kind.__name__), LONGEST)


def _name_of(rendered):
    return clean(rendered.name, LONGEST) if is_metric(rendered.name) else u'?'


class Contents(object):
    """What there is of the latest round, for one answer.

    ``families``
        Our own, about the round.
    ``prometheus``, ``openmetrics``, ``documents``
        Of those of others: two texts and a list.
    ``dropped``
        How many series are left out for want of room.
    """

    def __init__(self, rendered, families, dropped):
        self.families = families
        self.dropped = dropped
        self.prometheus = u''.join(each.prometheus for each in rendered)
        self.openmetrics = u''.join(each.openmetrics for each in rendered)
        self.documents = [each.document for each in rendered]


class Round(object):
    """Some collectors that are asked, in a thread of its own.

    ``results``
        {place: list of Rendered, or None if it has raised}
    ``place``, ``began``
        Which one is asked now, and since when.
    ``given_up``
        Whether to go on with no other one.
    """

    def __init__(self, collectors, parsers, report, clock):
        self._collectors = collectors
        self._parsers = parsers
        self._report = report
        self._clock = clock
        self.results = {}
        self.place = 0
        self.began = clock()
        self.given_up = False
        self.daemon = Daemon(NAME)

    def run(self):
        for place, collector in enumerate(self._collectors):
            self.place, self.began = place, self._clock()
            try:
                found = self._answer_of(collector)
            except BaseException:  # SystemExit would end the thread
                found = None
                self._report(collector, sys.exc_info())
            if self.given_up:
                return
            self.results[place] = found

    def _answer_of(self, collector):
        found = []
        for family in collector.collect():
            if self.given_up:
                break  # it has no end
            rendered = Rendered(family, self._parsers)
            rendered.collector = _class_of(collector)
            found.append(rendered)
        return found


class Registry(object):
    """The collectors of one registry, and their latest answers.

    ``read`` is called in a helper thread, `contents` in event loops.

    ``report``
        Called with exc_info and the class of a collector that has raised.
    ``warn``
        Called with a message and its arguments, once for each family that is
        left out and each collector that hangs.
    """

    def __init__(self, registry, parsers, report, clock=monotonic,
                 timeout=TIMEOUT, warn=_quiet):
        self._registry = registry
        self._parsers = parsers
        self._tell = report
        self._warn = warn
        self._clock = clock
        self._timeout = timeout
        self.begin_anew()

    def begin_anew(self):
        """Know no answer; also in a forked child."""
        self._rendered, self._states, self._invalid = [], {}, 0
        self._when = None
        self._hanging = {}    # {id: (collector, Round)}
        self._told = set()    # ids of collectors whose failure is logged
        self._warned = set()  # (message, arguments)

    def read(self):
        """Ask all of them; may take the timeout for each that hangs."""
        collectors = [
            each for each in list(self._registry._collector_to_names)
            if type(each).__module__ not in _OWN]
        self._hanging = dict(
            (key, (collector, a_round))
            for key, (collector, a_round) in self._hanging.items()
            if a_round.daemon.runs)
        self._told.intersection_update(map(id, collectors))
        left = [each for each in collectors if id(each) not in self._hanging]
        found, answered, failed = [], 0, 0
        while left:
            a_round = self._asked(left)
            for place in sorted(a_round.results):
                result = a_round.results[place]
                answered += 1
                failed += result is None
                found += result or []
            if not a_round.given_up:
                break
            hanging = left[a_round.place]
            self._hanging[id(hanging)] = hanging, a_round
            self._warn_once(HANGS, _class_of(hanging), self._timeout)
            left = left[a_round.place + 1:]
        self._rendered = [each for each in found if each.is_valid]
        self._invalid = len(found) - len(self._rendered)
        for each in found:
            if not each.is_valid:
                self._warn_once(INVALID, _name_of(each), each.collector)
        hung = len(self._hanging)
        self._states = {'ok': answered - failed, 'failed': failed,
                        'hung': hung}
        self._when = self._clock()

    def _asked(self, collectors):
        """The Round of these, once it is over or hangs."""
        a_round = Round(collectors, self._parsers, self._report, self._clock)
        a_round.daemon.start(a_round.run)
        thread = a_round.daemon.thread
        while thread.is_alive():
            thread.join(LOOK)
            if (thread.is_alive()
                    and self._clock() - a_round.began > self._timeout):
                a_round.given_up = True
                break
        return a_round

    def _report(self, collector, exc_info):
        if id(collector) not in self._told:
            self._told.add(id(collector))
            self._tell(exc_info, _class_of(collector))

    def _warn_once(self, *message):
        if message not in self._warned and len(self._warned) < MOST_WARNINGS:
            self._warned.add(message)
            self._warn(*message)

    def contents(self, own, room):
        """The `Contents`, with so many series at most.

        ``own``
            All other Family objects of ours, whose names are taken too.
        """
        taken, kept, repeated, dropped = set(), [], 0, 0
        for family in list(own) + self._about(0):
            taken.update(names_of(family.name, family.kind))
        for each in self._rendered:
            names = names_of(each.name, each.kind)
            if taken.intersection(names):
                repeated += 1
                self._warn_once(REPEATED, _name_of(each), each.collector)
            elif each.series > room:
                dropped += each.series
            else:
                taken.update(names)
                room -= each.series
                kept.append(each)
        return Contents(kept, self._about(repeated), dropped)

    def _about(self, repeated):
        states = Family('zope_registry_collectors', GAUGE, 'Collectors of '
                        'others in the registry of prometheus_client.')
        for state, number in sorted(self._states.items()):
            states.add(number, ('state', state))
        when = self._when
        return [
            states,
            Family('zope_registry_dropped_families', GAUGE, 'Families of '
                   'others that no format can have, or that are there twice.'
                   ).add(self._invalid + repeated),
            Family('zope_registry_age_seconds', GAUGE, 'How old their '
                   'numbers are.').add(
                       None if when is None else self._clock() - when)]


# Behind the name of a family, by its kind; no other may have such a name.
_ENDINGS = {
    'counter': ('_total', '_created'),
    'summary': ('_sum', '_count', '_created'),
    'histogram': ('_bucket', '_sum', '_count', '_created'),
    'gaugehistogram': ('_bucket', '_gsum', '_gcount'),
    'info': ('_info',)}


def names_of(name, kind):
    """All names that a family takes."""
    return [name] + [name + ending for ending in _ENDINGS.get(kind, ())]


def default(report, warn):
    """The `Registry` of prometheus_client's default one; imports that."""
    import prometheus_client
    from prometheus_client import parser
    from prometheus_client.openmetrics import parser as strict
    return Registry(prometheus_client.REGISTRY,
                    (parser.text_string_to_metric_families,
                     strict.text_string_to_metric_families), report, warn=warn)
