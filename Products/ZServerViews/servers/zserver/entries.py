"""Channels in asyncore's map, where another object may stand for one."""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.servers.admission import BODY_STALLS
from Products.ZServerViews.servers.zserver.connection import ViewConnection
from Products.ZServerViews.servers.zserver.server import ServedChannel


def channel_in(entry):
    """The channel for which an entry of the loop's map stands: mostly the
    entry itself."""
    return entry.channel if isinstance(entry, ViewConnection) else entry


def channels_of(map):
    """All connections in a loop that were accepted by a ServedServer."""
    return [channel for channel in [channel_in(entry)
                                    for entry in list(map.values())]
            if isinstance(channel, ServedChannel)]


def is_receiving(channel):
    """Whether the body of a request has been coming in until now."""
    # Of connections for views alone, and of older ones, it is not known.
    return (channel.current_request is not None and time.time()
            - getattr(channel, 'body_moved', 0) < BODY_STALLS)
