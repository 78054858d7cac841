"""monitor.registry: collectors of others, each of which costs only itself."""
from __future__ import absolute_import, division, print_function

import threading

import prometheus_client
import pytest
from prometheus_client import CollectorRegistry, core, parser
from prometheus_client.openmetrics import parser as strict

from Products.ZServerViews.format.exposition import (
    COUNTER,
    END,
    GAUGE,
    Family,
    to_openmetrics,
    to_prometheus,
)
from Products.ZServerViews.monitor import registry as registry_module
from Products.ZServerViews.monitor.registry import NAME, Registry
from tests.unit.dummies import ManualClock
from tests.waiting import awaited

PARSERS = (parser.text_string_to_metric_families,
           strict.text_string_to_metric_families)


HERE = __name__ + '.'


class Collector(object):
    """Gives what it has; raises what is an exception."""

    def __init__(self, *families):
        self.families = families
        self.asked = 0

    def collect(self):
        self.asked += 1
        for family in self.families:
            if isinstance(family, BaseException):
                raise family
            yield family


class Hanging(object):
    """Waits until it is let go."""

    def __init__(self):
        self.gate, self.asked = threading.Event(), 0

    def collect(self):
        self.asked += 1
        self.gate.wait(60)
        return [gauge('late')]


def gauge(name, value=1.0):
    return core.GaugeMetricFamily(name, name, value)


@pytest.fixture
def site():
    return Site()


class Site(object):

    def __init__(self):
        self.registry, self.reports = CollectorRegistry(), []
        self.warnings = []
        self.clock = ManualClock()
        self.ours = Registry(self.registry, PARSERS, self._report, self.clock,
                             timeout=5, warn=self._warn)

    def _report(self, exc_info, collector):
        self.reports.append((exc_info[0], collector))

    def _warn(self, message, *args):
        self.warnings.append(message % args)

    def register(self, *collectors):
        for collector in collectors:
            self.registry.register(collector)

    def contents(self, own=(), room=1000):
        self.ours.read()
        return self.ours.contents(own, room)


def names(contents):
    # Sorted: on Python 2.7 a registry has no order.
    found = [sorted(family.name for family in read(text))
             for read, text in zip(PARSERS, (contents.prometheus,
                                             contents.openmetrics + END))]
    assert found[0] == found[1]
    return found[0]


def about(contents):
    return dict((family.name + ''.join(str(value) for _name, value in labels),
                 value) for family in contents.families
                for labels, value in family.series)


def test_what_others_have_registered(site):
    counter = prometheus_client.Counter('jobs', 'Jobs.', ['kind'],
                                        registry=site.registry)
    counter.labels('mail').inc(3)
    prometheus_client.Gauge('depth', 'Depth.', registry=site.registry)
    contents = site.contents()
    assert names(contents) == ['depth', 'jobs']
    assert u'\njobs_total{kind="mail"} 3.0\n' in contents.prometheus
    assert sorted(document['name'] for document in contents.documents) == [
        'depth', 'jobs_total']
    assert about(contents) == {
        'zope_registry_collectorsok': 2, 'zope_registry_collectorsfailed': 0,
        'zope_registry_collectorshung': 0,
        'zope_registry_dropped_families': 0, 'zope_registry_age_seconds': 0.0}


def test_before_the_first_round_there_is_nothing(site):
    contents = site.ours.contents([], 1000)
    assert (contents.prometheus, contents.documents) == (u'', [])
    site.clock.now += 7
    site.ours.read()
    site.ours.begin_anew()
    assert 'zope_registry_age_seconds' not in about(
        site.ours.contents([], 1000))


@pytest.mark.parametrize('error', [
    KeyError('password'), SystemExit(1)], ids=['error', 'exit'])
def test_one_that_raises_costs_only_itself(site, error):
    site.register(Collector(gauge('before')),
                  Collector(gauge('half'), error), Collector(gauge('behind')))
    for _round in range(2):
        contents = site.contents()
        assert names(contents) == ['before', 'behind']
        assert about(contents)['zope_registry_collectorsfailed'] == 1
    # The log has it once.
    assert site.reports == [(type(error), HERE + 'Collector')]


