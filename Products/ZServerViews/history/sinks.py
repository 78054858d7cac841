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

    def add(self, sink, tick=None):
        """Have sink(record, table) called for each record from now on, and tick()
        once a second, in the recorder's thread: they must not wait. May be called
        again.

        ``table`` is the `StackTable` that explains the record's stacks.
        """
        if sink not in [one for one, _tick in self._sinks]:
            self._sinks += ((sink, tick),)

    def remove(self, sink):
        """Have it called no more; may be called again."""
        self._sinks = tuple(one for one in self._sinks if one[0] != sink)

    def put(self, record, table):
        for sink, _tick in self._sinks:
            self._call(sink, sink, record, table)

    def tick(self):
        for sink, tick in self._sinks:
            if tick is not None:
                self._call(sink, tick)

    def _call(self, sink, function, *arguments):
        try:
            function(*arguments)
        except Exception:
            if sink not in self._failed:
                self._failed.add(sink)
                self._report(sys.exc_info())
