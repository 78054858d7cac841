"""Stacks as numbers: equal ones are kept once, and the oldest are forgotten.

A frame is (function, file, line). One thread adds; any thread reads.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.text import cut, text

# Roughly, in bytes: the limit of all, and what a stack and a frame need beside
# the 8 bytes of each place in a stack.
LIMIT = 4 << 20
STACK_COSTS = 400
FRAME_COSTS = 350

# Of a deeper stack the outermost frames are left out.
MAX_FRAMES = 100
LEFT_OUT = u'(frames are left out)', u'', 0

# Stacks that are found by the code objects of their frames.
MOST_BY_CODE = 5000
# Code objects that are kept for these: some, as of scripts, are made anew again and
# again, and nothing else keeps them.
MOST_CODES = 1000

# Of the name of a function and of a file, in characters.
LONGEST = 300


class StackTable(object):
    """{number: a tuple of frames, the outermost first}

    Numbers count up and are never used again. In the middle of its life the
    table holds two generations: when the young one has half of the bytes, it
    becomes the old one, and what nobody has asked for since then is forgotten.
    """

    def __init__(self, limit=LIMIT):
        self._limit = limit
        self._next = 1
        self._old = {}     # {number: tuple of frames}
        self._young = {}
        self._numbers = {}  # {tuple of frames: number}, of both
        self._frames = {}  # {frame: itself}, so that equal ones are kept once
        self._costs = 0    # of the young generation
        self._forget_codes()

    def __len__(self):
        return len(self._numbers)

    def intern(self, frames):
        """The number of a stack; its frames, the outermost first, are
        (function, file, line)."""
        frames = tuple(map(tuple, frames))
        number = self._numbers.get(frames)
        if number is None:
            frames = tuple(map(self._once, frames))
            number, self._next = self._next, self._next + 1
            self._numbers[frames] = number
        if number not in self._young:
            self._rejuvenate(number, frames)
        return number

    def of_frame(self, frame):
        """The number of the stack that a thread has, from its innermost frame.

        No reference to a frame is left.
        """
        key, codes = [], []
        inner = frame
        for _number in range(MAX_FRAMES):
            code = frame.f_code
            key.append((id(code), frame.f_lasti))
            codes.append(code)
            frame = frame.f_back
            if frame is None:
                break
        # Of 64 bits; the key itself would be larger than the stack.
        key = hash((frame is None,) + tuple(key))
        del frame
        number = self._by_code.get(key)
        if number is None or number not in self._young:
            number = self.intern(_frames_of(inner))
            if (len(self._by_code) >= MOST_BY_CODE
                    or len(self._codes) >= MOST_CODES):
                self._forget_codes()
            self._by_code[key] = number
            self._codes.update(zip(map(id, codes), codes))
        return number

    def renew(self, number):
        """Whether a stack is known still; it is then asked for again."""
        frames = self._young.get(number)
        if frames is None:
            frames = self._old.get(number)
            if frames is not None:
                self._rejuvenate(number, frames)
        return frames is not None

    def _forget_codes(self):
        self._by_code = {}  # {hash of (id of a code, place in it) ...: number}
        self._codes = {}    # {id: code}, so that no other gets that id

    def definition(self, number):
        """[[function, file, line], ...] of a stack, the outermost first; empty if
        it is not known any more."""
        return list(map(list, self.frames(number)))

    def frames(self, number):
        """The same as a tuple of tuples, which are this table's own."""
        found = self._young.get(number)
        if found is None:
            found = self._old.get(number, ())
        return found

    def _once(self, frame):
        return self._frames.setdefault(frame, frame)

    def _rejuvenate(self, number, frames):
        self._young[number] = frames
        self._costs += STACK_COSTS + 8 * len(frames)
        used = self._costs + FRAME_COSTS * len(self._frames)
        if 2 * used > self._limit:
            self._grow_older()

    def _grow_older(self):
        # New dictionaries: other threads read these.
        self._old, self._young = self._young, {}
        self._numbers = dict((frames, number)
                             for number, frames in self._old.items())
        self._frames = dict((frame, frame) for frames in self._old.values()
                            for frame in frames)
        self._forget_codes()
        self._costs = 0


def _frames_of(frame):
    """Of a thread, from its innermost frame, the outermost first."""
    found = []
    for _number in range(MAX_FRAMES):
        code = frame.f_code
        found.append((_name(code.co_name), _name(code.co_filename),
                      frame.f_lineno or 0))
        frame = frame.f_back
        if frame is None:
            break
    else:
        found.append(LEFT_OUT)
    found.reverse()
    return found


def _name(value):
    return cut(text(value), LONGEST, end=False)
