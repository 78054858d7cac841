"""What the process does with signals that have no other handler.

Installed when an event loop begins to run, since a program that only loads the
configuration should end at once as ever. Handlers run in the main thread,
between two steps of whatever it does.
"""
from __future__ import absolute_import, division, print_function

import os
import signal


class Signals(object):
    """SIGTERM lets running requests finish, SIGUSR1 logs all stacks.

    SIGINT (Ctrl-C) ends the server as ever, but between two loop iterations:
    as an exception inside a view it would be one more failure of that view.
    """

    def __init__(self, site):
        self._site = site
        self._ours = {}

    def install(self, drains):
        """Handle the signals that have their default action.

        ``drains``
            Whether the server of the loop knows how to end; else the signals
            for that are left alone.
        """
        if not self._site.settings.signals:
            return
        if drains:
            self._claim(signal.SIGTERM, self._terminate)
            self._claim(signal.SIGINT, self._interrupt,
                        signal.default_int_handler)
        self._claim(signal.SIGUSR1, self._dump)

    def uninstall(self):
        for number, handler in list(self._ours.items()):
            if signal.getsignal(number) == handler:
                self._leave(number)
        self._ours.clear()

    def _claim(self, number, handler, default=signal.SIG_DFL):
        if signal.getsignal(number) != default:
            return  # somebody else's, or ours already
        if default == signal.SIG_DFL and number in handled_in_c():
            return  # faulthandler.register does so, unknown to Python
        try:
            signal.signal(number, handler)
        except ValueError:
            return  # only the main thread may, and this loop is in another
        self._ours[number] = handler

    def _leave(self, number):
        try:
            signal.signal(number, _default(number))
        except ValueError:
            pass

    def _terminate(self, number, frame):
        timeout = self._site.settings.drain_timeout
        if self._is_to_end(number):
            self._site.drain.begin(timeout)
            self._end('SIGTERM', timeout, must_exit=True)

    def _interrupt(self, number, frame):
        if self._is_to_end(number):
            self._site.drain.stop()
            # Who serves from a shell of Python's gets the prompt again.
            self._end('SIGINT', 0.0, must_exit=False)

    def _is_to_end(self, number):
        """Whether the loops are to end; if not, the process does at once."""
        self._expect_second(number)
        # Uninstalled in another thread, which cannot restore the action.
        if number in self._ours and self._running_loops():
            return True
        if number == signal.SIGTERM and is_init():
            end_now(number)
        os.kill(os.getpid(), number)
        return False

    def _expect_second(self, number):
        """A second one has its default action, at once."""
        if number == signal.SIGTERM and is_init():
            signal.signal(number, end_now)
        else:
            # Whatever the main thread does then: that is the kernel's.
            self._leave(number)

    def _running_loops(self):
        return [loop for loop in self._site.loops.of_servers
                if not loop.has_ended]

    def _end(self, why, seconds, must_exit):
        self._site.exit_guard.begin(why, seconds, must_exit)
        for loop in self._running_loops():
            loop.wake()

    def _dump(self, number, frame):
        # Nothing that takes a lock: what has been interrupted may hold it.
        self._site.watchdog.ask_for_dump()


def is_init():
    """Whether this is process 1, as the main program of a container is.

    The kernel drops signals for it that have their default action, whoever
    sends them: see pid_namespaces(7).
    """
    return os.getpid() == 1


def end_now(number, frame=None):
    """End as the default action of a signal does, with the exit code by which
    a shell would tell that."""
    os._exit(128 + number)


def _default(number):
    """What Python has for a signal at its start."""
    return (signal.default_int_handler if number == signal.SIGINT
            else signal.SIG_DFL)


def handled_in_c(status='/proc/self/status'):
    """The numbers of all signals that have a handler, as Linux tells them.

    That file is none of a disk's. Empty where there is no such file.
    """
    try:
        with open(status) as lines:
            masks = [line.split()[1] for line in lines
                     if line.startswith('SigCgt:')]
    except EnvironmentError:
        return frozenset()
    caught = int(masks[0], 16) if masks else 0
    return frozenset(number for number in range(1, signal.NSIG)
                     if caught >> (number - 1) & 1)
