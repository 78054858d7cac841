"""Makes the pictures of docs/status.rst anew, by the test's own way.

    python -m tests.status_pictures docs/status

takes eleven minutes: an instance has clients for ten, then all of its workers
wait. It needs chromium and playwright, as the test does.
"""
from __future__ import absolute_import, division, print_function

import sys
import time

from tests.functional.harness import Instance
from tests.functional.test_monitor import SECTION
from tests.functional.test_overload import sleeping_workers
from tests.prometheus_pictures import begin, browse
from tests.status_browser import chromium, shoot

CLIENTS = 4
BEFORE, ASLEEP = 605, 14


def main(folder):
    instance = Instance(SECTION).start()
    try:
        for _number in range(CLIENTS):
            begin(browse, instance)
        time.sleep(BEFORE)
        with sleeping_workers(instance, queued=3), chromium() as browser:
            time.sleep(ASLEEP)
            shoot(browser, instance, folder)
    finally:
        instance.stop()


if __name__ == '__main__':
    main(sys.argv[1])
