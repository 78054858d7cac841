"""The HTTP faces of what the monitor knows: collect, format, serve.

One entry of the configuration mounts all of them::

    monitor /-/ Products.ZServerViews.views.monitor
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.views import (
    drain, health, index, info, requests, threads, workers)
from Products.ZServerViews.views.suite import Suite

# The one list of the suite's views.
monitor = Suite([
    index.index, health.live, health.ready, health.startup, workers.workers,
    requests.requests, threads.threads, info.info, drain.drain])
