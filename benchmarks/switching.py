"""What the setting switch-interval costs workers that compute in Python."""
from __future__ import absolute_import, division, print_function

import sys
import threading
import time

from .figures import Spread, ratios
from .tables import fact, note, out, table

INTERVALS = (0.005, 0.001, 0.0005, 0.0002)
THREADS = 4


def measure(rounds, steps):
    """{interval: [seconds for the same work]}, the intervals taking turns."""
    before = sys.getswitchinterval()
    taken = dict((interval, []) for interval in INTERVALS)
    try:
        for _round in range(rounds):
            for interval in INTERVALS:
                sys.setswitchinterval(interval)
                taken[interval].append(_seconds(steps))
    finally:
        sys.setswitchinterval(before)
    return taken


def _seconds(steps):
    threads = [threading.Thread(target=_compute, args=(steps,))
               for _number in range(THREADS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def _compute(steps):
    total = 0
    for number in range(steps):
        total += number % 7
    return total


def report(taken):
    out()
    fact('switching', '{0} threads that compute, the same work for each '
         'interval'.format(THREADS))
    out()
    plain = taken[INTERVALS[0]]
    table(('switch-interval', 'work done', 'least - most'),
          [('{0:g} ms'.format(interval * 1000),)
           + tuple(Spread(ratios(plain, taken[interval])).cells('{0:.3f}'))
           for interval in INTERVALS])
    note('In the time that it takes with Python\'s own 5 ms.')
