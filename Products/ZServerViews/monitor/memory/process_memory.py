"""All that is known of the memory of this process, for the view."""
from __future__ import absolute_import, division, print_function

import sys

from Products.ZServerViews.monitor.memory import system_memory
from Products.ZServerViews.monitor.memory.object_counts import ObjectCounts


class ProcessMemory(object):
    """``objects``
        The `object_counts.ObjectCounts`.
    ``report(exc_info)``
        Called where something fails.
    ``persistent``
        A `zopeapp.persistent_objects.PersistentObjects`, or None.
    """

    def __init__(self, report, persistent=None):
        self.heap_info = system_memory.find_heap_info()
        self.objects = ObjectCounts(
            report, persistent,
            getattr(sys, 'getallocatedblocks', None),  # PY2
            system_memory.resident)

    def begin_anew(self):
        """In a forked child."""
        self.objects.begin_anew()

    def stop(self):
        """No view tells of it any more."""
