"""Views of the site that benchmarks/history.py starts: what its recorder costs."""
from __future__ import absolute_import, division, print_function

import gc
import threading
import time

from zope.interface import implementer

from Products.ZServerViews.base import TextView, aside
from Products.ZServerViews.history.observer import NAME
from Products.ZServerViews.interfaces import ISuite
from Products.ZServerViews.monitor.thread_clocks import clock_of
from tests.test_history_day import size_of


@TextView
def loop(environ):
    """The processor time of the event loop so far, in seconds."""
    return u'%r' % time.thread_time()


@TextView
def recorder(environ):
    """That of the recorder's thread."""
    numbers = [thread.native_id for thread in threading.enumerate()
               if thread.name == NAME]
    return u'%r' % (clock_of(numbers[0]) / 1e9)


@aside
@TextView
def memory(environ):
    """The bytes of all that the recorder has."""
    site = environ['zserverviews.site']
    history = site.history
    gc.collect()
    others = (site, site.recorder, site.metrics, site.log_queue, site.log_redirect,
              site.thread_clocks, history._clock, history._now_by_wall)
    return u'%d' % size_of(history, others)


@implementer(ISuite)
class Costs(object):
    def views(self):
        return [('loop', loop), ('recorder', recorder), ('memory', memory)]


suite = Costs()
