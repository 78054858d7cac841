"""What a product might register with prometheus_client: some of it is bad."""
from __future__ import absolute_import, division, print_function

import threading

import prometheus_client
from prometheus_client import core

from Products.ZServerViews.base import TextView

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
