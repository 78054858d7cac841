"""Whether the counters of /-/metrics are right, to the request.

    python -m benchmarks.counters                     # 10^6 requests
    python -m benchmarks.counters --requests 20000

A client of 8 threads asks a waitress for a small page, with methods, codes and
connections that come and go; the server writes an access log as Zope's does.
Meanwhile all counters are scraped, and none may go back. Then three must agree,
for each method and code: what the client has got, the access log, and what
/-/metrics says. The exit code is 0 if they do. This is about numbers, not about
time: the client and the server share the machine.
"""
from __future__ import absolute_import, division, print_function

import argparse
import collections
import logging
import os
import random
import re
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.request

from . import targets
from .children import Failed, module
from .serve import Target
from .tables import fact, table, title

THREADS = 8
# Requests that are sent at once on a connection, and on all of its life.
BATCH, LIFE = 10, 500
# (method, code, how often)
MIX = (('GET', '200', 70), ('GET', '404', 10), ('GET', '500', 5),
       ('POST', '200', 10), ('HEAD', '200', 3), ('BREW', '200', 2))
METHODS = 'GET', 'POST', 'HEAD'
WORDS = {'200': 'OK', '404': 'Not Found', '500': 'Internal Server Error'}
METRICS = '/-/metrics'
DURATION = 'http_server_request_duration_seconds_count'
SAMPLE = re.compile(r'^([a-z_]+(?:\{.*\})?) (\S+)$', re.MULTILINE)
LINE = re.compile(r'"([A-Z]+) (/\d+) HTTP/1\.1" (\d+) ')
# Seconds between two scrapes, and until all that is done is counted.
PAUSE, SOON = 0.5, 30


# The server.

def application(environ, start_response):
    """No text; the path is the code of the answer."""
    code = environ['PATH_INFO'][1:]
    start_response('{0} {1}'.format(code, WORDS[code]),
                   [('Content-Length', '0')])
    return []


def serve(path):
    """Until it is ended, with an access log there; prints its port."""
    from paste.translogger import TransLogger
    from waitress import create_server
    log = logging.getLogger('wsgi')
    log.propagate = False
    log.setLevel(logging.INFO)
    log.addHandler(logging.FileHandler(path))
    logging.getLogger('waitress.queue').setLevel(logging.ERROR)
    targets.mount_suite()
    server = create_server(TransLogger(application, setup_console_handler=False),
                           **targets.SETTINGS)
    print(server.effective_port)
    sys.stdout.flush()
    server.run()


# The client.

class Client(threading.Thread):
    """Makes so many requests; ``got`` counts its answers."""

    def __init__(self, target, number, seed):
        threading.Thread.__init__(self)
        self.daemon = True
        self.got = collections.Counter()
        self.failure = None
        self._target = target
        self._left = number
        self._chance = random.Random(seed)

    def run(self):
        try:
            while self._left:
                self._connection(min(self._left, LIFE))
        except Exception as failure:  # told by whoever waits for us
            self.failure = failure

    def _connection(self, number):
        self._left -= number
        with self._target.connected() as connection:
            while number:
                batch = min(number, BATCH)
                number -= batch
                asked = self._chance.choices(
                    [(method, code) for method, code, _weight in MIX],
                    [weight for _method, _code, weight in MIX], k=batch)
                connection.sendall(b''.join(map(request, asked)))
                answered = answers(connection, batch)
                if [code for _method, code in asked] != answered:
                    raise Failed('asked for {0}, answered {1}'.format(
                        asked, answered))
                self.got.update(asked)


def request(asked):
    method, code = asked
    return ('{0} /{1} HTTP/1.1\r\nHost: localhost\r\n\r\n'
            .format(method, code).encode('ascii'))


def answers(connection, number):
    """The codes of the next answers, none of which has a body."""
    received = b''
    while received.count(b'\r\n\r\n') < number:
        more = connection.recv(65536)
        if not more:
            raise Failed('the server has closed a connection')
        received += more
    return [head[9:12].decode('ascii')
            for head in received.split(b'\r\n\r\n')[:number]]


# What they say.

