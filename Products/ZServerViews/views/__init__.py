"""The HTTP faces of what the monitor knows: collect, format, serve.

One entry of the configuration mounts all of them::

    monitor /-/ Products.ZServerViews.views.monitor
"""
from __future__ import absolute_import, division, print_function

from zope.interface import implementer

from Products.ZServerViews.interfaces import ISuite
from Products.ZServerViews.views import (
    database,
    drain,
    health,
    history,
    index,
    info,
    log_tail,
    loggers,
    memory,
    metrics,
    profile,
    requests,
    status,
    threads,
    workers,
)


@implementer(ISuite)
class Suite(object):
    """Mounts views by their names.

    ``members``
        The views, each with its name, in the order of the index.
    """

    def __init__(self, members):
        self.members = tuple(members)

    def views(self):
        return [(view.name, view) for view in self.members]


# The one list of the suite's views.
monitor = Suite([
    index.index, status.status, health.live, health.ready, health.startup,
    workers.workers, metrics.metrics, requests.requests, threads.threads,
    history.history, profile.profile, memory.memory, database.database, info.info,
    loggers.loggers, log_tail.tail, drain.drain])
