"""Load for a port: by wrk where it is installed, by our own client else.

With ``counting`` each request has a query that no other one has.
"""
from __future__ import absolute_import, division, print_function

import json
import os
import re
import shutil

from .children import TOP, Failed, module, output

# Has wrk add a query to each request that no other one has.
COUNTING = os.path.join(TOP, 'benchmarks', 'counting.lua')

_UNITS = {'us': 0.001, 'ms': 1.0, 's': 1000.0, 'm': 60000.0}
_BAD = re.compile(r'^ *(Non-2xx.*)$', re.MULTILINE)
_ERRORS = re.compile(r'^ *(Socket errors: connect (\d+), read (\d+), '
                     r'write (\d+), timeout (\d+))$', re.MULTILINE)


class Sample(object):
    """One measurement: requests a second, and milliseconds.

    ``cpu`` is for whoever knows the server: its processor's microseconds for
    one of the requests.
    """

    cpu = None

    def __init__(self, answers, rate, p50, p99, timeouts=0):
        self.answers = answers
        self.rate = rate
        self.p50 = p50
        self.p99 = p99
        self.timeouts = timeouts


def read_wrk(text):
    """The output of ``wrk --latency`` as a Sample."""
    bad = _BAD.search(text)
    if bad:
        raise Failed('wrk reports: ' + bad.group(1))
    rate = re.search(r'^Requests/sec: *([0-9.]+)', text, re.MULTILINE)
    if rate is None or not float(rate.group(1)):
        raise Failed('wrk had no answer:\n' + text)
    answers = re.search(r'^ *(\d+) requests in ', text, re.MULTILINE)
    return Sample(int(answers.group(1)), float(rate.group(1)), _latency(text, 50),
                  _latency(text, 99), _timeouts(text))


def _timeouts(text):
    """How many requests had no answer in wrk's two seconds."""
    errors = _ERRORS.search(text)
    if errors is None:
        return 0
    if {'0'} != set(errors.group(2, 3, 4)):
        raise Failed('wrk reports: ' + errors.group(1))
    return int(errors.group(5))


def _latency(text, percent):
    found = re.search(r'^ *{0}% +([0-9.]+)(us|ms|s|m) *$'.format(percent), text,
                      re.MULTILINE)
    if found is None:
        raise Failed('wrk did not tell the {0} % latency:\n{1}'.format(
            percent, text))
    return float(found.group(1)) * _UNITS[found.group(2)]


class Wrk(object):

    name = 'wrk'

    def command(self, port, path, connections, seconds, counting=False):
        return ['wrk', '-t1', '-c{0}'.format(connections),
                '-d{0:.0f}s'.format(max(seconds, 1)), '--latency'] + (
                    ['-s', COUNTING] if counting else []) + [
                        'http://127.0.0.1:{0}{1}'.format(port, path)]

    def run(self, port, path, connections, seconds, counting=False):
        command = self.command(port, path, connections, seconds, counting)
        return read_wrk(output(command, seconds + 10)[0])


class Own(object):

    name = 'own'

    def command(self, port, path, connections, seconds, counting=False):
        return module('client', port, path, '--connections', connections,
                      '--seconds', seconds, *['--counting'] * counting)

    def run(self, port, path, connections, seconds, counting=False):
        command = self.command(port, path, connections, seconds, counting)
        found = json.loads(output(command, seconds + 10)[0])
        if found['errors'] or not found['answers']:
            raise Failed('the client had {0} answers and these errors: {1}'
                         .format(found['answers'], found['errors'][:3]))
        return Sample(found['answers'], found['rate'], found['p50'],
                      found['p99'])


def generator(name):
    """The one of that name; 'auto' takes wrk where there is one."""
    if name == 'auto':
        name = 'wrk' if shutil.which('wrk') else 'own'
    if name == 'wrk' and not shutil.which('wrk'):
        raise Failed('wrk is not installed; choose --load own')
    return {'wrk': Wrk, 'own': Own}[name]()
