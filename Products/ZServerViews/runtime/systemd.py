"""Tells systemd that the site serves, that its event loop runs, and that it ends:
``Type=notify`` and ``WatchdogSec``, see sd_notify(3).

Each word is a datagram for the socket that the variable NOTIFY_SOCKET names; none
waits. It is sent by the event loop itself, at one of its iterations: a loop that
stands still says nothing, and systemd restarts the service. An idle loop is woken
by the watchdog of this product.

Everything runs in event loops, except `Systemd.__init__`, `begin_anew` and the end.
"""
from __future__ import absolute_import, division, print_function

import atexit
import errno
import fcntl
import logging
import os
import re
import socket

from Products.ZServerViews._compat import monotonic

SOCKET, PROCESS, MAIN, PERIOD = ('NOTIFY_SOCKET', 'WATCHDOG_PID', 'SYSTEMD_EXEC_PID',
                                 'WATCHDOG_USEC')
READY, ALIVE, STOPPING = b'READY=1', b'WATCHDOG=1', b'STOPPING=1'
EXPECT = b'WATCHDOG_USEC=%d'
NEVER = float('inf')
# An idle loop is woken four times a second: so often one of three words may be late.
PARTS = 3
# Seconds to the next attempt, where systemd has not taken a word.
AGAIN = 0.5

_FULL = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS)


class Systemd(object):
    """Of one Site, in the process that systemd has started.

    ``period``
        Seconds within which systemd expects a word; None if it expects none.
    """

    def __init__(self, site, environ=os.environ, clock=monotonic,
                 at_exit=atexit.register):
        self._site = site
        self._clock = clock
        self._at_exit = at_exit
        self._pid = os.getpid()
        self._address = _address(environ.get(SOCKET, ''))
        self._microseconds = _number(environ.get(PERIOD))
        self._sender = None
        self._failed = self._is_ready = self._stops = self._is_paused = False
        # Those that have turned since the last word.
        self._turned = set()
        self._due = 0.0 if self._address and _is_main(environ) else NEVER
        if self._due == 0.0:
            site.loops.call_each_turn(self.beat)

    @property
    def period(self):
        return self._microseconds / 1e6 if self._microseconds else None

    def begin_anew(self):
        """In a forked child, which systemd does not know."""
        sender, self._sender = self._sender, None
        self._due = NEVER
        if sender is not None:
            sender.close()

    def beat(self, loop):
        """At each iteration of a loop."""
        if self._site.exit_guard.begun:
            self._stop()
        now = self._clock()
        if now >= self._due and self._completes(loop):
            self._tell(now)

    def _completes(self, loop):
        """Whether each loop that has to has turned since the last word."""
        servers = self._site.loops.of_servers
        if loop.is_for_views and servers:
            return False  # it runs on while those of the site stand still
        self._turned.add(loop)
        return self._turned.issuperset(
            other for other in servers if not other.has_ended)

    def _tell(self, now):
        words = [] if self._is_ready else [READY]
        if self._is_paused:
            words.append(EXPECT % self._microseconds)
        if self.period:
            words.append(ALIVE)
        if not self._send(words):
            self._due = now + AGAIN
            return
        if not self._is_ready:
            self._is_ready = True
            self._at_exit(self._stop)
        self._is_paused = False
        self._turned.clear()
        self._due = now + self.period / PARTS if self.period else NEVER

    def _stop(self):
        """Also at the end of the process."""
        if self._is_ready and not self._stops and self._pid == os.getpid():
            self._stops = self._send([STOPPING])

    def left(self):
        """Nothing of ours is in a loop any more. If that was the last one,
        nothing can be told: systemd is to expect no word until there is one."""
        if (self._is_ready and self.period and not self._is_paused and not any(
                not loop.has_ended for loop in self._site.loops.of_servers)):
            self._is_paused = self._send([EXPECT % 0])
            self._due = 0.0

    def _send(self, words):
        """Whether systemd has got it."""
        if not words:
            return True
        try:
            if self._sender is None:
                self._sender = _sender()
            self._sender.sendto(b'\n'.join(words), self._address)
            return True
        except (socket.error, OSError) as error:
            if error.errno not in _FULL and not self._failed:
                self._failed = True  # once: it may come again each time
                self._site.log_queue.log(
                    logging.WARNING, 'systemd cannot be told how the site is, at '
                    'the socket that NOTIFY_SOCKET names: %s', error)
            return False


def _sender():
    """A socket that no program inherits. It stays open: later the process may have
    no descriptor left."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    fcntl.fcntl(made, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    return made


def _address(said):
    """That of a unix socket, also of an abstract one; '' for any other."""
    if said.startswith('@'):
        return '\0' + said[1:]
    return said if said.startswith('/') else ''


def _number(said):
    # Not by isdigit: it takes U+00B2 for a digit, of which int makes no number.
    return int(said) if said and re.match('[0-9]{1,18}$', said) else 0


def _is_main(environ):
    """Whether systemd has started this process itself, and not a parent of it:
    it listens to no other."""
    told = [environ[name] for name in (PROCESS, MAIN) if environ.get(name)]
    return not told or str(os.getpid()) in told
