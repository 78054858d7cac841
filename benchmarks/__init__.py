"""What a view costs, as ratios: `python -m benchmarks` from the checkout.

The benchmark itself needs Python 3; what it measures need not.

    __main__.py     the options; runs the parts and prints the tables
    plain.py        the text, and the application that every server calls
    targets.py      the small servers that are compared, one per name
    serve.py        runs one of them as a child process
    turns.py        runs one of them in a single thread, request by request
    client.py       a load generator, for machines without wrk
    load.py         wrk or client.py -> requests/s and percentiles
    throughput.py   part 1: view, worker path and floor side by side
    scenario.py     part 2: a Zope whose workers all sleep, and a queue
    instance.py     ... and how that Zope is made
    sleeper.py      ... and the page that keeps its workers busy
    passing.py      part 3: what a request that is no view's pays
    zserver.py      part 4: ZServer on Python 2.7, and the release of 2013
    zserver_environment.py, zserver_instance.py    ... where these run
    overload.py     part 5: the overloads of `zserverviews check`
    monitor.py      part 6: the monitor suite: its recorder, and its answers
    looks.py        ... one of its views, called as the loop does
    start.py        part 7: what the start of Zope pays, in time and memory
    starting.py     ... one such start
    mounted.py      part 8: 10,000 views
    lookup.py       ... the look-up by itself
    servers.py      part 9: other servers with the same text
    peers.py, peers_environment.py    ... each of them, and where they run
    stages.py       part 10: where the time of a request goes
    staging.py      ... one profile, added up
    published.py    a page that a real Zope publishes, for parts 3 and 6
    goals.py        what was measured, against the goals
    record.py       all figures as data
    page.py         ... what docs/speed.rst shows of them
    plot.py         ... and its picture
    children.py     child processes: bounded in time, ended by their pid
    figures.py      medians, spreads, ratios
    tables.py       what is printed, in 80 columns
"""
from __future__ import absolute_import, division, print_function

import os

# Where objects lie in memory decides which names collide in CPython's cache of
# attributes; that is worth a percent. With so many texts before all others they
# lie otherwise. See passing.py.
LAYOUT = [str(number) * 9 for number
          in range(int(os.environ.get('BENCHMARKS_LAYOUT', 0)))]