def test_one_that_hangs_costs_only_itself(site):
    hangs, others = Hanging(), [Collector(gauge('one')), Collector(gauge('two'))]
    site.register(others[0], hangs, others[1])
    clock = site.clock

    # Time passes while it is waited for.
    def passing():
        if hangs.asked and not hangs.gate.is_set():
            clock.now += 3
        return clock.now

    site.ours._clock = passing
    for number in 1, 2:
        contents = site.contents()
        assert names(contents) == ['one', 'two']
        assert about(contents)['zope_registry_collectorshung'] == 1
        # It is not asked again, and holds one thread.
        assert (hangs.asked, others[1].asked) == (1, number)
        assert site.warnings == [
            '/-/metrics leaves out the collector %sHanging until it answers: '
            'it has not for 5 s' % HERE]
        assert [thread.name for thread in threading.enumerate()
                ].count(NAME) == 1
    hangs.gate.set()
    assert awaited(lambda: names(site.contents()) == ['late', 'one', 'two'])
    assert about(site.contents())['zope_registry_collectorshung'] == 0


def test_one_that_hangs_is_registered_no_more(site):
    hangs = Hanging()
    site.register(hangs)
    site.ours._timeout = -1
    assert about(site.contents())['zope_registry_collectorshung'] == 1
    site.registry.unregister(hangs)
    assert about(site.contents())['zope_registry_collectorsok'] == 0
    hangs.gate.set()


def test_what_no_format_can_have_costs_only_its_family(site):
    bad = core.CounterMetricFamily('bad', 'Bad.', value=float('nan'))
    site.register(Collector(bad, gauge('good', float('nan'))))
    contents = site.contents()
    assert names(contents) == ['good']
    site.contents()
    assert site.warnings == [
        '/-/metrics leaves out the family bad of the collector %sCollector: no '
        'format can have it' % HERE]
    assert about(contents)['zope_registry_dropped_families'] == 1
    assert u'\ngood NaN\n' in contents.prometheus


def test_a_family_that_is_there_twice(site):
    own = [Family('ours', COUNTER, 'Ours.').add(1),
           Family('size', GAUGE, 'Size.').add(1)]
    site.register(
        Collector(gauge('size'), gauge('ours_total'), gauge('fine')),
        Collector(gauge('fine', 2.0), core.HistogramMetricFamily(
            'b', 'B.', buckets=[('+Inf', 1)], sum_value=1)),
        Collector(gauge('b_count')))
    contents = site.contents(own)
    # Which of two is the first, only the registry knows.
    assert names(contents) in (['b', 'fine'], ['b_count', 'fine'])
    assert about(contents)['zope_registry_dropped_families'] == 4
    for read, text in zip(PARSERS, (
            to_prometheus(own) + contents.prometheus,
            to_openmetrics(own) + contents.openmetrics + END)):
        assert len(list(read(text))) == 4


def test_names_of_what_tells_of_the_registry_are_ours(site):
    # Also those of a series that there is not yet.
    site.register(Collector(*map(gauge, (
        'zope_registry_collectors', 'zope_registry_dropped_families',
        'zope_registry_age_seconds', 'fine'))))
    contents = site.contents()
    assert names(contents) == ['fine']
    assert about(contents)['zope_registry_dropped_families'] == 3
    site.contents()
    assert len(site.warnings) == 3
    assert ('/-/metrics leaves out the family zope_registry_age_seconds of the '
            'collector %sCollector: another family has that name' % HERE
            ) in site.warnings


def test_the_warnings_have_an_end(site):
    for number in range(150):
        site.contents([Family('x%d' % number, GAUGE, 'X.').add(1)])
        site.register(Collector(gauge('x%d' % number)))
        site.contents([Family('x%d' % number, GAUGE, 'X.').add(1)])
    assert len(site.warnings) == registry_module.MOST_WARNINGS


class Endless(object):
    """Has one more family, until it is let go."""

    def __init__(self):
        self.asked = 0

    def collect(self):
        while True:
            self.asked += 1
            yield gauge('endless')


def test_one_without_an_end_is_given_up(site):
    endless, passed = Endless(), []

    def passing():
        passed.append(1)
        return float(len(passed))

    site.register(endless, Collector(gauge('fine')))
    site.ours._clock = passing
    contents = site.contents()
    assert names(contents) == ['fine']
    # It keeps no thread.
    awaited(lambda: NAME not in [
        thread.name for thread in threading.enumerate()])


def test_the_budget(site):
    site.register(Collector(gauge('one')), Collector(gauge('two')))
    contents = site.contents(room=1)
    assert (len(names(contents)), contents.dropped) == (1, 1)


def test_the_default_registry_without_what_we_tell_ourselves():
    ours = registry_module.default(None, None)
    ours.read()
    found = names(ours.contents([], 10000))
    assert not [name for name in found
                if name.startswith(('process_', 'python_'))]
