"""The resident memory of a site with everything mounted, and without the product.

    python -m benchmarks.resident                      # five minutes
    python -m benchmarks.resident --minutes 6          # to see whether it runs

Two instances of Zope get the same pages asked for. One has the whole suite with all
that records: metrics, history, databases, loggers, memory, profiles, and an open
status page. Its recorder lives by a moved clock: in each round a minute passes with
600 requests, as workers tell them, besides those that are really sent. The other
instance has no views. What the first has more of after an hour is what the product
takes; how much of that came in the second half of it tells whether it grows.

It needs what the tests need: the Zopes are theirs.
"""
from __future__ import absolute_import, division, print_function

import argparse
import json
import os
import sys
import time

from Products.ZServerViews.monitor.memory.system_memory import SystemMemory
from tests.functional import test_profile
from tests.functional.harness import Instance
from tests.functional.harness.instance import SITE
from tests.waiting import awaited

from .children import TOP
from .figures import Spread
from .tables import fact, note, out, table, title

# MiB: more than without the product, and more than half an hour before.
MOST, MOST_GROWTH = 24, 1
MINUTES = 60
# Requests a minute: told to the recorder, and sent to either site.
TOLD, SENT = 600, 60
MAY = test_profile.MAY
SECTION = test_profile.SECTION.replace(
    '</product-config>',
    '    day /day fixture_history.suite\n</product-config>')
# In each minute: what an open status page, Prometheus and an operator ask for.
ASKED = ['/-/status?format=json'] * 30 + ['/-/metrics'] * 4 + [
    '/-/', '/-/status', '/-/workers', '/-/requests', '/-/threads', '/-/database',
    '/-/info', '/-/loggers', '/-/memory', '/-/history', '/-/history?format=json']
# In every tenth.
SELDOM = [('GET', '/-/memory?objects'), ('POST', '/-/profile?seconds=1'),
          ('POST', '/-/loggers?name=waitress&level=DEBUG&for=60')]


class Site(object):
    """Use as a context: an instance, and the samples of its memory."""

    def __init__(self, section, is_watched):
        self._made = Instance(section, environ={
            'ZSV_TOKEN': test_profile.TOKEN,
            'PYTHONPATH': os.pathsep.join([SITE, TOP])})
        self.is_watched = is_watched
        self.samples = []

    def __enter__(self):
        try:
            self._made.start()
            return self
        except BaseException:
            self._made.stop()
            raise

    def __exit__(self, *exc_info):
        self._made.stop()

    def get(self, path, method='GET', codes=(200,)):
        answer = self._made.get(path, method=method, headers=MAY)
        if answer.code not in codes:
            raise RuntimeError('%s %s: %d %s' % (method, path, answer.code,
                                                 answer.text))
        return answer

    def minute(self, number):
        for one in range(SENT):
            self.get('/@@echo?number=%d' % one)
            if not one % 10:
                self.get('/missing/%d/%d' % (number, one), codes=(404,))
        if self.is_watched:
            self.watch(number)
        found = SystemMemory(folder='/proc/%d' % self._made.pid).read()
        self.samples.append(found['rss_bytes'] / 2 ** 20)

    def watch(self, number):
        self.get('/day/minute?%d' % TOLD)
        for path in ASKED:
            self.get(path)
        if number % 10 == 5:
            for method, path in SELDOM:
                self.get(path, method, (200, 202))
            awaited(lambda: json.loads(
                self.get('/-/profile?format=json').text)['running'] is None)


class Resident(object):
    """``more``, ``growth``
        Spreads in MiB, of the rounds: what the first site has more of than the other
        one at the end, and by how much that grew in the second half.
    """

    def __init__(self, rounds=1, minutes=MINUTES):
        self.rounds = rounds
        self.minutes = minutes
        self.courses = []  # [[MiB more, by minutes]] of each round

    def run(self):
        for _round in range(self.rounds):
            with Site(SECTION, True) as watched, Site('', False) as plain:
                for number in range(self.minutes):
                    for site in watched, plain:
                        site.minute(number)
            self.courses.append([one - other for one, other in zip(
                watched.samples, plain.samples)])

    @property
    def more(self):
        return Spread(course[-1] for course in self.courses)

    @property
    def growth(self):
        return Spread(course[-1] - course[len(course) // 2]
                      for course in self.courses)


def report(part):
    title('Resident memory with everything mounted')
    course = part.courses[-1]
    minutes = sorted(set([1, len(course)] + list(range(10, len(course), 10))))
    table(('minute', 'MiB more than without'), [
        (str(minute), '%.1f' % course[minute - 1]) for minute in minutes])
    out()
    for text, spread in ('more', part.more), ('of these in the second half', part.growth):
        fact(text, '%s MiB (%s)' % spread.cells('{0:.1f}'))
    note('Without: an instance that has no views, with the same pages asked for.')


def main(arguments):
    parser = argparse.ArgumentParser(prog='python -m benchmarks.resident')
    parser.add_argument('--rounds', type=int, default=1)
    parser.add_argument('--minutes', type=int, default=MINUTES, help='of the hour')
    given = parser.parse_args(arguments)
    part, began = Resident(given.rounds, given.minutes), time.time()
    part.run()
    report(part)
    good = part.more.median <= MOST and part.growth.median <= MOST_GROWTH
    out()
    fact('verdict', 'both goals are met' if good else 'a goal is missed')
    fact('took', '%.0f s' % (time.time() - began))
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
