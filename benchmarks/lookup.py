"""What the look-up of a path takes, among so many views.

    python -m benchmarks.lookup 10000

mounts them and prints the nanoseconds of one look-up as JSON: of a path that
has a view, and of one that has none. It is the look-up that the hook of
waitress makes for each request, of a path that it sees for the first time.
"""
from __future__ import absolute_import, division, print_function

import json
import sys
import time

from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser

from Products.ZServerViews.servers.waitress.targets import find_mount

from . import targets

LOOKUPS = 200
BLOCKS = 50


def parsed(path):
    """What waitress's parser makes of a request."""
    request = HTTPRequestParser(Adjustments())
    request.received('GET {0} HTTP/1.1\r\nHost: localhost\r\n\r\n'
                     .format(path).encode('ascii'))
    return request


def nanoseconds(table, path):
    """Of one look-up, in the quickest of many short blocks: what disturbs one
    only adds to it."""
    return min(block(table, path) for _number in range(BLOCKS))


def block(table, path):
    """Each request has its own strings, of which none has its hash yet."""
    requests = [parsed(path) for _number in range(LOOKUPS)]
    started = time.perf_counter()
    for request in requests:
        find_mount(table, request, '')
    return 1e9 * (time.perf_counter() - started) / LOOKUPS


def main(number):
    table = targets.mount_many(number).table
    if len(table) != number:
        raise RuntimeError('{0} views are mounted'.format(len(table)))
    print(json.dumps({'hit': nanoseconds(table, targets.PATH),
                      'miss': nanoseconds(table, targets.PATH + '-none')}))


if __name__ == '__main__':
    main(int(sys.argv[1]))
