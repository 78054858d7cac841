"""The child process that takes the stacks of this one, seen from here.

See `sampling_child` for what it does. All of it runs in the thread that takes the
profile, which reads now and then what the child has written: the child looks in
time, whoever holds the interpreter here.
"""
from __future__ import absolute_import, division, print_function

import fcntl
import json
import os
import subprocess
import sys

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews._daemons import has_greenlets
from Products.ZServerViews.format.text import clean, cut
from Products.ZServerViews.history.profiling import sampling_child
from Products.ZServerViews.monitor.process import interpreter

OUTSIDE = (u'outside: profiling.sampling, in a child process, reads the stacks '
           u'from the memory of the site')

# The first Python whose library can.
SINCE = 3, 15
# Seconds for it to begin, on a machine that is very busy.
PATIENCE = 20.0
# What the kernel keeps for us while this process cannot read: some 30 seconds of
# looks. From fcntl(2), F_SETPIPE_SZ.
_SET_SIZE, _SIZE = 1031, 1 << 20
# Bytes read at once, of a line, and of a reason.
_AT_ONCE, _LONGEST_LINE, _LONGEST = 1 << 16, 1 << 22, 300


class Lost(Exception):
    """There is no child that looks; the text says why."""


def is_for(python=None, platform=None):
    """Whether such a child can be tried here."""
    return ((python or sys.version_info[:2]) >= SINCE
            and (platform or sys.platform).startswith('linux')
            # Their numbers are not those of threads.
            and not has_greenlets() and interpreter() is not None)


class Look(object):
    """``moment``
        Of the monotonic clock.
    ``threads``
        A list of (the system's number, state, number of the stack); the states
        are those of `sampling_child`.
    """

    __slots__ = 'moment', 'threads'

    def __init__(self, moment, threads):
        self.moment = moment
        self.threads = threads


class Outside(object):
    """One child process.

    ``begun``
        When it had its first look; None before.
    ``failed``
        How many looks have failed.
    ``used``, ``used_since``
        Its processor time so far: in all, and since its first look.
    """

    def __init__(self, rate, seconds, clock=monotonic, launch=None):
        self.begun = None
        self.failed = 0
        self.used = self.used_since = 0.0
        self._first_used = None
        self._clock = clock
        self._patient_until = clock() + PATIENCE
        self._frames, self._old = {}, {}
        self._rest = b''
        self._is_over = False
        try:
            self._child = (launch or _launch)(
                [interpreter(), '-I', '-S', program()] + [
                    str(value) for value in (os.getpid(), rate, seconds)])
        except Exception as error:
            raise Lost(_reason(u'could not be started: %s' % error))
        self._descriptor = self._child.stdout.fileno()
        os.set_blocking(self._descriptor, False)
        try:
            fcntl.fcntl(self._descriptor, _SET_SIZE, _SIZE)
        except (OSError, ValueError):
            pass  # less will do, as long as we are not kept from reading

    def frames_of(self, number):
        """A stack: a tuple of (function, file, line), the outermost first."""
        found = self._frames.get(number)
        return self._old.get(number, ()) if found is None else found

    def looks(self):
        """The `Look` objects since the last call; raises `Lost`."""
        found = []
        for line in self._lines():
            self._take(json.loads(line), found)
        if not found and self._is_over:
            raise Lost(u'has ended with exit code %s' % self._child.wait())
        now = self._clock()
        if found:
            self._patient_until = now + PATIENCE
        elif now > self._patient_until:
            raise Lost(u'has seen nothing for %.0f s' % PATIENCE)
        return found

    def _lines(self):
        while True:
            try:
                read = os.read(self._descriptor, _AT_ONCE)
            except BlockingIOError:
                return
            if not read:
                self._is_over = True
                return
            lines = (self._rest + read).split(b'\n')
            self._rest = lines.pop()
            if len(self._rest) > _LONGEST_LINE:
                raise Lost(u'writes without an end')
            for line in lines:
                yield line.decode('ascii')

    def _take(self, words, found):
        kind, words = words[0], words[1:]
        if kind == 'look':
            moment, self.used, self.failed, threads = words
            if self._first_used is None:
                self._first_used = self.used
            self.used_since = self.used - self._first_used
            found.append(Look(moment, threads))
        elif kind == 'stack':
            self._frames[words[0]] = tuple(map(tuple, words[1]))
        elif kind == 'forget':
            # The looks before may have some of them.
            self._old, self._frames = self._frames, {}
        elif kind == 'begins':
            self.begun, = words
        else:
            raise Lost(_reason(u'could not: %s' % words[0]))

    def end(self):
        """Have it gone; it leaves nothing behind."""
        self._child.kill()
        self._child.wait()
        self._child.stdout.close()


def program():
    """The path of what the child runs."""
    return os.path.splitext(sampling_child.__file__)[0] + '.py'


def _launch(command):
    # A group of its own: Ctrl-C of a terminal is not for it.
    return subprocess.Popen(
        command, cwd='/', start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def _reason(said):
    return cut(clean(said), _LONGEST)
