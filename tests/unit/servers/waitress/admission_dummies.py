"""Servers of waitress and their channels, without sockets."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.servers.waitress.admission import Admission
from tests.unit.waitress_dummies import still_site


class Adjustments(object):
    url_prefix = ''
    connection_limit = 100
    cleanup_interval = 30


class Trigger(object):
    """Calls what it is given at once."""

    _fileno = 5

    def pull_trigger(self, work=None):
        if work is not None:
            work()


class Workers(object):
    """What waitress's dispatcher tells of its workers."""

    active_count = 0

    def __init__(self):
        self.queue = []


class Server(object):
    """Of waitress, without a socket."""

    adj = Adjustments()
    accepting = True
    next_channel_cleanup = 2 ** 62

    def __init__(self):
        self._map = {}
        self.trigger = Trigger()
        self.task_dispatcher = Workers()


class Request(object):
    def __init__(self):
        self.headers = {}


class Channel(object):
    """A connection with so many requests."""

    total_outbufs_len = 0
    request = server = None
    will_close = False
    _held = ()
    connected = True
    last_activity = 0

    def __init__(self, number):
        self.requests = [Request() for _request in range(number)]

    @property
    def closing(self):
        return ['CONNECTION' in request.headers for request in self.requests]


def opened(*channels):
    site = still_site()
    site.signals.install = lambda drains: None
    server, handed_over = Server(), []
    server._map.update(enumerate(channels))
    admission = Admission(server, site,
                lambda server, channel: handed_over.append(channel))
    return site, admission, handed_over
