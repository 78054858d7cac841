"""A day of the recorder, by a clock that is moved: what was recorded before has to
be there still."""
from __future__ import absolute_import, division, print_function

import json
import random

from zope.interface import implementer

from Products.ZServerViews.base import TextView, aside
from Products.ZServerViews.interfaces import ISuite

HOUR = 3600
PAGES = 500


class Clock(object):
    """Stands still but for what is added to ``now``."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


class Day(object):
    """Takes the recorder's work from its thread, for as long as this process lives:
    it lives by the moved clock from then on.

    Requests are told as workers tell them, and each second is a turn of the recorder.
    """

    def __init__(self, site):
        self._site, self._history = site, site.history
        self._numbers = random.Random(3)
        self._stop_thread()
        self._clock = clock = Clock(self._history._clock())
        offset = self._history._now_by_wall() - clock.now
        self._history._now_by_wall = lambda: clock.now + offset
        self._history._clock = site.recorder.now = clock
        site.recorder.finished._clock = clock
        observer = self._history.observer
        observer.waits._clock = observer._log._clock = clock
        # Loops have clocks of their own.
        observer._lag = lambda now: 0.0

    def _stop_thread(self):
        daemon, history = self._history._daemon, self._history
        thread = daemon.thread
        daemon.dismiss()
        history._bell.set()
        thread.join(60)
        assert not thread.is_alive()

    def second(self, requests):
        for _number in range(requests):
            self._request()
        self._history.turn()
        self._clock.now = max(self._clock.now, self._history._planned)

    def _request(self):
        recorder, numbers = self._site.recorder, self._numbers
        request = recorder.received('GET', '/page/%d' % numbers.randrange(PAGES), None)
        # It has waited; of 5,000 one for very long.
        request.received -= (numbers.expovariate(20) if numbers.random() > 0.0002
                             else numbers.uniform(2, 20))
        recorder.begins(request)
        request.status = b'200'
        recorder.ends()


day = []


def passes(environ, seconds):
    if not day:
        day.append(Day(environ['zserverviews.site']))
    left = int(environ['QUERY_STRING'])
    for second in range(seconds):
        requests = left // (seconds - second)
        left -= requests
        day[0].second(requests)
    return u'%s' % json.dumps(day[0]._history._now_by_wall())


@aside
@TextView
def hour(environ):
    """An hour passes, with so many requests as the query says; the time then."""
    return passes(environ, HOUR)


@aside
@TextView
def minute(environ):
    """The same, a minute."""
    return passes(environ, 60)


@implementer(ISuite)
class Suite(object):
    def views(self):
        return [('hour', hour), ('minute', minute)]


suite = Suite()
