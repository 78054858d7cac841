"""The page that keeps a worker busy. It runs inside the demo's Zope."""
from __future__ import absolute_import, division, print_function

import logging
import time

from Products.Five.browser import BrowserView

LONGEST = 60.0


class Sleep(BrowserView):

    def __call__(self):
        seconds = min(float(self.request.form.get('seconds', 10)), LONGEST)
        # The demo counts these lines to know that the workers are asleep.
        logging.getLogger('demo').info('asleep for %s s', seconds)
        time.sleep(seconds)
        return 'slept for {0} s\n'.format(seconds)
