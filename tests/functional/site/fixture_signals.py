"""Has handlers of its own, as a site may, before views are served."""
from __future__ import absolute_import, division, print_function

import signal
import sys

from fixture_views import hello

__all__ = ['hello']


def handle(number, frame):
    sys.stderr.write('handled by the site itself: %d\n' % number)


signal.signal(signal.SIGTERM, handle)
signal.signal(signal.SIGUSR1, handle)
