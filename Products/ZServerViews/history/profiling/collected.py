"""What a running profile has seen, in a bounded amount of memory."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.profiles.sampled import Profile

# Of samples in their order, of different ones without it, and of stacks. What
# is beyond them has this one stack.
MOST_IN_TIME = 20000
MOST_DIFFERENT = 20000
MOST_STACKS = 5000
BEYOND = ((u'(more stacks than are kept)', u'', None),)

# Roughly, in bytes.
_SAMPLE, _STACK, _PLACE, _FRAME = 180, 120, 8, 250


class Collected(object):
    """Written by the thread that takes the profile.

    ``frames_of``
        Returns the frames of a stack by its number.
    """

    def __init__(self, frames_of):
        self._frames_of = frames_of
        self._samples = []
        self._latest = {}  # {thread: the place of its latest sample}
        self._sums = None  # {(stack, thread, state, path): seconds}
        self._places = {}  # {number of a stack: its place}
        self._stacks = []

    def add(self, stack, seconds, thread, state, path, start):
        """For so many seconds, from a second of the epoch on."""
        key = self._place(stack), thread, state, path
        if self._sums is None:
            self._append(key, seconds, start)
            if len(self._samples) > MOST_IN_TIME:
                self._forget_times()
            return
        if key not in self._sums and len(self._sums) >= MOST_DIFFERENT:
            key = self._place(None), thread, state, None
        self._sums[key] = self._sums.get(key, 0.0) + seconds

    def _append(self, key, seconds, start):
        stack, thread, state, path = key
        place = self._latest.get(thread)
        if place is not None:
            before = self._samples[place]
            end = before[5] + before[1]
            if (before[0], before[3], before[4]) == (stack, state, path) and (
                    abs(start - end) < seconds):
                self._samples[place] = (
                    stack, before[1] + seconds) + before[2:]
                return
        self._latest[thread] = len(self._samples)
        self._samples.append((stack, seconds, thread, state, path, start))

    def _forget_times(self):
        self._sums = {}
        samples, self._samples = self._samples, []
        for stack, seconds, thread, state, path, _start in samples:
            key = stack, thread, state, path
            self._sums[key] = self._sums.get(key, 0.0) + seconds

    def _place(self, number):
        place = self._places.get(number)
        if place is None:
            if number is not None and len(self._stacks) >= MOST_STACKS:
                return self._place(None)
            frames = () if number is None else self._frames_of(number)
            place = self._places[number] = len(self._stacks)
            self._stacks.append(frames or BEYOND)
        return place

    def profile(self, about):
        """The `Profile` of it."""
        numbers, frames, stacks = {}, [], []
        for stack in self._stacks:
            for frame in stack:
                if frame not in numbers:
                    numbers[frame] = len(frames)
                    frames.append(frame)
            stacks.append(tuple(numbers[frame] for frame in stack))
        samples = self._samples
        if self._sums is not None:
            samples = [(key[0], seconds) + key[1:] + (None,)
                       for key, seconds in self._sums.items()]
        return Profile(frames, stacks, samples, about)


def size_of(profile):
    """Roughly, in bytes."""
    return (_SAMPLE * len(profile.samples) + _FRAME * len(profile.frames)
            + sum(_STACK + _PLACE * len(stack) for stack in profile.stacks))
