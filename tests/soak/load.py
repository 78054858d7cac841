"""Clients in threads, each at its own pace; paused together; and counted."""
from __future__ import absolute_import, division, print_function

import collections
import itertools
import threading
import time
import traceback

from tests.soak.moments import MOMENTS
from tests.soak.visits import VISITS

PATIENCE = 120
# Behind so many the rest is not worth its time.
MOST_FAILURES = 5


class Gate(object):
    """Whoever is inside may finish; nobody else comes in while it is shut."""

    def __init__(self):
        self._changed = threading.Condition()
        self._inside = 0
        self._is_shut = False

    def __enter__(self):
        with self._changed:
            self._changed.wait_for(lambda: not self._is_shut)
            self._inside += 1

    def __exit__(self, *exc_info):
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def shut(self):
        with self._changed:
            self._is_shut = True
            assert self._changed.wait_for(
                lambda: not self._inside, PATIENCE), 'a client does not end'

    def open(self):
        with self._changed:
            self._is_shut = False
            self._changed.notify_all()


class Row(object):
    """What became of the visits of one kind."""

    COLUMNS = 'visits', 'right', 'excused', 'failed'

    def __init__(self, name):
        self.name = name
        self.visits = self.right = self.excused = self.failed = 0

    def __str__(self):
        return '%-34s' % self.name + ''.join(
            '%9d' % getattr(self, column) for column in self.COLUMNS)


class Load(object):
    """All visits and moments over one site, until it is left.

    ``pause``
        Seconds between two moments.
    ``stopping``
        An event: all is to end soon.
    """

    def __init__(self, site, pause, stopping):
        self._site = site
        self._stopping = stopping
        self._ending = threading.Event()
        self.gate = Gate()
        self.failures = []
        self.rows = collections.OrderedDict(
            (function.__name__, Row(function.__name__))
            for function in VISITS + MOMENTS)
        self._threads = [
            threading.Thread(target=self._client, args=([visit], visit.pause))
            for visit in VISITS]
        self._threads.append(
            threading.Thread(target=self._client, args=(MOMENTS, pause)))

    def __enter__(self):
        for thread in self._threads:
            thread.daemon = True
            thread.start()
        return self

    def __exit__(self, *exc_info):
        self._ending.set()
        self.gate.open()
        for thread in self._threads:
            thread.join(PATIENCE)

    def wait(self, seconds):
        """True unless there is nothing more to wait for."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.failures) < MOST_FAILURES:
            if self._stopping.wait(0.1):
                break
        return time.monotonic() >= end

    def table(self):
        title = '%-34s' % 'visits' + ''.join(
            '%9s' % column for column in Row.COLUMNS)
        return '\n'.join([title] + list(map(str, self.rows.values())))

    def _client(self, functions, pause):
        for function in itertools.cycle(functions):
            if self._ending.wait(pause):
                return
            with self.gate:
                self._visit(function, self.rows[function.__name__])

    def _visit(self, function, row):
        mark = self._site.disturbances.mark()
        row.visits += 1
        try:
            row.right += function(self._site)
        except Exception as error:
            if function in VISITS and self._site.disturbances.excuse(
                    error, mark):
                row.excused += 1
                return
            row.failed += 1
            self.failures.append('%s\n%s' % (row.name, traceback.format_exc()))
