"""Profiles one target as turns.py runs it, and adds up the stages.

    python -m benchmarks.staging unlogged

prints, as JSON, the microseconds that a request spends in each of STAGES. The
time of functions that are not named there, those in C above all, goes to the
stage that calls them.
"""
from __future__ import absolute_import, division, print_function

import argparse
import json
import pstats

from .turns import Bench

# The end of a file's name -> what is done there. The first that fits counts.
FILES = [
    ('/benchmarks/turns.py', 'client'),
    ('waitress/parser.py', 'parser'),
    ('waitress/utilities.py', 'parser'),
    ('servers/waitress/environ.py', 'environ'),
    ('servers/waitress/seams.py', 'loop'),
    ('servers/waitress/admission.py', 'loop'),
    ('ZServerViews/servers/', 'order of answers'),
    ('ZServerViews/base.py', 'call of the view'),
    ('ZServerViews/access/', 'call of the view'),
    ('ZServerViews/wsgi/', 'call of the view'),
    ('ZServerViews/runtime/site.py', 'call of the view'),
    ('ZServerViews/http/', 'head of the answer'),
    ('ZServerViews/runtime/access_log.py', 'access log'),
    ('ZServerViews/runtime/log_queue.py', 'access log'),
    ('ZServerViews/runtime/loops.py', 'loop'),
    ('waitress/wasyncore.py', 'loop'),
    ('waitress/channel.py', 'loop'),
    ('waitress/server.py', 'loop'),
    ('waitress/trigger.py', 'loop'),
    ('/ZServerViews/', 'order of answers'),
    ('/benchmarks/targets.py', 'call of the view'),
]
# Of the server's: the client's own are its stage.
CALLS = {"<method 'send' of '_socket.socket' objects>": 'send',
         "<method 'recv' of '_socket.socket' objects>": 'receive'}
STAGES = ('receive', 'parser', 'environ', 'call of the view',
          'head of the answer', 'access log', 'order of answers', 'send',
          'loop', 'other', 'client')
DEEPEST = 5


def stage_of_file(name):
    for part, stage in FILES:
        if part in name:
            return stage
    return None


class Stages(object):
    """Of the statistics of a profiler: {stage: seconds}."""

    def __init__(self, stats):
        self.stats = stats
        self.seconds = dict.fromkeys(STAGES, 0.0)
        for function, (_calls, _own, seconds, _all, callers) in stats.items():
            self.add(function, seconds, callers, DEEPEST)

    def add(self, function, seconds, callers, deepest):
        stage = stage_of_file(function[0])
        if stage is not None:
            self.seconds[stage] += seconds
        elif callers and deepest:
            self.distribute(function, seconds, callers, deepest)
        else:
            self.seconds['other'] += seconds

    def distribute(self, function, seconds, callers, deepest):
        """To the callers, each as much as it caused."""
        whole = sum(times[2] for times in callers.values())
        for caller, times in callers.items():
            share = seconds * times[2] / whole if whole else 0
            if (function[2] in CALLS
                    and stage_of_file(caller[0]) != 'client'):
                self.seconds[CALLS[function[2]]] += share
            else:
                self.add(caller, share, self.stats[caller][4], deepest - 1)


def measure(name, requests):
    bench = Bench(name, 1)
    bench.requests(100)
    stats = pstats.Stats(bench.profiler(requests))
    return dict((stage, 1e6 * seconds / requests) for stage, seconds
                in Stages(stats.stats).seconds.items())


def main():
    parser = argparse.ArgumentParser(prog='python -m benchmarks.staging')
    parser.add_argument('name')
    parser.add_argument('--requests', type=int, default=3000)
    given = parser.parse_args()
    print(json.dumps(measure(given.name, given.requests)))


if __name__ == '__main__':
    main()
