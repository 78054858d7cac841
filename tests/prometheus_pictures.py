"""Makes the pictures of docs/metrics.rst anew, of Prometheus's own pages.

    python -m tests.prometheus_pictures docs/prometheus

takes eight minutes, for nothing is hurried: the configuration and the alerts are
those of docs, with other addresses. Two instances have clients; then all workers
of the first one sleep until the slowest of the alerts for that fires. It needs
chromium beside Prometheus.
"""
from __future__ import absolute_import, division, print_function

import os
import random
import subprocess
import sys
import threading
import time
from urllib.parse import urlencode

from tests.functional.harness import Instance
from tests.functional.test_monitor import SECTION
from tests.functional.test_overload import WORKERS
from tests.prometheus_server import Prometheus, find

CLIENTS = 6
BEFORE, ASLEEP, AFTER = 60, 345, 60
GRAPHS = ['zope_requests_waiting', 'sum by (instance) '
          '(rate(http_server_request_duration_seconds_count[1m]))']


def main(folder):
    instances = [Instance(SECTION).start() for _number in range(2)]
    prometheus = Prometheus(
        [instance.addresses[0][1] for instance in instances])
    try:
        prometheus.start()
        for instance in instances:
            for _number in range(CLIENTS):
                begin(browse, instance)
        time.sleep(BEFORE)
        for _number in range(WORKERS):
            begin(nap, instances[0], ASLEEP)
        time.sleep(ASLEEP - 5)
        shoot(prometheus, 'alerts', '', '1000,1030', folder)
        time.sleep(AFTER + 5)
        query = {}
        for number, expression in enumerate(GRAPHS):
            query['g%d.expr' % number] = expression
            query['g%d.tab' % number] = 0
            query['g%d.range_input' % number] = '10m'
        shoot(prometheus, 'graph', '?' + urlencode(query), '1000,1540', folder)
    finally:
        for part in [prometheus] + instances:
            part.stop()


def begin(function, *args):
    threading.Thread(target=function, args=args, daemon=True).start()


def nap(instance, seconds):
    instance.connect(2 * ASLEEP).get('/@@nap?seconds=%s' % seconds)


def browse(instance):
    """Asks for pages until the instance has ended."""
    with instance.connect(2 * ASLEEP) as connection:
        while instance.is_running():
            connection.get('/@@nap?seconds=%.2f' % random.uniform(0.02, 0.2))
            time.sleep(random.uniform(0.1, 1))


def shoot(prometheus, page, query, size, folder):
    subprocess.check_call([
        find('chromium'), '--headless', '--no-sandbox', '--disable-gpu',
        '--hide-scrollbars', '--window-size=' + size,
        '--virtual-time-budget=10000',
        '--screenshot=' + os.path.abspath(os.path.join(folder, page + '.png')),
        'http://127.0.0.1:%d/classic/%s%s' % (prometheus.port, page, query)])


if __name__ == '__main__':
    main(sys.argv[1])
