"""``/-/threads``: where each thread of the process is.

Shown are the names of files and functions and the numbers of lines; never the
value of a variable. Source lines are read from files, so a request for them
runs aside; all others are answered in the loop.
"""
from __future__ import absolute_import, division, print_function

import linecache
import sys

from Products.ZServerViews._compat import PY2, monotonic
from Products.ZServerViews.base import ViewError
from Products.ZServerViews.monitor import stacks
from Products.ZServerViews.monitor.threads import (
    LOOP, MAX_THREADS, WORKER, Description, Snapshot, collect)
from Products.ZServerViews.views.base import MonitorView
from Products.ZServerViews.views.parameters import Flag, Number

# The formats in which a frame has room for its source line.
_WITH_SOURCE = ('text', 'json')


class ThreadsView(MonitorView):
    """All threads, or as many as ``limit`` says; ``source=1`` adds the source
    line of each frame."""

    name = 'threads'
    summary = u'each thread: its role, state, request and stack'
    tier = 'sensitive'
    needs_recorder = True
    formats = ('text', 'json', 'collapsed', 'speedscope')
    parameters = (Number('limit', 1, MAX_THREADS, MAX_THREADS),
                  Flag('source'))

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
            describe=describe(asked.site, asked.server, self._clock()),
            max_threads=asked.values['limit'])
        return dump, self._line if source else None

    def _line(self, path, line):
        found = self._read_line(path, line or 0).strip()
        return found.decode('utf-8', 'replace') if PY2 else found  # PY2

    def as_text(self, found):
        dump, source = found
        return stacks.to_text(dump, source=source)

    def document(self, found):
        dump, source = found
        return stacks.to_document(dump, source)

    def as_collapsed(self, found):
        return stacks.to_collapsed(found[0])

    def as_speedscope(self, found):
        return stacks.to_speedscope(found[0])


def describe(site, server, now):
    """{ident: Description} of the threads that the server and we know.

    Reads what other threads change, in single steps of the interpreter; may
    be called in any thread.
    """
    known, names = {}, {}
    if server is not None:
        names = server.worker_names()
        known = dict((ident, Description(WORKER, name=names.get(ident)))
                     for ident in server.worker_idents())
    if site.recorder is not None:
        for ident, request in site.recorder.current.copy().items():
            known[ident] = Description(WORKER, request.title(),
                                       request.worked(now), names.get(ident))
    known.update(dict.fromkeys(site.loops.threads, Description(LOOP)))
    return known


threads = ThreadsView()
