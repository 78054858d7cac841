"""Where things are: the checkout, and what may be removed at any time."""
from __future__ import absolute_import, division, print_function

import os

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(CHECKOUT, 'build')
