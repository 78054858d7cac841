"""How wrong the shares of a profile are: python -m benchmarks.profile

Workers compute in Python for some 30 ms, sort a list for some 40 ms, which holds
the interpreter all the time, and sleep for 30 ms, again and again; each such round
is a request. They measure by themselves how long they are in each of the three. The
worst difference to the share that a profile has is printed, in points. ::

    python -m benchmarks.profile [--seconds 30] [--rate 100] [--svg FILE]
"""
from __future__ import absolute_import, division, print_function

import argparse
import random
import sys
import threading
import time
import traceback

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.format.profiles.formats import FORMATS
from Products.ZServerViews.history.profiling.profiler import Profiler
from Products.ZServerViews.monitor import thread_clocks
from Products.ZServerViews.monitor.recorder import Recorder

from . import tables

GOAL = 8
WORKERS = (1, 4)
COMPUTES, SORTS, SLEEPS = 0.03, 0.04, 0.03
LOOK = 0.25


class Silent(object):
    """A log queue without a log."""

    def log(self, level, text, *args, **kw):
        if kw:
            raise RuntimeError(text % args)


class Site(object):
    """As much of one as a profile needs."""

    metrics = None
    workers = staticmethod(dict)

    def __init__(self):
        self.recorder = Recorder()
        self.log_queue = Silent()
        self.thread_clocks = thread_clocks.of_this_process()


def compute(steps):
    for _step in range(steps):
        pass


def sort(values):
    return sorted(values)


def rest(seconds):
    time.sleep(seconds)


def calibrated(call, make, seconds):
    """make(n), for which call() takes so much of a processor."""
    number = 1000
    while True:
        argument = make(number)
        # Others may have the processors meanwhile.
        began = time.thread_time()
        call(argument)
        took = time.thread_time() - began
        if took >= seconds / 4:
            return make(int(number * seconds / took))
        number *= 2


class Work(object):
    """Rounds of workers, and how long they were in what."""

    def __init__(self, site, number):
        self._site = site
        self._ends = threading.Event()
        generator = random.Random(1)
        self._parts = [
            (compute, calibrated(compute, int, COMPUTES)),
            (sort, calibrated(sort, lambda size: [
                generator.random() for _item in range(size)], SORTS)),
            (rest, SLEEPS)]
        self.spent = [dict.fromkeys(('compute', 'sort', 'rest'), 0.0)
                      for _worker in range(number)]
        self._threads = [
            threading.Thread(target=self._run, args=(spent,),
                             name='worker-{0}'.format(place))
            for place, spent in enumerate(self.spent)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc_info):
        self._ends.set()
        for thread in self._threads:
            thread.join()

    def _run(self, spent):
        recorder = self._site.recorder
        while not self._ends.is_set():
            recorder.begins(recorder.received('GET', '/mix', None))
            for call, argument in self._parts:
                began = monotonic()
                call(argument)
                spent[call.__name__] += monotonic() - began
            recorder.ends()

    def total(self):
        """{name of a function: seconds} of all workers."""
        return dict((name, sum(spent[name] for spent in self.spent))
                    for name in self.spent[0])


def watch(clocks, ends):
    """As the watchdog does."""
    while not ends.wait(LOOK):
        clocks.look([thread.native_id for thread in threading.enumerate()
                     if thread.native_id])


def failed(exc_info):
    traceback.print_exception(*exc_info)


def measured(number, seconds, rate):
    """(the profile, {function: its share}) with so many workers."""
    site, ends = Site(), threading.Event()
    profiler = Profiler(site, failed)
    watchdog = threading.Thread(target=watch, args=(site.thread_clocks, ends))
    watchdog.start()
    try:
        with Work(site, number) as work:
            time.sleep(1)
            before = work.total()
            profiler.start(seconds, rate)
            while profiler.running is not None:
                time.sleep(LOOK)
            after = work.total()
    finally:
        ends.set()
        watchdog.join()
    return profiler.find().profile, shares(dict(
        (name, after[name] - before[name]) for name in after))


def seen(profile, names):
    """{function: its share} as the profile has it."""
    times = dict.fromkeys(names, 0.0)
    for stack, seconds, _thread, _state, _path, _start in profile.samples:
        for place in profile.stacks[stack]:
            if profile.frames[place][0] in times:
                times[profile.frames[place][0]] += seconds
    return shares(times)


def shares(times):
    total = sum(times.values())
    return dict((name, 100 * times[name] / total) for name in times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=int, default=30)
    parser.add_argument('--rate', type=int, default=100)
    parser.add_argument('--svg', help='write the last one there')
    options = parser.parse_args()
    rows, worst = [], 0.0
    for number in WORKERS:
        profile, true = measured(number, options.seconds, options.rate)
        found = seen(profile, true)
        error = max(abs(found[name] - true[name]) for name in true)
        worst = max(worst, error)
        about = profile.about
        rows.append([
            str(number)] + ['{0:.1f} / {1:.1f}'.format(true[name], found[name])
                            for name in ('compute', 'sort', 'rest')] + [
            '{0:.1f}'.format(error),
            '{0} of {1}'.format(about['taken'], about['planned']),
            '{0:.0f} ms'.format(1000 * about['late_p99']),
            '{0:.0f} ms'.format(1000 * about['longest_gap']),
            '{0:.2f} %'.format(100 * about['own_cost'] / about['seconds'])])
    tables.note('Python ' + sys.version.split()[0])
    tables.table(['workers', 'computing', 'sorting', 'sleeping', 'worst',
                  'looks', 'late p99', 'gap', 'cost'], rows)
    if options.svg:
        with open(options.svg, 'wb') as picture:
            picture.write(FORMATS['svg'][2](profile))
    return 0 if worst <= GOAL else 1


if __name__ == '__main__':
    sys.exit(main())
