"""A published page that keeps its worker busy; runs inside that Zope."""
from __future__ import absolute_import, division, print_function

import logging
import time

from Products.Five.browser import BrowserView


class Sleep(BrowserView):

    def __call__(self):
        # The benchmark counts these lines to know how many workers sleep.
        logging.getLogger('benchmark').info('asleep')
        time.sleep(min(float(self.request.form['seconds']), 60))
        return 'awake'
