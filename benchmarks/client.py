"""A load generator: one process, one selector, each connection in a closed
loop. It prints what it measured as JSON.

It is Python too and needs about as much time per request as a server does;
where wrk is installed, wrk is the better one.
"""
from __future__ import absolute_import, division, print_function

import argparse
import json
import re
import selectors
import socket
import sys
import time

from .figures import percentile

_LENGTH = re.compile(br'\r\ncontent-length: *(\d+)\r\n', re.IGNORECASE)


def complete(received):
    """Whether these bytes are a whole 200; ValueError for anything else."""
    end = received.find(b'\r\n\r\n')
    if end < 0:
        return False
    length = _LENGTH.search(received[:end + 2])
    if not received.startswith(b'HTTP/1.1 200 ') or length is None:
        raise ValueError('not a 200 with a length: {0!r}'.format(
            received[:60]))
    return len(received) >= end + 4 + int(length.group(1))


class Line(object):
    """One place in the load: a connection, or one new one after another."""

    def __init__(self, load):
        self.load = load
        self.socket = None
        self.received = b''
        self.started = None

    def begin(self):
        """Send a request; the clock of a new connection starts before it."""
        self.received = b''
        self.started = time.perf_counter()
        if self.socket is None:
            # On loopback connect returns as soon as the kernel has the
            # connection in the listener's backlog: it need not be awaited.
            self.socket = socket.create_connection(self.load.address, 5)
            self.socket.setblocking(False)
            self.load.selector.register(self.socket, selectors.EVENT_READ,
                                        self)
        self.socket.send(self.load.request)

    def read(self):
        """True once the answer is whole."""
        data = self.socket.recv(65536)
        if not data:
            raise ValueError('the server closed a connection')
        self.received += data
        return complete(self.received)

    def end(self):
        if self.socket is not None:
            self.load.selector.unregister(self.socket)
            self.socket.close()
            self.socket = None


class Load(object):
    """All lines together, until the time is over or the requests are done."""

    def __init__(self, port, path, connections, seconds, requests=None,
                 counting=False):
        self.address = ('127.0.0.1', port)
        self.path = path
        self.counting = counting
        self.number = 0
        self.request = self.made(path)
        self.fresh = requests is not None
        self.to_begin = requests
        self.seconds = seconds
        self.selector = selectors.DefaultSelector()
        self.lines = [Line(self) for _number in range(connections)]
        self.busy = 0
        self.latencies = []
        self.errors = []

    def run(self):
        started = time.perf_counter()
        ends = started + self.seconds
        for line in self.lines:
            self.next(line)
        while self.busy and time.perf_counter() < ends:
            for key, _events in self.selector.select(ends
                                                     - time.perf_counter()):
                self.step(key.data)
        elapsed = time.perf_counter() - started
        for line in self.lines:
            line.end()
        return self.report(elapsed)

    def next(self, line):
        if self.to_begin is not None:
            if not self.to_begin:
                return
            self.to_begin -= 1
        self.busy += 1
        if self.counting:
            self.number += 1
            self.request = self.made('{0}?{1}'.format(self.path, self.number))
        line.begin()

    @staticmethod
    def made(target):
        return ('GET {0} HTTP/1.1\r\nHost: localhost\r\n\r\n'
                .format(target).encode('ascii'))

    def step(self, line):
        try:
            whole = line.read()
        except (ValueError, socket.error) as error:
            self.errors.append(str(error))
            whole = None
        if whole is False:
            return
        self.busy -= 1
        if whole:
            self.latencies.append(time.perf_counter() - line.started)
        if self.fresh or not whole:
            line.end()
        if len(self.errors) < 100:
            self.next(line)

    def report(self, elapsed):
        # With a count of requests, what has not come by the end is missing;
        # without one it was merely cut off by the clock.
        missing = 0
        if self.fresh:
            missing = self.busy + self.to_begin
        milliseconds = [1000 * latency for latency in self.latencies]
        if not milliseconds:
            return {'answers': 0, 'missing': missing, 'errors': self.errors,
                    'rate': 0, 'p50': None, 'p99': None, 'most': None}
        return {'answers': len(milliseconds), 'missing': missing,
                'errors': self.errors, 'rate': len(milliseconds) / elapsed,
                'p50': percentile(milliseconds, 50),
                'p99': percentile(milliseconds, 99),
                'most': max(milliseconds)}


def main(arguments):
    parser = argparse.ArgumentParser(prog='python -m benchmarks.client')
    parser.add_argument('port', type=int)
    parser.add_argument('path')
    parser.add_argument('--connections', type=int, default=1,
                        help='so many at a time')
    parser.add_argument('--seconds', type=float, default=1,
                        help='... for so long')
    parser.add_argument('--fresh', type=int, default=None, metavar='N',
                        help='N requests, each on a connection of its own')
    parser.add_argument('--counting', action='store_true',
                        help='each request with a query of its own')
    given = parser.parse_args(arguments)
    load = Load(given.port, given.path, given.connections, given.seconds,
                given.fresh, given.counting)
    print(json.dumps(load.run()))


if __name__ == '__main__':
    main(sys.argv[1:])
