"""What the soak asks a process about itself, and leaks to show that it is seen.

``SOAK_LEAK`` says what each request for the view ``leaks`` keeps.
"""
from __future__ import absolute_import, division, print_function

import gc
import os
import sys
import threading

from zope.interface import implementer

from Products.ZServerViews.base import JSONView, TextView, aside
from Products.ZServerViews.interfaces import ISuite

kept = []


@aside
@JSONView
def heap(environ):
    """What there is behind a collection; blocks are of any size."""
    gc.collect()
    # Python 2.7 does not count them.
    blocks = getattr(sys, 'getallocatedblocks', int)
    return {'objects': len(gc.get_objects()), 'blocks': blocks()}


def keep_memory():
    kept.append(b'%01024d' % len(kept))


def keep_descriptor():
    kept.append(os.dup(0))


def keep_thread():
    thread = threading.Thread(target=threading.Event().wait, args=(900,))
    thread.daemon = True
    thread.start()


LEAKS = {'': lambda: None, 'memory': keep_memory,
         'descriptor': keep_descriptor, 'thread': keep_thread}
leak = LEAKS[os.environ.get('SOAK_LEAK', '')]


@TextView
def leaks(environ):
    leak()
    return u'kept'


def long_answer(environ, start_response):
    start_response('200 OK', [('Content-Length', str(12 << 20))])
    return (b'l' * 65536 for _number in range(192))


@implementer(ISuite)
class Suite(object):
    def views(self):
        return [('heap', heap), ('leaks', leaks), ('long', long_answer)]


suite = Suite()
