"""Told before anything is imported that an old Python could not read."""
from __future__ import absolute_import, division, print_function

import sys


def refuse():
    if sys.version_info < (3, 10):
        sys.exit('This needs Python 3.10 or newer, and python3 is Python {0} '
                 'here. Choose another: make ... PYTHON=python3.12'.format(
                     '.'.join(str(part) for part in sys.version_info[:3])))
