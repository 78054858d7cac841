"""``/-/threads``: where each thread of the process is.

It shows file names, function names and line numbers, never the value of a
variable. Source lines are read from files, so a request for them is offloaded;
all others are answered in the event loop.
"""
from __future__ import absolute_import, division, print_function

import linecache
import sys

from Products.ZServerViews._compat import PY2, monotonic
from Products.ZServerViews.base import ViewError
from Products.ZServerViews.format import stacks
from Products.ZServerViews.http.query import Flag, Number
from Products.ZServerViews.monitor.threads import (
    MAX_THREADS,
    Snapshot,
    collect,
)
from Products.ZServerViews.runtime.thread_dump import describe
from Products.ZServerViews.views.formatted import Found, MonitorView

# The formats that have source lines.
_WITH_SOURCE = ('text', 'json')


class ThreadsView(MonitorView):
    """All threads, or as many as ``limit`` says. ``source=1`` adds the source
    line of each frame; ``full=1`` shows those frames in the text too that are
    the same in each request."""

    name = 'threads'
    summary = u'each thread: its role, state, request and stack'
    tier = 'sensitive'
    needs_recorder = True
    shows_stacks = True
    formats = ('text', 'json', 'collapsed', 'speedscope')
    parameters = (Number('limit', 1, MAX_THREADS, MAX_THREADS),
                  Flag('source'), Flag('full'))

    def __init__(self, clock=monotonic, frames=sys._current_frames,
                 read_line=linecache.getline):
        self._clock = clock
        self._frames = frames
        self._read_line = read_line
        self._snapshot = Snapshot(clock)

    def runs_aside_for(self, environ):
        """Whether this request is one for source lines."""
        try:
            return self.values(environ)['source']
        except ViewError:
            return False

    def collect(self, asked):
        source = asked.values['source']
        if source and asked.format not in _WITH_SOURCE:
            raise ViewError('400 Bad Request', u'Source lines are in these '
                            u'formats: %s.\n' % u', '.join(_WITH_SOURCE))
        dump = collect(
            frames=self._frames, snapshot=self._snapshot,
            clocks=asked.site.thread_clocks,
            describe=describe(asked.site, self._clock()),
            limit=asked.values['limit'])
        return Found(dump=dump, source=self._line if source else None,
                     fold=not asked.values['full'])

    def _line(self, path, line):
        found = self._read_line(path, line or 0).strip()
        return found.decode('utf-8', 'replace') if PY2 else found  # PY2

    def as_text(self, found):
        return stacks.to_text(found.dump, source=found.source, fold=found.fold)

    def document(self, found):
        return stacks.to_document(found.dump, found.source)

    def as_collapsed(self, found):
        return stacks.to_collapsed(found.dump)

    def as_speedscope(self, found):
        return stacks.to_speedscope(found.dump)


threads = ThreadsView()
