"""By how much the resident memory has grown while each page was made.

Workers read it before and after a request, but ten times a second at most: that
opens a file of the system. All threads share the memory. So what has grown while
a request was alone is told apart from what has grown while others were in work.

So many pages are kept. Of those which have not been measured lately, the one with
the smallest growth goes: a page that leaks little each time has to be there for long
before that is more than what others take once.
"""
from __future__ import absolute_import, division, print_function

from collections import OrderedDict
from itertools import count, islice

from Products.ZServerViews._daemons import make_lock
from Products.ZServerViews.monitor.memory.system_memory import resident

# Seconds between two requests that are measured.
PAUSE = 0.1
# Pages that are kept.
MOST_PAGES = 500


class Page(object):
    """``alone``, ``alone_bytes``
        How many requests were measured with no other one in work meanwhile, and
        the sum of their growth, which may be below nought.
    ``shared``, ``shared_bytes``
        The same of the others.
    """

    __slots__ = 'alone', 'alone_bytes', 'shared', 'shared_bytes'

    def __init__(self):
        self.alone = self.alone_bytes = self.shared = self.shared_bytes = 0

    def add(self, grown, is_alone):
        if is_alone:
            self.alone += 1
            self.alone_bytes += grown
        else:
            self.shared += 1
            self.shared_bytes += grown


class PageGrowth(object):
    """``resident()``
        The resident memory in bytes, or None.
    """

    def __init__(self, resident=resident):
        self._resident = resident
        self.begin_anew()

    def begin_anew(self):
        """Have measured nothing; also in a forked child."""
        # {ident of a worker: (bytes, number of its request, or None where others
        # were in work)}
        self._open = {}
        self._numbers, self._latest = count(1), 0
        self._next = 0.0
        self._lock = make_lock()  # for a few instructions, ten times a second
        self._pages = OrderedDict()  # the one that was measured last is the last

    # By workers:

    def begins(self, ident, now, is_alone):
        """The calling worker begins with a request, with no other in work?"""
        number = self._latest = next(self._numbers)
        if now >= self._next:
            self._next = now + PAUSE
            self._open[ident] = self._resident(), number if is_alone else None
        else:
            # That of a request whose end nobody has told.
            self._open.pop(ident, None)

    def ends(self, ident, request):
        """It has finished this one."""
        found = self._open.pop(ident, None)
        if found is not None:
            self._add(request, *found)

    def _add(self, request, before, number):
        after = self._resident()
        if before is None or after is None:
            return
        path = request.path
        with self._lock:
            page = self._pages.pop(path, None)
            if page is None:
                self._make_room()
                page = Page()
            self._pages[path] = page
            # No other one has begun since.
            page.add(after - before, number == self._latest)

    def _make_room(self):
        pages = self._pages
        if len(pages) >= MOST_PAGES:
            del pages[min(islice(pages, MOST_PAGES // 2), key=lambda path: (
                pages[path].alone_bytes, pages[path].shared_bytes))]

    # In any thread but the loop:

    def pages(self):
        """[(path, Page)], that which has grown most alone first."""
        with self._lock:
            found = list(self._pages.items())
        found.sort(key=lambda item: (-item[1].alone_bytes,
                                     -item[1].shared_bytes, item[0]))
        return found

    @property
    def requests(self):
        """How many have begun."""
        return self._latest
