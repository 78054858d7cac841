"""A view whose child outlives the process, with all that it has inherited."""
from __future__ import absolute_import, division, print_function

import os
import time

from Products.ZServerViews.base import TextView


@TextView
def fork(environ):
    """The number of the child, which stays until it is killed."""
    pid = os.fork()
    if pid == 0:
        try:
            # Else nobody would see the end of the output of the process.
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 1)
            os.dup2(null, 2)
            time.sleep(300)
        finally:
            os._exit(0)
    return u'%d' % pid
