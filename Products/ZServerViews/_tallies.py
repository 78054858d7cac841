"""Numbers that many threads count and one reads, without a lock on their way.

Each number has one writer: a thread adds to a cell of its own, and whoever
reads adds the cells up.
"""
from __future__ import absolute_import, division, print_function

from bisect import bisect_left

from Products.ZServerViews._compat import get_ident, monotonic
from Products.ZServerViews._daemons import current_frames, make_lock

# Seconds for which a cell is read still whose thread has ended: a new thread
# that has got its number may have taken it at that moment.
LEAVES = 60
# A sum is made anew so often if cells are taken out meanwhile, which is rare.
ATTEMPTS = 3
# The unit, in seconds, in which `Longest` remembers, and how many units.
STEP = 10
STEPS = 31


class PerThread(object):
    """A cell for each thread that counts.

    ``make()``
        A new cell, with methods ``add_to(cell)`` and ``not_below(cell)``.
    ``cells``
        {ident of a thread: its cell}; what counts often looks here first.
    ``most``
        With more cells, a reader takes out those of threads that have ended;
        what they have counted is kept.

    Event loops read too, so no reader waits for another one.
    """

    def __init__(self, make, clock=monotonic, most=200,
                 running=current_frames):
        self._make = make
        self._clock = clock
        self._most = most
        self._running = running
        self.begin_anew()

    def begin_anew(self):
        """Have counted nothing; in a forked child that was the parent."""
        self.cells = {}
        # Replaced, never changed: others may be adding them up.
        self._leaving = []  # (when, cell)
        self._left = self._make()
        self._told = self._make()
        # Held to take cells out, by one reader; nobody waits for it. Odd
        # meanwhile, and another number afterwards:
        self._retiring = make_lock()
        self._changes = 0

    def here(self):
        """The cell of the calling thread."""
        ident = get_ident()
        cell = self.cells.get(ident)
        if cell is None:
            cell = self.cells.setdefault(ident, self._make())
        return cell

    def total(self):
        """A cell that has the sum of all that there have been.

        It is for reading only.
        """
        if len(self.cells) > self._most and self._retiring.acquire(False):
            try:
                self._changes += 1
                self._retire()
            finally:
                self._changes += 1
                self._retiring.release()
        total = self._make()
        for cell in self._all():
            cell.add_to(total)
        # A sum of floats depends on their order, which changes where a thread
        # ends; and who reads a counter takes the smallest step back for a new
        # start.
        told = None
        while told is not self._told:  # another reader may have told more
            told = self._told
            total.not_below(told)
        self._told = total
        return total

    def _all(self):
        """All cells, each once; or what the reader before has found, if cells are
        taken out for longer than a loop may wait."""
        for _attempt in range(ATTEMPTS):
            before = self._changes
            found = [self._left]
            found += [cell for _when, cell in self._leaving]
            # Copied in one step of the interpreter: a thread may add one.
            found += self.cells.copy().values()
            if before == self._changes and not before % 2:
                return found
        return [self._told]

    def _retire(self):
        now, running = self._clock(), self._running()
        leaving, left = list(self._leaving), self._make()
        for ident in self.cells.copy():
            if ident not in running:
                leaving.append((now, self.cells.pop(ident)))
        del running
        self._left.add_to(left)
        for when, cell in leaving:
            if now - when > LEAVES:
                cell.add_to(left)
        self._left = left
        self._leaving = [(when, cell) for when, cell in leaving
                         if now - when <= LEAVES]


class Counts(dict):
    """A cell: {what: how often}"""

    def count(self, what, number=1):
        self[what] = self.get(what, 0) + number

    def add_to(self, other):
        for what, number in self.copy().items():
            other.count(what, number)

    def not_below(self, earlier):
        for what, number in earlier.items():
            if self.get(what, 0) < number:
                self[what] = number


class Rows(dict):
    """A cell: {what: a list of numbers}, all of one length for each."""

    __slots__ = ()

    def add_to(self, other):
        for what, row in self.copy().items():
            other[what] = added(other.get(what), list(row))

    def not_below(self, earlier):
        for what, row in earlier.items():
            self[what] = highest(self.get(what, row), row)


def highest(row, other):
    """Of two lists of numbers the greater ones."""
    return list(map(max, row, other))


def added(row, other):
    """The sum of two lists of numbers; of which the first may be None."""
    return other if row is None else [
        one + another for one, another in zip(row, other)]


class Longest(object):
    """The longest of some times, in the last minutes; one thread writes.

    So each reader has the same, however many there are.
    """

    def __init__(self, clock=monotonic):
        self._clock = clock
        self.by_step = {}  # {when, in steps: the longest then}

    def note(self, seconds):
        step = int(self._clock() // STEP)
        by_step = self.by_step
        if seconds > by_step.get(step, 0.0):
            by_step[step] = seconds
            if len(by_step) > STEPS:
                del by_step[min(by_step)]

    def within(self, seconds):
        """The longest in so many last seconds; 0.0 if there is none."""
        oldest = int((self._clock() - seconds) // STEP)
        return max([0.0] + [longest for step, longest
                            in self.by_step.copy().items() if step >= oldest])


class Timings(object):
    """A cell: a histogram of times, and the longest.

    ``row``
        How many there were up to each of the ``bounds``, how many above, and
        the sum of all.
    """

    def __init__(self, bounds, clock=monotonic):
        self.bounds = bounds
        self.row = new_row(bounds)
        self.longest = Longest(clock)

    def observe(self, seconds):
        row = self.row
        row[bisect_left(self.bounds, seconds)] += 1
        row[-1] += seconds
        self.longest.note(seconds)

    def add_to(self, other):
        other.row = added(other.row, list(self.row))
        for step, seconds in self.longest.by_step.copy().items():
            by_step = other.longest.by_step
            by_step[step] = max(by_step.get(step, 0.0), seconds)

    def not_below(self, earlier):
        self.row = highest(self.row, earlier.row)


def new_row(bounds):
    """Of a histogram with these bounds, which has observed nothing."""
    return [0] * (len(bounds) + 1) + [0.0]


def quantile(row, share):
    """The value that this share of all does not exceed, as Prometheus has it:
    between the bounds of a bucket in proportion. None without any.

    ``row``
        [(bound, how many up to it)]; the bound of all is None.
    """
    count = row[-1][1]
    if count <= 0:
        return None
    wanted, below, before = count * share, 0.0, 0
    for bound, up_to in row[:-1]:
        if up_to >= wanted:
            return below + (bound - below) * (wanted - before) / max(
                1e-9, up_to - before)
        below, before = bound, up_to
    return below
