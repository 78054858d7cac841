"""Runs a Zope on ZServer in a single thread, request by request.

For Python 2.7, where the package `benchmarks` does not run: zserver_passing.py
lays a copy beside the zope.conf that it names. As in turns.py, client, loop and
worker take turns, and two of these can be made to alternate: each line of the
input runs one block of requests, and the microseconds a request are printed.
"""
from __future__ import absolute_import, division, print_function

import argparse
import asyncore
import cProfile
import os
import pstats
import re
import socket
import subprocess
import sys
import time
from collections import deque

REQUEST = 'GET {0} HTTP/1.1\r\nHost: localhost\r\n\r\n'
HEAD_END = b'\r\n\r\n'
LENGTH = re.compile(br'\r\ncontent-length: ([0-9]+)\r\n', re.IGNORECASE)
MOST_TURNS = 50
WARM = 100


def started(configuration):
    """All that runzope does before its loop; the port of the HTTP server."""
    from ZServer.Zope2.Startup.run import configure
    del sys.argv[1:]  # Zope reads them too
    starter = configure(configuration)
    starter.prepare()
    return starter.cfg.servers[0].port


class Workers(object):
    """Instead of ZServer's threads: what they would do, when it is told to."""

    def __init__(self):
        from ZServer import PubCore
        from ZServer.ZPublisher.Publish import publish_module
        self._publish = publish_module
        self._tasks = deque()
        PubCore._handle = self._take

    def _take(self, *task):
        self._tasks.append(task)

    def work(self):
        while self._tasks:
            name, request, response = self._tasks.popleft()
            try:
                self._publish(name, request=request, response=response)
            finally:
                response._finish()


class Bench(object):
    """The loop, the workers, and the clients."""

    def __init__(self, port, path, connections):
        self.workers = Workers()
        self.request = REQUEST.format(path).encode('ascii')
        self.clients = []
        for _number in range(connections):
            client = socket.create_connection(('127.0.0.1', port), 5)
            client.setblocking(False)
            self.clients.append(client)
            self.turn()

    def turn(self):
        """What the loop does once, then what the workers would do."""
        asyncore.poll(0.0, asyncore.socket_map)
        self.workers.work()

    def ask(self, client):
        """One request, and turns until the whole answer is here."""
        client.send(self.request)
        received = b''
        for _turn in range(MOST_TURNS):
            self.turn()
            try:
                received += client.recv(65536)
            except socket.error:
                continue
            if is_whole(received):
                return
        raise RuntimeError('no answer: {0!r}'.format(received[:80]))

    def requests(self, count):
        """So many on the first connection; the others are idle."""
        for _number in range(count):
            self.ask(self.clients[0])

    def microseconds(self, count):
        """The time of one request, as the mean of a block of them."""
        started = time.time()
        self.requests(count)
        return 1e6 * (time.time() - started) / count

    def profile(self, count, lines):
        profiler = cProfile.Profile()
        profiler.runcall(self.requests, count)
        pstats.Stats(profiler).sort_stats('tottime').print_stats(lines)


def is_whole(received):
    if not received.startswith(b'HTTP/1.1 200 '):
        raise RuntimeError('not the answer: {0!r}'.format(received[:80]))
    head, end, body = received.partition(HEAD_END)
    return bool(end) and len(body) == int(LENGTH.search(head + end).group(1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('configuration', help='a zope.conf')
    parser.add_argument('path')
    parser.add_argument('--connections', type=int, default=1)
    parser.add_argument('--requests', type=int, default=300,
                        help='in one block')
    parser.add_argument('--profile', type=int, default=0, metavar='LINES',
                        help='run one block under cProfile instead, and '
                             'print so many lines')
    parser.add_argument('--counted', action='store_true',
                        help='this runs under callgrind, which is to count '
                             'from the first block on')
    given = parser.parse_args()
    bench = Bench(started(given.configuration), given.path, given.connections)
    bench.requests(WARM)
    if given.profile:
        bench.profile(given.requests, given.profile)
        return
    if given.counted:
        subprocess.check_call(['callgrind_control', '-i', 'on',
                               str(os.getpid())], stdout=sys.stderr)
    print('ready')
    sys.stdout.flush()
    for _line in iter(sys.stdin.readline, ''):
        print(bench.microseconds(given.requests))
        sys.stdout.flush()


if __name__ == '__main__':
    main()
