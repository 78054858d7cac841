"""What the process does with signals that nobody else handles.

Installed when a loop begins to turn, since a program that only loads the
configuration should end at once as ever. Handlers run in the main thread,
between two steps of whatever it does.
"""
from __future__ import absolute_import, division, print_function

import os

try:
    # What `signal` is made of, without its enumerations: they cost 2 ms of
    # every start, for no module of Zope's needs them.
    import _signal as signal
except ImportError:  # PY2: it is written in C as a whole
    import signal  # PY2


class Signals(object):
    """SIGTERM lets running requests finish, SIGUSR1 logs all stacks.

    SIGINT (Ctrl-C) ends the server as ever, but between two turns of the loop:
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
        self._end(number, lambda: self._site.drain.begin(
            self._site.settings.drain_timeout))

    def _interrupt(self, number, frame):
        self._end(number, self._site.drain.stop)

    def _end(self, number, how):
        # A second one has its default action, at once.
        self._leave(number)
        loops = [loop for loop in self._site.loops.all
                 if loop.running is not False]
        # Uninstalled in another thread, where nobody can give it back.
        ours = number in self._ours
        if not ours or not loops:
            os.kill(os.getpid(), number)
            return
        how()
        for loop in loops:
            loop.wake()

    def _dump(self, number, frame):
        # Nothing that takes a lock: what has been interrupted may hold it.
        self._site.watchdog.ask_for_dump()


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
