"""Runs one target in a single thread, request by request.

Client, loop and worker take turns here: no thread is switched and nobody
waits for the interpreter lock, so that small differences show that drown in
the noise of a real server. The client's own system calls are part of each
request. Runs one block of requests for each line of its input and prints the
microseconds a request; so two of these can be made to alternate.
"""
from __future__ import absolute_import, division, print_function

import argparse
import cProfile
import gc
import logging
import pstats
import socket
import sys
import threading
import time
from collections import deque

from waitress import wasyncore

from . import targets

REQUEST = ('GET {0} HTTP/1.1\r\nHost: localhost\r\n\r\n'
           .format(targets.PATH).encode('ascii'))
MOST_TURNS = 50
# Threads that run by the clock, and the seconds after which all have ended.
BY_THE_CLOCK = ('zserver-views-watchdog', 'zserver-views-metrics',
                'zserver-views-databases', 'zserver-views-history')
WITHIN = 30


class Bench(object):
    """The server, its clients, and a dispatcher without threads."""

    def __init__(self, name, connections):
        self.tasks = deque()
        self.server = targets.make(name, _dispatcher=self)
        self.map = self.server._map
        address = '127.0.0.1', self.server.effective_port
        self.clients = []
        for _number in range(connections):
            client = socket.create_connection(address, 5)
            client.setblocking(False)
            self.clients.append(client)
            self.turn()

    def add_task(self, channel):
        # The caller holds the channel's lock: the work must wait.
        self.tasks.append(channel)

    def turn(self):
        """What the loop does once, then what a worker would do."""
        # As loop() does, which a server calls once for all its turns.
        wasyncore.poll(0, self.map)
        while self.tasks:
            self.tasks.popleft().service()

    def request(self, client):
        client.send(REQUEST)
        received = b''
        for _turn in range(MOST_TURNS):
            self.turn()
            try:
                received += client.recv(65536)
            except BlockingIOError:
                continue
            if received.endswith(targets.BODY):
                return
        raise RuntimeError('no answer: {0!r}'.format(received[:80]))

    def requests(self, count):
        """So many on the first connection; the others are idle."""
        client = self.clients[0]
        for _number in range(count):
            self.request(client)

    def microseconds(self, count):
        """The time of one request, as the mean of a block of them."""
        started = time.perf_counter()
        self.requests(count)
        return 1e6 * (time.perf_counter() - started) / count

    def profiler(self, count):
        """What cProfile has found in so many requests."""
        profiler = cProfile.Profile()
        profiler.runcall(self.requests, count)
        return profiler

    def profile(self, count, lines):
        stats = pstats.Stats(self.profiler(count))
        stats.sort_stats('tottime').print_stats(lines)


def stand_still():
    """End what runs by the clock and not by request.

    Under valgrind a request takes some fifty times as long, and as much more of
    that would fall into each.
    """
    ends = [thread for thread in threading.enumerate()
            if thread.name in BY_THE_CLOCK]
    for service in targets.services:
        site = service.site
        site.watchdog.stop()
        if site.metrics is not None:
            site.metrics._daemon.dismiss()
        if site.history is not None:
            site.history._daemon.dismiss()
            site.history._bell.set()
        if site.databases is not None:
            site.databases._daemon.dismiss()
            for watched in site.databases._watched.values():
                watched.readings.stop()
    for thread in ends:
        thread.join(WITHIN)
        if thread.is_alive():
            raise RuntimeError('it does not end: ' + thread.name)


def main(arguments):
    parser = argparse.ArgumentParser(prog='python -m benchmarks.turns')
    parser.add_argument('name')
    parser.add_argument('--connections', type=int, default=1)
    parser.add_argument('--requests', type=int, default=300,
                        help='in one block')
    parser.add_argument('--profile', type=int, default=0, metavar='LINES',
                        help='run one block under cProfile instead, and '
                             'print so many lines')
    parser.add_argument('--still', action='store_true',
                        help='end what runs by the clock before: the watchdog '
                             'and what reads metrics')
    given = parser.parse_args(arguments)
    bench = Bench(given.name, given.connections)
    bench.requests(100)
    if given.profile:
        bench.profile(given.requests, given.profile)
        return
    # A full collection goes through all that there is since the start; whether
    # one falls into a block is chance.
    gc.collect()
    gc.freeze()
    if given.still:
        stand_still()
    # Between two blocks the loop stands still, which the watchdog would tell.
    logging.disable(logging.CRITICAL)
    print('ready')
    sys.stdout.flush()
    for _line in iter(sys.stdin.readline, ''):
        print(bench.microseconds(given.requests))
        sys.stdout.flush()


if __name__ == '__main__':
    main(sys.argv[1:])
