"""What a product might register with prometheus_client: some of it is bad."""
from __future__ import absolute_import, division, print_function

import gc
import sys
import threading

import prometheus_client
from prometheus_client import core

from Products.ZServerViews.base import JSONView, TextView

jobs = prometheus_client.Counter('site_jobs', 'Jobs of the site.', ['kind'])


class Collector(object):

    def __init__(self, collect):
        self.collect = collect
        prometheus_client.REGISTRY.register(self)

    def describe(self):
        return []


def hang():
    threading.Event().wait(600)
    return []


def fail():
    raise RuntimeError('password=secret')


def twice():
    return [core.GaugeMetricFamily('zope_requests_in_work', 'Ours.', 1.0),
            core.CounterMetricFamily('site_nan', 'Bad.', float('nan')),
            core.GaugeMetricFamily('site_depth', 'Good.', 7.0)]


collectors = [Collector(hang), Collector(fail), Collector(twice)]


@TextView
def count(environ):
    jobs.labels('"mail"\n').inc()
    return u'counted'


# What is imported for /-/metrics and /-/database, and for nothing else.
PACKAGE = 'Products.ZServerViews.'
NEEDED = [PACKAGE + name for name in (
    'monitor.registry', 'zopeapp.opened', 'zopeapp.watched',
    'zopeapp.storage_calls')]


@JSONView
def collected(environ):
    """What is there of them."""
    from ZODB.DB import DB
    return {'modules': [name for name in NEEDED if name in sys.modules],
            'callbacks': [repr(call) for call in getattr(gc, 'callbacks', ())
                          if type(call).__module__.startswith(PACKAGE)],
            'wrapped': getattr(DB.__init__, '__module__', '').startswith(
                PACKAGE)}
