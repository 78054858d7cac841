"""What the companion does: it sleeps while its process beats, and answers on
the listener for views while that does not.

A process that has ended is stood for a few seconds more, so that a load balancer
learns why; then, or when the next instance wants the listener, the companion
ends.
"""
from __future__ import absolute_import, division, print_function

import select
import signal
import socket
import time

from Products.ZServerViews.companion.memory_readers import MemoryReaders
from Products.ZServerViews.companion.outside_stacks import OutsideStacks
from Products.ZServerViews.companion.parent_process import OutOfMemory, ParentProcess
from Products.ZServerViews.http.target import sent_path
from Products.ZServerViews.runtime import handover
from Products.ZServerViews.runtime.brief import BriefResponder, request_line
from Products.ZServerViews.runtime.shared_page import Page

# Seconds without a beat from which on the process is stood for.
SILENCE = 1.0
# How much later than planned the companion may wake and still trust its own
# clock: else this machine was suspended, or is far too busy to judge.
IN_TIME = 0.25
# Seconds for which a process that has ended is stood for.
LINGER = 5.0
# Signals by which it was told to end, though nobody handles them there, as in
# bjoern.
TO_END = frozenset([signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
# Seconds between two looks while the process is stood for.
LOOK = 0.05
# Seconds between two counts of what was killed for want of memory.
COUNT = 60.0

GONE = 'ended, or was killed'
OUT_OF_MEMORY = 'out of memory'


class Duty(object):
    """One companion.

    ``listening``
        The listener's socket, which the process has too.
    ``meeting``
        The name at which the next instance can have it, see `handover`.
    ``wait(descriptors, seconds)``
        Returns when one of these can be read, or the time is over.
    """

    def __init__(self, listening, page, parent, stacks, meeting, clock,
                 memory=None, wait=None):
        self._listening = listening
        self._page = page
        self._parent = parent
        self._stacks = stacks
        self._meeting = meeting
        self._memory = memory or OutOfMemory()
        self._clock = clock
        self._wait = wait or wait_for
        self._responder = BriefResponder(self._answer, clock)
        self._stands_in = False
        self._reason = None    # why, or why it did at last
        self._since = self._due = self._counted = clock()
        self._ends = None      # when it has lingered enough
        self._offering = None  # for the next instance
        self._is_over = False  # that instance has the listener

    def run(self):
        """Until nothing is left to do."""
        while self.turn():
            self.sleep()
        self._responder.close()

    def turn(self):
        """Do what can be done now; whether the companion is needed further."""
        now = self._clock()
        if now > self._due + IN_TIME:
            self._since = now
        if self._ends is None:
            if self._parent.is_gone:
                ended = self._parent.exit_signal()
                if self._page.is_ending or (ended and ended[0] in TO_END):
                    return False
                self._begin_to_linger(now, ended)
            else:
                self._judge(now)
        if self._offering is not None and not self._is_over:
            self._is_over = handover.hand_over(self._offering, self._listening)
            self._stands_in = not self._is_over
        left = self._responder.turn(
            self._listening if self._stands_in else None)
        if self._is_over:
            return left
        return self._ends is None or now < self._ends

    def sleep(self):
        """Until something comes, or the time of the next look."""
        descriptors = self._responder.filenos()
        seconds = LOOK
        if not self._stands_in and not descriptors:
            seconds = max(0.0, SILENCE - self._silence(self._clock()))
        if (self._stands_in and not self._responder.is_full
                and self._listens()):
            descriptors.append(self._listening.fileno())
        if self._ends is None and self._parent.fileno is not None:
            descriptors.append(self._parent.fileno)
        if self._offering is not None and not self._is_over:
            descriptors.append(self._offering.fileno())
        self._due = self._clock() + seconds
        self._wait(descriptors, seconds)

    def _listens(self):
        # The process may have shut it down, as its last step. Then each wait
        # for it would be over at once.
        return self._listening.getsockopt(socket.SOL_SOCKET,
                                          socket.SO_ACCEPTCONN)

    def _silence(self, now):
        """For how many seconds the process has not run, as far as is known."""
        return now - max(self._page.latest_beat, self._since)

    def _judge(self, now):
        silence = self._silence(now)
        self._stands_in = silence >= SILENCE
        if not self._stands_in:
            pass
        elif self._parent.is_stopped:
            self._reason = 'stopped'
        else:
            self._reason = 'interpreter held for %.1f s' % silence
        if now >= self._counted + COUNT:
            self._counted = now
            self._memory.look()

    def _begin_to_linger(self, now, ended):
        self._reason = how_it_ended(ended, self._memory.has_killed())
        self._stands_in = True
        self._ends = now + LINGER
        self._offering = handover.offer(self._meeting)

    def _answer(self, head):
        found = request_line(head)
        if found is None:
            return encoded('GET', '1.0', '400 Bad Request',
                           'This is no request of HTTP.\n')
        method, target, version = found
        shows_stacks = self._page.paths().get(sent_path(target))
        if shows_stacks is None:
            return encoded(method, version, '404 Not Found',
                           'There is no view at this path.\n')
        # It knows nobody but by the mode of the socket. A client may have sent
        # its request when the process runs again, see `runtime.stack_signal`.
        if (shows_stacks and self._stands_in and self._ends is None
                and method in ('GET', 'HEAD')
                and self._listening.family == socket.AF_UNIX):
            taken = self._stacks.take()
            if taken is not None:
                return encoded(method, version, '200 OK', '%s; the stacks from '
                               'outside, by %s:\n\n%s'
                               % ((self._reason,) + taken))
        return encoded(method, version, '503 Service Unavailable',
                       self._reason + '\n', [('Retry-After', '1')])


def how_it_ended(ended, for_want_of_memory):
    """In words; ``ended`` is what `ParentProcess.exit_signal` says."""
    number, code = ended or (None, None)
    if for_want_of_memory and code is None and number in (None, 9):
        return OUT_OF_MEMORY
    if number is not None:
        return 'killed by signal %d' % number
    return GONE if code is None else 'ended with exit code %d' % code


def encoded(method, version, status, text, headers=()):
    """The bytes of an answer that ends its connection."""
    body = text.encode('utf-8', 'replace')
    lines = ['HTTP/%s %s' % ('1.1' if version == '1.1' else '1.0', status),
             # The locale is always C here.
             time.strftime('Date: %a, %d %b %Y %H:%M:%S GMT', time.gmtime()),
             'Content-Type: text/plain; charset=utf-8',
             'Content-Length: %d' % len(body),
             'Cache-Control: no-store',
             'X-Content-Type-Options: nosniff',
             'Connection: close']
    lines += ['%s: %s' % header for header in headers]
    head = '\r\n'.join(lines + ['', '']).encode('latin-1')
    return head if method == 'HEAD' else head + body


def wait_for(descriptors, seconds):
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    # Rounded up, for it would come too early otherwise, and turn in vain.
    poll.poll(int(seconds * 1000) + 1)


def run(arguments):
    """The companion that `runtime.companion_keeper` has started."""
    listening, page, stacks, number, pid = map(int, arguments[:5])
    parent, clock = ParentProcess(pid), time.monotonic
    outside = OutsideStacks(parent, stacks, number, MemoryReaders(pid, clock),
                            clock)
    Duty(socket.socket(fileno=listening), Page(page), parent, outside,
         arguments[5], clock).run()
