"""Servers of ZServer's and their channels, without sockets."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._tallies import Counts, PerThread
from Products.ZServerViews.servers.zserver.admission import Admission
from Products.ZServerViews.servers.zserver.server import served


class LogQueue(object):

    def __init__(self):
        self.lines = []

    def log(self, level, message, *args):
        self.lines.append(message % args)


class Loop(object):
    turns = 0
    asked = None
    running = None


class Drain(object):
    draining = False


class Site(object):
    recorder = None

    def __init__(self):
        self.drain = Drain()
        self.log_queue = LogQueue()
        self.counts = PerThread(Counts)
        self.begun = []

    def begin_loop(self, wake, drains):
        assert not drains
        self.begun.append(wake)
        return Loop()

    def end_loop(self, loop):
        self.begun.append(None)


class Chat:
    """What is needed of asynchat's, from which all channels come."""

    def readable(self):
        return 1

    def writable(self):
        return 0


class PlainChannel(Chat):
    """What is needed of a zhttp_channel."""

    working = closed = 0
    current_request = None
    no_more_requests = 0

    def __init__(self, server, conn, addr):
        self.server = server
        self.queue, self.producer_fifo = [], []
        self.started, self.collected = [], []

    def work(self):
        self.working = 1
        self.started.append(self.queue.pop(0))

    def done(self):
        self.working = 0
        self.work_again = True

    def close(self):
        self.closed = 1
        for key, channel in list(self.server.map.items()):
            if channel is self:
                del self.server.map[key]

    def collect_incoming_data(self, data):
        self.collected.append(data)


class Records(object):
    """Some entries of queues are their own records."""

    def __init__(self):
        self.noted = []

    def note(self, queue):
        self.noted += queue

    def of_entry(self, entry):
        return entry if isinstance(entry, Record) else None


class Record(object):
    gone = False


class Listener(object):

    def __init__(self, channels):
        self.channels = channels
        self.stopped = 0

    def stop(self):
        self.stopped += 1


class PlainServer:
    channel_class = PlainChannel
    accepting = 1
    result = error = None

    def accept(self):
        if self.error is not None:
            raise self.error
        return self.result


class Running(object):
    """A server, and what else is in the loop's map."""

    def __init__(self, limit=5):
        self.site = Site()
        self.map = {}
        self.woken = []
        self.listener = None
        self.opened = []
        self.admission = Admission(self.site, self.map, self.woken.append,
                                   Records(), self.listen)
        self.admission.limit = limit
        self.server = served(PlainServer, self.admission)()
        self.server.map = self.map
        self.map[0] = self.server
        self.admission.turn(30)

    def listen(self, admission):
        self.opened.append(admission)
        return self.listener

    def connect(self, age=0):
        channel = self.server.channel_class(self.server, None, None)
        channel.idle_from -= age
        self.map[len(self.map) + 1] = channel
        return channel


def ask(channel, name):
    channel.queue.append(name)
    channel.work()


class Part(object):
    faults = 0

    def failed(self):
        self.faults += 1


class Response(object):
    _http_connection = 'keep-alive'
