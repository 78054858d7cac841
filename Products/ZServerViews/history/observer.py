"""What the recorder's thread does in each tick: from the facts to the records.

It reads what workers, event loops, the watchdog and the log have left, takes a
look at the workers if there is a reason, and asks the rules.
"""
from __future__ import absolute_import, division, print_function

import sys
from functools import partial

from Products.ZServerViews.history import records
from Products.ZServerViews.history.error_notes import Errors
from Products.ZServerViews.history.incidents import Incidents
from Products.ZServerViews.history.log_notes import LogNotes
from Products.ZServerViews.history.looks import Looker
from Products.ZServerViews.history.minutes import Minutes
from Products.ZServerViews.history.stories import Ended, SlowRequests
from Products.ZServerViews.history.slow_lines import SlowLines
from Products.ZServerViews.history.waits import Waits
from Products.ZServerViews.monitor.liveness import Ready, loop_check
from Products.ZServerViews.monitor.threads import thread_names

# Of the thread.
NAME = 'zserver-views-history'

# From here on a worker is looked at, in seconds at its request; and from here
# on a request waits.
BUSY = 1.0
WAITS = 0.5


class Observer(object):
    """Of one process; in the recorder's thread.

    ``site``
        The `runtime.site.Site`.
    ``put(record)``, ``table``
        Where the records go, and the `StackTable` for their stacks.
    ``wall(moment)``
        The wall clock at a moment of the monotonic one.
    ``report(exc_info)``
        Called where something fails.
    ``rules``, ``waits``
        The `Incidents`, and the `Waits`, which event loops write.
    """

    def __init__(self, site, put, table, wall, report, clock,
                 frames=sys._current_frames):
        self._site = site
        # Those of the site, which has none any more when the last view goes.
        self._recorder, self._metrics = site.recorder, site.metrics
        self._put = put
        self._table = table
        self._wall = wall
        self._log = LogNotes(clock, NAME)
        self._note = self._log.note  # one object, by which it is found again
        self.rules, self.waits = Incidents(), Waits(report, clock)
        self._errors, self._ended = Errors(), Ended()
        self._slow = SlowRequests(wall)
        self._lines = SlowLines(site.log_queue)
        self._looker = Looker(table, site.thread_clocks, frames)
        self._minutes = Minutes(site, self._metrics, self._wall)
        self._names = partial(thread_names, site.workers)
        self._named = {}  # {ident: (request, name)} of the last look

    # In any thread:

    def attach(self):
        """Have workers and event loops leave their notes; may be called again.
        """
        recorder = self._recorder
        recorder.ended, recorder.errors = self._ended, self._errors
        self._metrics.in_loop = self.waits.ask

    def detach(self):
        """Have them leave no more; may be called again."""
        self._site.log_redirect.listen_no_more(self._note)
        self._recorder.ended = self._recorder.errors = None
        self._metrics.in_loop = None

    # In the recorder's thread:

    def tell_rest(self):
        """The process ends: have a record of all that waits for one."""
        self._put_all(self._errors.rest(self._table, self._wall)
                      + self._log.rest(self._wall))

    def _put_all(self, found):
        for record in sorted(found, key=lambda record: record['time']):
            self._put(record)

    def end(self):
        """The thread ends: its last tick may have come behind `detach`."""
        self._site.log_redirect.listen_no_more(self._note)

    def begin(self, now):
        self._minutes.begin(now)

    def tick(self, now, late):
        """One in each second; whether an incident begins with it."""
        working = self._recorder.current.copy()
        self._take_notes(working, now)
        waiting, wait, paths = self.waits.now()
        longest = max([request.worked(now) or 0.0
                       for request in working.values()] or [0.0])
        lag = self._lag(now)
        self._minutes.see(len(working), waiting, wait)
        if working and (self._site.settings.record_always or longest >= BUSY
                        or (wait or 0.0) >= WAITS):
            self._look(working, now, {
                'late': rounded(late), 'interval': 1.0,
                'in_work': len(working), 'waiting': waiting,
                'oldest_wait': rounded(wait), 'queue': paths or [],
                'lag': rounded(lag), 'rss': self._minutes.rss()})
        else:
            self._named = {}  # else requests that have ended would be kept
        if self._minutes.is_over(now):
            self._put(self._minutes.take(now))
        return self._judge(now, longest, lag, late, waiting, wait)

    def look_finely(self, now, late, interval):
        """Inside an incident, at what is slow already; whether anything is."""
        least = self._site.settings.slow_request
        working = dict((ident, request) for ident, request
                       in self._recorder.current.copy().items()
                       if (request.worked(now) or 0.0) >= least)
        if working:
            self._look(working, now, {'late': rounded(late),
                                      'interval': interval})
        return bool(working)

    def _take_notes(self, working, now):
        """Make records of all that has been noted; what has ended is taken out of
        those that are ``working``."""
        settings = self._site.settings
        over = self._ended.take()  # before the errors: see `SlowRequests.take`
        gone = set(id(request) for request, _moment, _ident in over)
        for ident in [one for one in working if id(working[one]) in gone]:
            del working[ident]
        found, classes = self._errors.take(self._table, self._wall, now)
        ended = self._slow.take(over, settings.slow_request, working.values(),
                                self._names, classes)
        for record in ended:
            self._lines.say_ended(record, settings.slow_request_log)
        if settings.record_log:
            self._site.log_redirect.listen(self._note)
        else:
            self._site.log_redirect.listen_no_more(self._note)
        self._put_all(found + ended + self._log.take(self._wall))

    def _look(self, working, now, more):
        self._minutes.looks += 1
        databases, rows = self._site.databases, []
        limit = self._site.settings.slow_request_log
        for seen in self._looker.look(
                working, self._names_of(working), () if databases is None
                else databases.idents_in_calls()):
            story, is_new = self._slow.story_of(seen.request, seen.name)
            story.see(now, seen.stack, seen.state)
            if is_new:
                self._put(self._slow.begun(story, now))
            self._lines.say_slow(story, limit, now, self._table.frames)
            rows.append([seen.name, story.id, seen.request.path, seen.state,
                         seen.stack, rounded(seen.request.worked(now))])
        self._put(dict(more, kind=records.LOOK, time=self._wall(now),
                       workers=rows))

    def _names_of(self, working):
        """{ident: name} of workers, as far as they have one: a thread has the name
        that it had as long as it has the same request."""
        before = self._named
        if any(before.get(ident, (None,))[0] is not working[ident]
               for ident in working):
            names = self._names()
            before = dict((ident, (working[ident], names.get(ident)))
                          for ident in working)
        self._named = dict((ident, before[ident]) for ident in working)
        return dict((ident, before[ident][1]) for ident in working)

    def _lag(self, now):
        """The longest of the event loops lately; one that is blocked has been
        late for so long."""
        asked = [loop.asked for loop in self._site.loops.all
                 if not loop.has_ended]
        return max([now - since for _told, since in filter(None, asked)]
                   + [self._metrics.lag.total().longest.within(1)])

    def _judge(self, now, longest, lag, late, waiting, wait):
        site = self._site
        settings = site.settings
        checks = Ready(settings.ready_max_wait,
                       settings.ready_max_queue).checks(
            True, site.drain.draining, wait, waiting) + site.checks.results()
        checks.append(loop_check(site.watchdog.site_stands_for()))
        failed = [check.name for check in checks if not check.ok]
        found = self.rules.look(
            now, self._wall(now), failed, longest, lag, late,
            self._minutes.rss(), self._minutes.conflicts())
        for record in found:
            self._put(record)
        return bool(found)


def rounded(value):
    return None if value is None else round(value, 3)
