"""The view that every description of this product uses as its example."""
from __future__ import absolute_import, division, print_function

import threading

from Products.ZServerViews.base import TextView


@TextView
def current_thread_id_zserver_view(environ):
    """The identifier of the thread that runs the view: always the same one."""
    return str(threading.current_thread().ident)
