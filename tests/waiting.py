"""Waiting for what another process or thread does."""
from __future__ import absolute_import, division, print_function

import time

# Seconds, for machines that are slow and busy.
LONG = 60


def awaited(look):
    """What ``look()`` finds, once it finds something."""
    end = time.time() + LONG
    while True:
        found = look()
        if found:
            return found
        assert time.time() < end, look
        time.sleep(0.02)
