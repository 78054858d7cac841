"""Keeps the companion: a small process with the listening socket inherited,
which answers 503 while no Python code of this one runs.

It is started once there is a listener, which is at the first iteration of an
event loop. Each iteration of a loop and each tick of the watchdog beat into a
page of memory that both share; the companion answers when a beat has failed to
come for a second, or when this process has gone. See the folder `companion`.

All of it runs in the watchdog's thread, except `beat` and what says otherwise.
"""
from __future__ import absolute_import, division, print_function

import atexit
import logging
import os
import signal
import subprocess
import sys
import threading

from Products.ZServerViews._compat import PY2, monotonic
from Products.ZServerViews.monitor.process import interpreter
from Products.ZServerViews.runtime.handover import meeting_point
from Products.ZServerViews.runtime.shared_page import new_page
from Products.ZServerViews.runtime.stack_signal import StackSignal

# Seconds between two starts, when one has ended by itself.
AGAIN = 60.0
# Seconds for it to end when it is told to.
PATIENCE = 1.0

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), 'companion', '__main__.py')


class CompanionKeeper(object):
    """Of one Site."""

    def __init__(self, site, clock=monotonic, launch=subprocess.Popen):
        self._site = site
        self._clock = clock
        self._launch = launch
        self._ends_with_process = False
        self._forget()

    def _forget(self):
        self._lock = threading.Lock()  # of the watchdog, and of the exit
        self._page = self._child = self._socket = self._paths = None
        self._not_before = None
        self._pid = os.getpid()
        self._is_over = False
        self._stacks = StackSignal()

    def beat(self, loop=None):
        """Python code runs; in any thread, for each iteration of a loop."""
        page = self._page
        if page is not None:
            page.beat()

    def tick(self):
        """Beat, and see to it that there is a companion if there is to be one.
        """
        self.beat()
        with self._lock:
            if self._is_over:
                return
            if self._child is not None:
                self._look()
            if self._child is None and self._is_wanted:
                self._start()

    @property
    def _is_wanted(self):
        site = self._site
        return (site.settings.companion and site.views_socket is not None
                and not site.exit_guard.begun
                and (self._not_before is None
                     or self._clock() >= self._not_before))

    def _look(self):
        code = self._child.poll()
        if code is not None:
            self._child = None
            if not self._site.exit_guard.begun:
                self._site.log_queue.log(
                    logging.WARNING, 'The companion %s; it is started again, '
                    'at most once a minute', how_it_ended(code))
        elif self._socket is not self._site.views_socket or (
                not self._site.settings.companion):
            self._stop()
            self._not_before = None
        else:
            if self._site.exit_guard.begun:
                self._page.end()
            self._publish()

    def _start(self):
        self._not_before = self._clock() + AGAIN
        try:
            self._child = self._started()
        except Exception:
            # The watchdog that calls us has other things to do.
            self._site.log_queue.log(
                logging.ERROR, 'The companion cannot be started; the next '
                'attempt is in a minute', exc_info=sys.exc_info())

    def _started(self):
        if not self._ends_with_process:
            self._ends_with_process = True
            atexit.register(self.end)
        if self._page is None:
            self._page = new_page()
        self._stacks.register()
        self._page.beat()
        self._paths = None
        self._publish()
        self._socket = self._site.views_socket
        descriptors = [self._socket.fileno(), self._page.fileno]
        if self._stacks.fileno >= 0:
            descriptors.append(self._stacks.fileno)
        # A group of its own: Ctrl-C and Ctrl-Z of a terminal are not for it.
        # What it inherits of a terminal or a pipe, nobody could see the end of.
        return self._launch(
            self._command(), pass_fds=descriptors, cwd='/',
            start_new_session=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _command(self):
        return [interpreter(), '-I', '-S', PROGRAM] + [str(value) for value in (
            self._socket.fileno(), self._page.fileno, self._stacks.fileno,
            self._stacks.number, os.getpid(),
            meeting_point(self._site.settings.listen.of(self._socket)))]

    def _publish(self):
        paths = self._site.table.by_path
        if paths is not self._paths:  # it is never changed, only replaced
            self._paths = paths
            self._page.publish(dict((path, _shows_stacks(paths[path]))
                                    for path in paths))

    def _stop(self):
        child, self._child = self._child, None
        if child is None:
            return
        page, self._page = self._page, None  # another one gets another
        page.end()
        page.forget()
        child.terminate()
        try:
            child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

    def close(self):
        """Have no companion until the next tick."""
        with self._lock:
            self._stop()
            self._not_before = None
            self._stacks.unregister()

    def end(self):
        """Have none any more, at the end of the process; in the main thread."""
        if self._pid == os.getpid():
            with self._lock:
                self._is_over = True
                self._stop()
                self._stacks.unregister()

    def begin_anew(self):
        """In a forked child: the companion is its parent's."""
        child, stacks, page = self._child, self._stacks, self._page
        if child is not None:
            child.returncode = 0  # nobody is to wait for it here
        self._forget()
        stacks.unregister()
        if page is not None:
            page.forget()


class NoKeeper(object):
    """Stands for a `CompanionKeeper` where there can be no companion."""

    def tick(self):
        """There is nothing to do."""

    close = begin_anew = tick


def keeper_for(site):
    """The keeper that a Site with the setting gets; where there can be no
    companion it keeps none, and a warning says why. In the thread that reads
    the configuration."""
    reason = missing()
    if reason is not None:
        site.log_queue.log(
            logging.WARNING, 'The setting companion has no effect: %s. Remove '
            'it here, or leave it for where that is so', reason)
        return NoKeeper()
    keeper = CompanionKeeper(site)
    # Those that are there already have the watchdog's beat.
    site.loops.call_each_turn(keeper.beat)
    return keeper


def how_it_ended(code):
    """In words; ``code`` is the ``returncode`` of a Popen."""
    if code >= 0:
        return 'has ended by itself, with exit code %d' % code
    try:
        name = signal.Signals(-code).name
    except ValueError:  # most of the real-time signals have none
        return 'was killed by signal %d' % -code
    return 'was killed by signal %d (%s)' % (-code, name)


def _shows_stacks(mount):
    try:
        return mount.view.shows_stacks is True and mount.tier != 'change'
    except Exception:
        return False


def missing():
    """Why there can be no companion here, as a text; or None."""
    if PY2 or not sys.platform.startswith('linux'):
        return 'it needs Linux and Python 3'
    if not hasattr(os, 'memfd_create'):
        return 'this Python was built without os.memfd_create'
    if interpreter() is None:
        return ('no Python was found that could run it: neither %r nor one in '
                '%s/bin' % (sys.executable, sys.prefix))
    return None
