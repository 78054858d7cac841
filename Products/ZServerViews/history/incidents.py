"""Rules that open an incident, and why each has not.

While an incident lasts, the recorder looks more often. Each rule fires at most
so many times an hour, and again only after it has been quiet in between.
"""
from __future__ import absolute_import, division, print_function

from collections import deque

from Products.ZServerViews.format.units import duration, size
from Products.ZServerViews.history import records

HOUR = 3600.0
EACH_HOUR = 6

# A rule that holds on fires again after so many seconds.
AGAIN = 600.0

LONG_REQUEST = 30.0
LONG_LAG = 1.0
# In so many seconds without a look; such a gap is recorded as well.
GAP = 1.0
GROWTH = 200 << 20
# In so many seconds.
GROWS = 600.0
CONFLICTS = 100

MINUTE = 60.0


class Rule(object):
    """One rule; the numbers are compared with its limit.

    ``name``
        Also in the records.
    ``limit``, ``unit``
        From which number on it fires, and a function that makes a text of
        such a number.
    ``worst``
        The largest number since it has fired last, or since that was over.
    ``lasted``
        For how many seconds what it has fired for last held on; None while that
        goes on.
    ``is_over``
        Whether the number is of seconds that are over when it is told.
    """

    def __init__(self, name, limit, unit, what, is_over=False):
        self.name = name
        self.limit = limit
        self._unit = unit
        self._what = what
        self._is_over = is_over
        self.last = None       # when it has fired
        self.worst = self.lasted = None
        self._moments = deque(maxlen=EACH_HOUR)
        self._holds = False    # since it has fired
        self._since = None     # of the monotonic clock
        self._held_back = 0

    def look(self, number, now, moment, more=u''):
        """The record of an incident if it fires now; else None.

        ``number``
            None if it is not known.
        ``now``, ``moment``
            Of the monotonic clock, and of the wall's.
        ``more``
            What the record says behind the number.
        """
        if number is None:
            return None
        if number < self.limit and self._holds:
            self._holds, self.worst = False, number
            if not self._is_over:
                self.lasted = now - self._since
        if self.worst is None or number > self.worst:
            self.worst = number
        if number < self.limit:
            return None
        if self._holds and now - self._moments[-1] < AGAIN:
            return None
        if (len(self._moments) == EACH_HOUR
                and now - self._moments[0] < HOUR):
            self._held_back += 1
            return None
        return self._fire(number, now, moment, more)

    def _fire(self, number, now, moment, more):
        self._moments.append(now)
        if not self._holds:
            self._holds, self._since = True, now
        self.last = moment
        self.worst, self._held_back = None, 0
        self.lasted = number if self._is_over else None
        return {'kind': records.INCIDENT, 'time': moment, 'rule': self.name,
                'worst': number, 'said': self._what % self._unit(number) + more}

    def document(self):
        """For JSON: when it has fired last, how long that lasted, and why it has
        not fired since."""
        # The recorder's thread may forget them meanwhile.
        worst, lasted = self.worst, self.lasted
        if self._held_back:
            why = u'it has fired %d times within an hour' % EACH_HOUR
        elif worst is None:
            why = u'nothing has been seen'
        elif worst >= self.limit:
            why = u'it has held on, up to %s' % self._unit(worst)
        else:
            why = u'at most %s, and it fires from %s on' % (
                self._unit(worst), self._unit(self.limit))
        return {'name': self.name, 'last': self.last,
                'lasted': None if lasted is None else round(lasted, 3),
                'why_not_since': why}


def _count(number):
    return u'%d' % number


class Incidents(object):
    """All rules, for one thread."""

    def __init__(self):
        self._ready = Rule('ready lost', 1, _count,
                           u'/-/ready fails: %s of its checks')
        self._long = Rule('request over 30 s', LONG_REQUEST, duration,
                          u'a request has worked for %s')
        self._lag = Rule('loop lag over 1 s', LONG_LAG, duration,
                         u'an event loop was late by %s')
        # What holds the interpreter holds those too who ask the event loops.
        self._gap = Rule('no look for 1 s', GAP, duration,
                         u'no Python code ran for %s', is_over=True)
        self._rss = Rule('RSS + 200 MiB', GROWTH, size,
                         u'the memory has grown by %s within ten minutes')
        self._conflicts = Rule('conflicts over 100 a minute', CONFLICTS,
                               _count, u'%s conflicts within a minute')
        self.rules = [self._ready, self._long, self._lag, self._gap,
                      self._rss, self._conflicts]
        self._rss_past = deque()        # (moment, bytes)
        self._conflicts_past = deque()  # (moment, how many so far)

    def look(self, now, moment, failed, longest, lag, late, rss, conflicts):
        """The records of all that fire now.

        ``failed``
            The names of the checks of readiness that fail.
        ``longest``
            For how long the oldest request has worked, or None.
        ``lag``
            The longest of the event loops since the last look.
        ``late``
            How much later than planned this look is.
        ``rss``, ``conflicts``
            The memory in bytes, or None; how many conflicts so far.
        """
        found = [self._ready.look(len(failed), now, moment,
                                  u' (%s)' % u', '.join(failed)),
                 self._long.look(longest, now, moment),
                 self._lag.look(lag, now, moment),
                 self._gap.look(late, now, moment),
                 self._rss.look(_growth(self._rss_past, now, rss, GROWS),
                                now, moment),
                 self._conflicts.look(
                     _growth(self._conflicts_past, now, conflicts, MINUTE),
                     now, moment)]
        return [record for record in found if record is not None]

    def documents(self):
        return [rule.document() for rule in self.rules]


def _growth(past, now, number, seconds):
    """By how much a number has grown since its least in the last seconds; the
    past has one entry for each second, and for each change."""
    if number is None:
        return None
    # Smaller ones before it are all that matter: so it stays short.
    while past and past[-1][1] >= number:
        past.pop()
    past.append((now, number))
    while now - past[0][0] > seconds:
        past.popleft()
    return number - past[0][1]
