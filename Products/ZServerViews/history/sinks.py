"""Where records go beside the memory of the process, such as to files."""
from __future__ import absolute_import, division, print_function

import sys


class Sinks(object):
    """Functions that are called with each record.

    ``report(exc_info)``
        Called once for each sink that raises.
    """

    def __init__(self, report):
        self._report = report
        self._sinks = ()
        self._failed = set()

    def add(self, sink):
        """Have sink(record, table) called for each record from now on, in the
        recorder's thread: it must not wait. May be called again.

        ``table`` is the `StackTable` that explains the record's stacks.
        """
        if sink not in self._sinks:
            self._sinks += (sink,)

    def remove(self, sink):
        """Have it called no more; may be called again."""
        self._sinks = tuple(one for one in self._sinks if one != sink)

    def put(self, record, table):
        for sink in self._sinks:
            try:
                sink(record, table)
            except Exception:
                if sink not in self._failed:
                    self._failed.add(sink)
                    self._report(sys.exc_info())
