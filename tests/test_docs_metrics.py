"""The names in docs/metrics.rst, the alerts and the dashboard are those that
/-/metrics has, and each of these is explained."""
from __future__ import absolute_import, division, print_function

import glob
import io
import json
import os
import re

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.format.exposition import HISTOGRAM
from Products.ZServerViews.monitor.readings import NUMBERS
from Products.ZServerViews.monitor.registry import Registry
from Products.ZServerViews.views import metrics
from tests.checkout import TOP
from tests.unit import dummies
from tests.unit.monitor.database_documents import Databases
from tests.unit.monitor.monitor_dummies import Server
from tests.unit.site_dummies import Site

if PY2:
    pytest.skip('Python 2.7 tells of no collection of garbage, which the page '
                'explains', allow_module_level=True)

DOCS = os.path.join(TOP, 'docs')
ALERTS = os.path.join(DOCS, 'prometheus', 'alerts.yml')
TESTS_OF_ALERTS = os.path.join(DOCS, 'prometheus', 'alerts_test.yml')
DASHBOARD = os.path.join(DOCS, 'grafana', 'zope.json')
NAME = re.compile(r'\b(?:zope|process|python|http_server)_[a-z_]+[a-z]\b')


def read(path):
    with io.open(path, encoding='utf-8') as file:
        return file.read()


# Of plone.observability 1.2.0, in docs/sources/reference/metrics.md.
OF_PLONE = set('plone_' + name for name in """
    uptime_seconds info threads_active process_rss_bytes process_rss_peak_bytes
    process_cpu_seconds requests_total request_duration_seconds
    request_duration_seconds_max request_errors zodb_object_count
    zodb_db_size_bytes zodb_connections zodb_connections_idle zodb_pool_size
    zodb_cache_size zodb_cache_size_bytes zodb_loads_total zodb_stores_total
    zodb_conflicts_total content_total content_by_state""".split())
# What nobody but the site knows.
MISSING = {'plone_request_duration_seconds_max', 'plone_content_total',
           'plone_content_by_state'}


def families(names='zope'):
    site = Site()
    site.mount(dummies.mount())
    site.metrics.registry = Registry(None, None, None)
    site.databases = Databases()
    return metrics.metrics.collect(Asked(site, names)).families


class Asked(object):

    environ = {}

    def __init__(self, site, names):
        self.site, self.server = site, Server()
        self.values = {'names': names}


def names():
    """Of the families, as they are in the text."""
    found = set(name for name, _help in NUMBERS)
    for family in families():
        found.add(metrics.exposition._full(family))
    # There is no series of these yet.
    return found | {
        'http_server_request_duration_seconds', 'zope_conflicts_total',
        'zope_retries_total', 'zope_errors_total',
        'zope_process_reading_age_seconds', 'zope_registry_collectors',
        'zope_registry_age_seconds', 'zope_loop_turns_total',
        'zope_database_server_loads_total', 'zope_database_server_connected',
        'zope_database_size_bytes', 'zope_database_objects',
        'zope_database_size_age_seconds',
        'zope_relstorage_call_samples_total',
        'zope_relstorage_call_sampled_seconds_total',
        'zope_relstorage_call_sample_ratio'}


def of_samples():
    """The same, with those that the samples of histograms have."""
    histograms = [family.name for family in families()
                  if family.kind == HISTOGRAM]
    histograms.append('http_server_request_duration_seconds')
    return names() | set(name + ending for name in histograms
                         for ending in ('_bucket', '_count', '_sum'))


def test_each_metric_is_explained():
    told = set(re.findall('``([a-z_]+)``', read(
        os.path.join(DOCS, 'metrics.rst'))))
    assert names() - told == set()
    assert set(filter(NAME.match, told)) - names() == set()


def test_each_name_of_plone_observability_is_explained():
    rows = re.split(r'\n    \* - ', read(os.path.join(DOCS, 'metrics.rst')))
    told = [name for row in rows for name in re.findall(
        '``(plone_[a-z_]+)``', row.partition('\n      - ')[0])]
    assert len(told) == len(set(told))
    assert set(told) == OF_PLONE


def test_they_have_the_names_that_we_tell():
    made = set(metrics.exposition._full(family)
               for family in families('plone'))
    # There is no series of these in what the test asks.
    made |= {'plone_zodb_object_count', 'plone_zodb_db_size_bytes',
             'plone_request_errors', 'plone_process_rss_bytes',
             'plone_process_rss_peak_bytes', 'plone_process_cpu_seconds'}
    assert made - {'zope_metrics_dropped_series'} == OF_PLONE - MISSING


@pytest.mark.parametrize('path', [
    os.path.join(DOCS, 'metrics.rst'), ALERTS, TESTS_OF_ALERTS, DASHBOARD],
    ids=os.path.basename)
def test_no_other_metric_is_asked_for(path):
    assert set(NAME.findall(read(path))) - of_samples() == set()


def test_each_alert_says_where_to_look():
    text = read(ALERTS)
    rules = text.split('- alert: ')[1:]
    assert len(rules) > 10
    for rule in rules:
        for key in ('expr: ', 'severity: ', 'summary: ', 'description: '):
            assert rule.count(key) == 1, rule


def test_each_alert_is_tested():
    """By promtool, for which tests/test_prometheus.py asks."""
    alerts = re.findall('- alert: (.+)', read(ALERTS))
    text = read(TESTS_OF_ALERTS)
    assert re.findall('- name: (Zope.+)', text) == alerts
    for test in text.split('- name: ')[1:]:
        name = test.partition('\n')[0]
        # Nothing fires, then this alert does, then nothing again.
        times, fires = zip(*re.findall(
            r'eval_time: (\w+)|(labels: .{alertname=".+", instance="zope1"})',
            test))
        assert [bool(time) for time in times] == [True, True, False, True]
        assert fires[2] == (
            'labels: \'{alertname="%s", instance="zope1"}' % name)


def test_the_dashboard():
    dashboard = json.loads(read(DASHBOARD))
    panels = [panel for panel in dashboard['panels']
              if panel['type'] != 'row']
    assert len(panels) > 10
    assert len(set(panel['id'] for panel in dashboard['panels'])) == len(
        dashboard['panels'])
    for panel in panels:
        assert panel['title'] and panel['description']
        for target in panel['targets']:
            assert NAME.search(target['expr'])


def test_nothing_else_is_there():
    assert sorted(os.path.basename(path) for folder in ('prometheus', 'grafana')
                  for path in glob.glob(os.path.join(DOCS, folder, '*'))) == [
            'alerts.png', 'alerts.yml', 'alerts_test.yml', 'graph.png',
            'prometheus.yml', 'zope.json']
