"""Two other products that patch the server: one before views are served, for a
view of this module is configured, and one behind, when a page asks for that.

Each counts what passes, and calls what it has found.
"""
from __future__ import absolute_import, division, print_function

import atexit
import gc
import logging
import os
import sys
import threading
from collections import Counter

from fixture_views import hello

__all__ = ['hello']

counts = {'before': Counter(), 'behind': Counter()}
maps = {}  # of event loops: {id: the map}


def seams():
    """(owner, name) of all that the product replaces, as far as it is here."""
    if 'ZServer.HTTPServer' in sys.modules:
        import asyncore

        from ZServer import HTTPResponse, HTTPServer
        maps[id(asyncore.socket_map)] = asyncore.socket_map
        found = [(asyncore, 'poll'), (HTTPResponse, 'LoggingProducer'),
                 (HTTPServer, 'zhttp_collector'),
                 (HTTPServer, 'get_http_header_max_length')]
    else:
        from waitress.server import BaseWSGIServer
        found = [(BaseWSGIServer, 'add_task'), (BaseWSGIServer, 'readable'),
                 (BaseWSGIServer, 'accept')]
    return [(owner, name) for owner, name in found + [
        (logging.Logger, 'handle')] if hasattr(owner, name)]


def patch(word):
    """As another product would."""
    for owner, name in seams():
        setattr(owner, name, counted(word, owner, name))
    if 'waitress.server' in sys.modules:
        from waitress.server import BaseWSGIServer
        BaseWSGIServer.channel_class = type(
            word.title() + 'Channel', (BaseWSGIServer.channel_class,),
            {'patched_' + word: True})


def counted(word, owner, name):
    # As they all do it: the attribute as it is, whatever that is.
    original, count = getattr(owner, name), counts[word]
    if isinstance(owner, type):
        original = vars(owner).get(name, original)

    def patched(*args, **kw):
        count[name] += 1
        if name == 'readable':
            maps[id(args[0]._map)] = args[0]._map
        return original(*args, **kw)

    return patched


def channels():
    """How many connections there are whose class is of both products."""
    return sum(1 for found in list(maps.values())
               for channel in list(found.values())
               if hasattr(channel, 'patched_before')
               and hasattr(channel, 'patched_behind'))


def state():
    """What views must not leave more of than there was."""
    gc.collect()
    return {
        'files': len(os.listdir('/proc/self/fd')),
        'threads': sorted(thread.name for thread in threading.enumerate()
                          if 'Dummy' not in thread.name),
        'entries': sum(len(found) for found in maps.values()),
        'atexit': (atexit._ncallbacks() if hasattr(atexit, '_ncallbacks')
                   else len(atexit._exithandlers)),
        'handlers': len(logging._handlerList),
        'switch': getattr(sys, 'getswitchinterval', sys.getcheckinterval
                          if hasattr(sys, 'getcheckinterval') else None)(),
        'attributes': sorted(
            repr(vars(owner).get(name)) for owner, name in seams()),
    }


patch('before')