class Scraper(threading.Thread):
    """Scrapes all the time; ``backwards`` are counters that went back, and
    ``failure`` is what has ended it."""

    def __init__(self, target):
        threading.Thread.__init__(self)
        self.daemon = True
        self.number, self.backwards = 0, []
        self.failure = None
        self.ends = threading.Event()
        self._target = target

    def run(self):
        try:
            self._run()
        except Exception as failure:  # told by whoever waits for us
            self.failure = failure

    def _run(self):
        last = {}
        while not self.ends.wait(PAUSE):
            found = scrape(self._target)
            self.number += 1
            self.backwards += [
                (name, last[name], value) for name, value in found.items()
                if is_counter(name) and value < last.get(name, 0)]
            last = found


def scrape(target):
    """{name with its labels: value}"""
    with urllib.request.urlopen('http://127.0.0.1:{0}{1}'.format(
            target.port, METRICS), timeout=30) as answer:
        return {name: float(value) for name, value in SAMPLE.findall(
            answer.read().decode('utf-8'))}


def is_counter(name):
    return name.partition('{')[0].endswith(('_total', '_count', '_sum',
                                            '_bucket'))


def by_metrics(found):
    """Counter of (method, code), of the finished requests."""
    counts = collections.Counter()
    for name, value in found.items():
        if name.startswith(DURATION):
            counts[tuple(re.findall('="([^"]*)"', name))] += int(value)
    return counts


def by_log(path):
    """The same, of the lines of the access log but for those of views."""
    counts = collections.Counter()
    with open(path) as log:
        for method, _path, code in LINE.findall(log.read()):
            counts[known(method), code] += 1
    return counts


def known(method):
    return method if method in METHODS else '_OTHER'


class Running(Target):
    """The server, in a process of its own."""

    def connected(self):
        return socket.create_connection(('127.0.0.1', self.port), 60)


def measured(folder, requests, seconds):
    """(Counters of client, log and metrics, the Scraper, seconds it took)"""
    path = os.path.join(folder, 'access.log')
    target = Running('counters', seconds,
                     module('counters', '--serve', path))
    try:
        scraper = Scraper(target)
        clients = [Client(target, requests // THREADS, seed)
                   for seed in range(THREADS)]
        began = time.time()
        for thread in clients + [scraper]:
            thread.start()
        for client in clients:
            client.join()
        took = time.time() - began
        scraper.ends.set()
        scraper.join()
        for thread in clients + [scraper]:
            if thread.failure is not None:
                raise thread.failure
        got = collections.Counter()
        for client in clients:
            for (method, code), number in client.got.items():
                got[known(method), code] += number
        told = settled(target, sum(got.values()))
    finally:
        target.stop()
    return (got, by_log(path), told), scraper, took


def settled(target, number):
    """What /-/metrics says once the last request has been counted."""
    end = time.time() + SOON
    while True:
        told = by_metrics(scrape(target))
        if sum(told.values()) >= number or time.time() > end:
            return told
        time.sleep(0.05)


def main(arguments):
    parser = argparse.ArgumentParser(prog='python -m benchmarks.counters')
    parser.add_argument('--requests', type=int, default=10 ** 6)
    parser.add_argument('--seconds', type=int, default=3600,
                        help='after which it is given up')
    parser.add_argument('--serve', metavar='LOG', help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.serve:
        return serve(given.serve)
    folder = tempfile.mkdtemp(prefix='zserverviews-bench-')
    try:
        counts, scraper, took = measured(folder, given.requests, given.seconds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return report(given, counts, scraper, took)


def report(given, counts, scraper, took):
    got, logged, told = counts
    title('The counters of /-/metrics')
    fact('run', 'python -m benchmarks.counters --requests {0}'.format(
        given.requests))
    fact('load', '{0} threads, {1:.0f} s, {2:.0f} requests/s'.format(
        THREADS, took, sum(got.values()) / took))
    fact('scrapes', '{0} meanwhile; {1} counters went back'.format(
        scraper.number, len(scraper.backwards)))
    rows = [('{0} {1}'.format(*key), got[key], logged[key], told[key])
            for key in sorted(set(got) | set(logged) | set(told))]
    table(('finished', 'client', 'access log', '/-/metrics'),
          rows + [None, ('all',) + tuple(sum(each.values())
                                         for each in counts)])
    for name, before, after in scraper.backwards[:10]:
        fact('went back', '{0}: {1} -> {2}'.format(name, before, after))
    agree = got == logged == told and not scraper.backwards
    fact('verdict', 'all agree' if agree else 'they differ')
    return 0 if agree else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
