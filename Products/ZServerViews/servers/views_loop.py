"""The thread ``zserver-views-loop``: an event loop that serves views alone.

Its map has the listener for views and the connections of that. So the listener
answers while all workers are busy or asleep, and while the event loop of the
site's server stands still. Where that server has no event loop that we know,
this one answers besides what workers hand over.

Waitress's wasyncore is the loop; it is there where Zope is, whatever serves the
site. On ZServer there may be no waitress, and no such loop.
"""
from __future__ import absolute_import, division, print_function

import atexit
import logging
import select
import sys
from collections import deque

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._daemons import Daemon, make_rlock
from Products.ZServerViews.servers.sockets import is_free

NAME = 'zserver-views-loop'
# Seconds of an iteration in which nothing happens; while somebody waits for
# another loop's view.
TICK = 1.0
QUICK = 0.1
# Seconds between two attempts to get the address of the listener, which
# another process of the same site may have.
TRY_AGAIN = 2.0
# Seconds that the end of the process waits for the end of the loop.
TO_END = 2.0
# Connections that wait to be taken over; while the loop is blocked there may
# come many, and each has a byte in the pipe of the trigger.
MOST_WAITING = 100

# All that run. Python 2 cannot take an exit handler back, and loops come and go
# with the views: so there is one handler for the life of the process.
_running = set()
_at_exit = []


def _stop_all():
    """At the end of the process."""
    for loop in list(_running):
        loop.stop()


