"""What /-/history knows of an incident a day later, and what the recorder costs.

    python -m benchmarks.history                          # ten minutes
    python -m benchmarks.history --seconds 12 --requests 20000 --kills 1
    python -m benchmarks.history --instructions           # with valgrind, too

A Zope on waitress has an incident of 90 seconds: two pages wait for a lock, two for
a storage, 20 requests for a worker, and a page sleeps at three lines. Then a day
passes by a clock that is moved, with 10^6 requests. What `?at=` answers then is
compared with what was done; its cost to the event loop is the processor time of that
thread. Then eight workers wait, or compute, for a minute: what does the recorder's
thread need? And processes are killed: until when are there records?

It needs what the tests need: the Zope is theirs.
"""
from __future__ import absolute_import, division, print_function

import argparse
import sys
import threading
import time

from tests.functional import incident

from . import history_costs
from .figures import percentile
from .history_site import Site, asked, history
from .tables import fact, note, out, table, title

# MiB, and milliseconds of the event loop.
MOST_MEMORY, MOST_LOOP = 16, 10
HOURS = 24


def staged(site, seconds):
    """The Moments of an incident that lasts so long."""
    moments = incident.staged(
        site, lambda path, number: time.sleep(seconds / 3))
    moments.phase = seconds / 9
    site.get('/@@phases?seconds=%r' % moments.phase)
    moments.ended = time.time()
    time.sleep(2)  # the last one is noted
    return moments


def a_day(site, requests):
    for hour in range(HOURS):
        left = requests - hour * (requests // HOURS)
        asked(site, '/day/hour?%d' % (
            requests // HOURS if hour < HOURS - 1 else left))


def errors(site, moments):
    """[(what, seconds told less seconds done)] of all that was in work."""
    found = history(site, moments.began, moments.ended + 1)
    done = {'/@@wait': ('wait', moments.let_go - moments.began),
            '/@@load_anew': ('load', moments.let_go - moments.storage_hung)}
    told = []
    for held in found['held']:
        if held['path'] in done:
            function, seconds = done[held['path']]
            at = sum(one['seconds'] for one in held['stacks']
                     if any(function in frame[0] for frame in one['stack'][-6:]))
            told.append(('%s %s' % (held['path'], held['worker']), at - seconds))
    for story in found['slow']:
        if story['path'] == '/@@phases' and story['inside']:
            lines = {}
            for stay in story['stacks']:
                line = [frame for frame in stay['stack']
                        if frame[0] == '__call__'][-1][2]
                lines[line] = lines.get(line, 0) + stay['seconds']
            told += [('/@@phases line %d' % line, lines[line] - moments.phase)
                     for line in sorted(lines)]
    return told


def right_requests(site, moments):
    """Whether each moment shows those that were there, and no other."""
    def at(moment):
        found = history(site, moment - 1, moment)
        return (sorted(held['path'] for held in found['held']),
                [one['path'] for one in found['queued']])

    return (at(moments.at_the_lock), at(moments.at_the_storage)) == (
        (['/@@wait'] * 2, []),
        (['/@@load_anew'] * 2 + ['/@@wait'] * 2, ['/@@echo']))


class Pings(threading.Thread):
    """Asks for a small view meanwhile; ``times`` are in milliseconds."""

    def __init__(self, site):
        threading.Thread.__init__(self)
        self.daemon = True
        self._site, self.times = site, []
        self.ends = threading.Event()

    def run(self):
        with self._site.connect() as connection:
            while not self.ends.wait(0.002):
                began = time.perf_counter()
                connection.get('/v/hello')
                self.times.append(1e3 * (time.perf_counter() - began))

    def stop(self):
        self.ends.set()
        self.join()
        return '%.1f, %.1f, %.1f' % (percentile(self.times, 50),
                                     percentile(self.times, 99), max(self.times))


def loop_cost(site, query, times):
    """(ms of the loop's processor for one answer, ms until it is there)"""
    def spent(call):
        before = asked(site, '/costs/loop')
        for _time in range(times):
            call()
        return 1e3 * (asked(site, '/costs/loop') - before) / times

    began = time.perf_counter()
    cost = spent(lambda: site.get('/-/history?' + query))
    return cost, 1e3 * (time.perf_counter() - began) / times


def report_incident(given):
    title('An incident, a day later')
    with Site() as site:
        moments = staged(site, given.seconds)
        before = right_requests(site, moments)
        began = time.time()
        a_day(site, given.requests)
        fact('staged', 'for %.0f s; then %d hours and %d requests, in %.0f s' % (
            moments.ended - moments.began, HOURS, given.requests,
            time.time() - began))
        right = before and right_requests(site, moments)
        fact('requests', 'the right ones at both moments' if right else 'WRONG')
        off = errors(site, moments)
        table(('told less done, in seconds', 'at its stack'),
              [(what, '%+.2f' % seconds) for what, seconds in off])
        memory = asked(site, '/costs/memory')
        fact('memory', '%.1f MiB, of at most %d' % (memory / 2 ** 20, MOST_MEMORY))
        slowest = report_answers(site, moments)
    return (right and len(off) == 7 and all(abs(one[1]) <= 1 for one in off)
            and memory <= MOST_MEMORY << 20 and slowest <= MOST_LOOP)


def report_answers(site, moments):
    quiet = Pings(site)
    quiet.start()
    time.sleep(2)
    rows, costs = [('(none)', '-', '-', quiet.stop())], []
    at = 'at=%.0f' % moments.at_the_storage
    a_day_of_all = 'from=%.0f&to=%.0f' % (moments.began, moments.began + 86400)
    for query, times in [(at, 20), (at + '&format=json', 20),
                         (at + '&format=svg', 20), (a_day_of_all, 3)]:
        pings = Pings(site)
        pings.start()
        cost, took = loop_cost(site, query, times)
        rows.append((query, '%.2f' % cost, '%.0f' % took, pings.stop()))
        costs.append(cost)
    out()
    table(('ms', 'loop', 'answer', 'other views: p50, p99, most'), rows)
    note('Loop: the processor time of the event loop for one answer, with that of '
         'the other views that are asked for meanwhile.')
    return max(costs)


def main(arguments):
    parser = argparse.ArgumentParser(prog='python -m benchmarks.history')
    parser.add_argument('--seconds', type=float, default=90, help='of the incident')
    parser.add_argument('--requests', type=int, default=10 ** 6)
    parser.add_argument('--kills', type=int, default=5)
    parser.add_argument('--instructions', action='store_true')
    parser.add_argument('--see', nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.see:
        history_costs.see_requests(given.see[0], int(given.see[1]))
        return 0
    good = [report_incident(given),
            history_costs.report_looks(),
            history_costs.report_kills(given.kills)]
    if given.instructions:
        good.append(history_costs.report_instructions())
    out()
    fact('verdict', 'all goals are met' if all(good) else 'a goal is missed')
    return 0 if all(good) else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
