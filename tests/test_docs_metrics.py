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
DASHBOARD = os.path.join(DOCS, 'grafana', 'zope.json')
NAME = re.compile(r'\b(?:zope|process|python|http_server)_[a-z_]+[a-z]\b')


def read(path):
    with io.open(path, encoding='utf-8') as file:
        return file.read()


def families():
    site = Site()
    site.mount(dummies.mount())
    site.metrics.registry = Registry(None, None, None)
    site.databases = Databases()
    return metrics.metrics.collect(Asked(site)).families


class Asked(object):

    environ = {}

    def __init__(self, site):
        self.site, self.server = site, Server()


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
        'zope_database_size_age_seconds'}


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


@pytest.mark.parametrize('path', [
    os.path.join(DOCS, 'metrics.rst'), ALERTS, DASHBOARD],
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
    assert sorted(map(os.path.basename, glob.glob(
        os.path.join(DOCS, '*', '*.*')))) == ['alerts.yml', 'zope.json']