class ViewsLoop(object):
    """One in a process that serves.

    ``open_listener(loop)``
        Returns a server of waitress's kind in the map of the loop, or None if
        the address cannot be had; the log says so then.
    ``part``
        The `runtime.patching.Part` that ends with a fault of ours.
    ``state``
        A `contracts.IServerState`: what views may ask the server of the site.
        Its ``look()`` is called in each iteration.
    ``has_ended``
        Whether nothing of it is left.
    ``before``
        One that has been told to end, if there is one: it may have the address
        still, and is waited for in the new thread.
    """

    def __init__(self, site, part, open_listener, state, before=None):
        from waitress import trigger, wasyncore
        self.map = {}
        self.trigger = trigger.trigger(self.map)
        self.loop = None
        self.listener = None
        self.pipeline = None
        self.state = state
        self._site = site
        self._part = part
        self._open_listener = open_listener
        self._before = before
        self._poll = (wasyncore.poll2 if hasattr(select, 'poll')
                      else wasyncore.poll)
        self._handed_over = deque()  # by workers, for the loop
        self._taken_over = deque()   # connections, for the loop
        # What it was woken for. Its trigger would hold a lock meanwhile, and
        # that work may wake it again.
        self._works = deque()
        self._active = []            # the loop's
        self._ends = self.has_ended = False
        # Held to write to the trigger, which is closed by who has said with it
        # that the loop ends: its descriptor may become that of another file.
        # Whoever holds it may be interrupted by a signal's handler that wakes.
        self._waking = make_rlock()
        self._next_try = monotonic()  # when to listen, if not yet
        self._is_taken = False       # the address, as far as is known
        self._daemon = Daemon(NAME)

    # In any thread:

    def open(self):
        """Listen now, before the thread starts; in the thread that starts it.
        Waits for nothing. If it cannot be, the loop tries again."""
        if self._before is None or self._before.has_ended:
            try:
                self._listen()
            except BaseException:
                self._close()
                raise

    @property
    def ends(self):
        """Whether it has been told to end, or has ended."""
        return self._ends

    def start(self):
        self._site.views_loop = self
        _running.add(self)
        try:
            self._daemon.start(self._run)
        except BaseException:
            self._close()
            raise
        if not _at_exit:
            _at_exit.append(True)
            # Behind whatever it ends before: these are called in reverse.
            atexit.register(_stop_all)

    def wake(self, work=None):
        """Have an iteration now, and work() called in it, if that is told;
        False once the loop has ended."""
        if self._ends:
            return False  # in a forked child somebody may hold the lock for ever
        with self._waking:
            if self._ends or self.trigger._fileno is None:
                return False
            if work is not None:
                self._works.append(work)
            self.trigger.pull_trigger()
        return True

    def hand_over(self, handover):
        self._handed_over.append(handover)
        self.wake()

    @property
    def has_room(self):
        """Whether a connection can be taken over."""
        return not self._ends and len(self._taken_over) < MOST_WAITING

    def take_over(self, connection):
        """Have ``connection.begin()`` called in the loop; or ``close()``, if
        that ends before or it fails."""
        self._taken_over.append(connection)
        if not self.wake():
            self._drop_taken_over()

    def take_back(self, handover):
        """Nobody waits for it any more, and the loop has not begun."""
        try:
            self._handed_over.remove(handover)
        except (IndexError, ValueError):
            pass  # the loop takes it, or another, just now

    def log_by(self, pipeline):
        """Have lines in the access log written as this pipeline does, or none.
        """
        self.pipeline = pipeline
        listener = self.listener
        if listener is not None:
            listener.application = pipeline

    def in_flight(self):
        """How many requests on the listener are not answered in full."""
        listener = self.listener
        return 0 if listener is None else listener.in_flight()

    def end(self):
        """Have the loop end soon; does not wait for that."""
        if self._ends:
            return  # in a forked child somebody may hold the lock for ever
        with self._waking:
            if not self._ends:
                self._ends = True
                self.trigger.pull_trigger()

    def stop(self):
        """Have the loop end, and wait a moment for that."""
        ended = self._ends
        self.end()
        thread = self._daemon.thread
        if thread is None:
            if not ended:
                self._close()  # it has not been started
        elif not self._daemon.is_current:
            thread.join(TO_END)

    def forget(self):
        """In a forked child: what is open here is the parent's too."""
        self._ends = True
        self._daemon.dismiss()
        self._leave_site()
        self._drop_taken_over()
        self._works.clear()
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.forget()
        for entry in list(self.map.values()):
            try:
                entry.close()
            except Exception:
                pass  # it is the parent's, in whatever state
        self.map.clear()

    # In its thread:

    def _run(self):
        try:
            self._wait_for_the_one_before()
            self.loop = self._site.begin_loop(self.wake, is_for_views=True)
            self.loop.state = self.state
            while not self._ends:
                self._turn()
        except Exception:
            self._part.failed()
        finally:
            self._close()

    def _wait_for_the_one_before(self):
        before, self._before = self._before, None
        thread = None if before is None else before._daemon.thread
        if thread is not None:
            thread.join(TO_END)

    def _turn(self):
        if self._next_try is not None:
            self._listen()
        self._poll(self._timeout(), self.map)
        self.loop.turns += 1
        self.state.look()
        self.loop.tell()
        self._work()
        while self._taken_over:
            self._begin(self._taken_over.popleft())
        while self._handed_over:
            self._active.append(self._handed_over.popleft())
        for handover in self._active:
            if handover.can_move:
                self._step(handover)
        self._active = [handover for handover in self._active
                        if not handover.is_done]

    def _work(self):
        while self._works:
            try:
                self._works.popleft()()
            except Exception:
                self._site.log_queue.log(
                    logging.ERROR, 'Work for which the loop of the views was '
                    'woken failed', exc_info=sys.exc_info())

    def _timeout(self):
        if self._handed_over or any(
                handover.can_move for handover in self._active):
            return 0
        return QUICK if self._site.view_calls.is_wanted else TICK

    def _begin(self, connection):
        try:
            connection.begin()
        except Exception:
            self._site.log_queue.log(
                logging.ERROR, 'A connection that was taken over failed',
                exc_info=sys.exc_info())
            connection.close()

    def _drop_taken_over(self):
        while self._taken_over:
            try:
                self._taken_over.popleft().close()
            except IndexError:
                pass  # another thread does the same

    def _step(self, handover):
        try:
            handover.step()
        except Exception:
            self._site.log_queue.log(
                logging.ERROR, 'A request that a worker has handed over '
                'failed', exc_info=sys.exc_info())
            self._end(handover)

    def _end(self, handover):
        try:
            handover.end()
        except Exception:
            self._part.failed()

    def _listen(self):
        """Open the listener; again and again while another process has it."""
        site, now = self._site, monotonic()
        address = site.settings.listen
        if address is None or self.listener is not None:
            self._next_try = None
        elif now >= self._next_try:
            self._next_try = now + TRY_AGAIN
            # The log has it once.
            if not self._is_taken or any(map(is_free, address.choices())):
                self._is_taken = True
                self.listener = self._open_listener(self)
                if self.pipeline is not None:
                    # A worker has been faster.
                    self.log_by(self.pipeline)

    def _close(self):
        """Nothing of this loop is left, in whatever way it ends."""
        with self._waking:
            self._ends = True
        self._leave_site()
        self._drop_taken_over()
        listener, self.listener = self.listener, None
        waiting = list(self._handed_over) + self._active
        for handover in waiting:
            self._end(handover)
        if listener is not None:
            listener.stop()
        for entry in list(self.map.values()):
            try:
                entry.close()
            except Exception:
                pass  # nothing can be done for it any more
        self._work()
        if self.loop is not None:
            self._site.end_loop(self.loop)
        self.has_ended = True

    def _leave_site(self):
        _running.discard(self)
        if self._site.views_loop is self:
            self._site.views_loop = None
