"""All that is known of the memory of this process, for the view."""
from __future__ import absolute_import, division, print_function

import sys

from Products.ZServerViews.monitor.memory import system_memory
from Products.ZServerViews.monitor.memory.listing_time import ListingTime
from Products.ZServerViews.monitor.memory.object_counts import ObjectCounts
from Products.ZServerViews.monitor.memory.page_growth import PageGrowth
from Products.ZServerViews.monitor.memory.tracing import Tracing


class ProcessMemory(object):
    """``system``
        The `system_memory.SystemMemory`.
    ``objects``
        The `object_counts.ObjectCounts`.
    ``tracing``
        The `tracing.Tracing`.
    ``pages``
        The `page_growth.PageGrowth`.
    ``log(level, text, *args)``
        Writes a line of the log, without waiting.
    ``report(exc_info)``
        Called where something fails.
    ``persistent``
        A `zopeapp.persistent_objects.PersistentObjects`, or None.
    """

    def __init__(self, log, report, persistent=None):
        self.system = system_memory.SystemMemory()
        self.heap_info = system_memory.find_heap_info()
        self.objects = ObjectCounts(
            report, persistent, ListingTime(
                getattr(sys, 'getallocatedblocks', None),  # PY2
                system_memory.resident))
        self.tracing = Tracing(log, report)
        self.pages = PageGrowth()

    def begin_anew(self):
        """In a forked child."""
        self.system.begin_anew()
        self.objects.begin_anew()
        self.tracing.begin_anew()
        self.pages.begin_anew()

    def stop(self):
        """No view tells of it any more."""
        self.tracing.stop()
