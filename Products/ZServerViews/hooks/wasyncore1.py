"""The hook for waitress 1.3 and 1.4, the last for Python 2.7.

The seams are those of hooks.wasyncore, but the channel is an older one: all
requests that one read brings become ``channel.requests`` at once, followed by
one call of ``add_task``, and one worker serves all of them, with ``task_lock``
held from the first to the last. So a view's request must be off that list
before a worker sees it:

- A channel whose first request is a view's becomes an AnsweringChannel1.
- A channel with a view's request further behind becomes a HoldingChannel:
  the requests from there on are held back until the worker has left.

Which thread runs what: everything here runs in the loop, except for what
HoldingChannel.last_activity says. The order rests on one rule: ``requests``
is filled only while no worker is in ``service()``, that is while it is empty
and ``task_lock`` is free. Waitress itself has no need of that rule: a worker
that is about to leave may find the next request and serve it as well.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.hooks import wasyncore_server
from Products.ZServerViews.hooks.wasyncore import WaitressHook, missing_seams
from Products.ZServerViews.hooks.wasyncore_channel import (
    Answering, AnsweringChannel)
from Products.ZServerViews.hooks.wasyncore_requests import find_mount
from Products.ZServerViews.hooks.wasyncore_state import (
    RecordedChannel1, members)

_CHANNEL_SEAMS = ('handle_read', 'received', 'readable', 'writable',
                  'handle_write', 'handle_close', 'send', '_flush_some',
                  'service', 'task_class', 'error_task_class',
                  'write_soon', 'current_outbuf_count')


class OldWaitressHook(WaitressHook):
    """Puts the look-up into all servers of a waitress before 2.0."""

    server_name = 'waitress 1'

    def unusable(self):
        try:
            from waitress import server
        except ImportError as error:
            return str(error)
        if 'send_continue' not in missing_seams(server, ['send_continue']):
            return 'this waitress is 2.0 or newer'
        missing = missing_seams(server, _CHANNEL_SEAMS)
        if missing:
            return ('this waitress has no %s; it should be 1.3 or newer'
                    % ', '.join(missing))
        return None

    def _make_answering(self):
        return Answering1(self._site)

    def _make_channel_class(self, channel_class):
        return self._answering.resting(channel_class)

    def _make_add_task(self, hand_over):
        return _make_add_task(self._table, self._answering,
                              self._submit_to(hand_over))

    def _submit_to(self, hand_over):
        """submit(server, channel): to a worker, as soon as there is room."""
        site, recording = self._site, self._recording

        def submit(server, channel):
            recorder = site.recorder
            if recorder is not None:
                recording.note(recorder, channel)
            wasyncore_server.submit(server, channel, hand_over)

        return submit


class Answering1(Answering):
    """What a channel of some class becomes; each is made once.

    That class is waitress's own, ours, or what somebody else has derived.
    """

    def resting(self, channel_class):
        """Between views. The server's channels are of this class already;
        one that is older than the hook becomes so with its first view."""
        if issubclass(channel_class, ViewChannel1):
            return channel_class
        return self._mixed('ViewChannel', ViewChannel1, channel_class,
                           members(self._site, channel_class))

    def hold(self, channel, index):
        """Keep back the channel's requests from that one on."""
        channel._held = channel.requests[index:]
        del channel.requests[index:]
        channel.__class__ = self._busy(HoldingChannel, channel.__class__)

    def _class(self, channel_class):
        return self._busy(AnsweringChannel1, channel_class)

    def _busy(self, mixin, channel_class):
        """While there is a view to answer or to wait for."""
        resting = self.resting(channel_class)
        return self._mixed(mixin.__name__, mixin, resting,
                           {'_site': self._site, '_resting_class': resting})

    def _mixed(self, name, mixin, channel_class, members):
        key = mixin, channel_class
        if key not in self._classes:
            self._classes[key] = type(name, key, members)
        return self._classes[key]


def _make_add_task(table, answering, submit):
    """The add_task of a server that looks for views first."""

    def add_task_or_view(server, channel):
        # Requests that are no view's pay one look-up each, nothing else.
        index, mount = _first_view(table, channel, server.adj.url_prefix)
        if mount is None or _is_lost(channel):
            submit(server, channel)
        elif index:
            answering.hold(channel, index)
            submit(server, channel)
        else:
            answering.begin(channel, mount)

    return add_task_or_view


def _first_view(table, channel, prefix):
    """(index, mount) of the first request that is a view's, or two None."""
    # A task of somebody else's has no requests, a broken request no path.
    for index, request in enumerate(getattr(channel, 'requests', ())):
        path = getattr(request, 'path', None)
        if path and (prefix or path in table.by_decoded_path):
            mount = find_mount(table, request, prefix)
            if mount is not None:
                return index, mount
    return None, None


def _is_lost(channel):
    """Whether no view can answer there: waitress goes on with it alone."""
    # If it is to be closed, waitress will not answer either. If it is locked,
    # a worker may have taken the requests: not on a ViewChannel1, but the
    # channel may be older than the hook.
    return (channel.will_close or channel.close_when_flushed
            or channel.task_lock.locked())


class ViewChannel1(RecordedChannel1):
    """Mixed into waitress's HTTPChannel: keeps the rule stated above, and
    answers a view without delay."""

    _due = None

    def handle_read(self):
        # Waitress calls this with requests empty, but perhaps before their
        # worker has left. Then the loop comes back at once for the data.
        if not self.task_lock.locked():
            super(ViewChannel1, self).handle_read()

    def received(self, data):
        result = super(ViewChannel1, self).received(data)
        if self._due is not None:
            # It is an AnsweringChannel1 by now, and would answer in the loop's
            # next turn.
            self._turn()
        return result


class AnsweringChannel1(AnsweringChannel):
    """Mixed into a channel for as long as it has a view to answer.

    No worker knows of such a channel, so none of its requests needs a lock.
    """

    def service(self):
        # Yet one may come: waitress may have queued a channel that is older
        # than the hook once more than there was work on it.
        pass

    def _drop_requests(self):
        _close_all(self.requests)
        self.requests = []

    def _next_request(self):
        self.requests.pop(0).close()
        # Waitress sends one 100 Continue on each connection, no more.
        self.sent_continue = False
        # Before the next request starts: it may want to answer again.
        self._rest()
        if self.requests:
            self.server.add_task(self)


class HoldingChannel(object):
    """Mixed into a channel while a view's request waits for a worker's."""

    _resting_class = None  # what the channel is before and after
    _held = ()             # the requests from the view's on

    @property
    def last_activity(self):
        # Read by the server's maintenance. It closes channels that have been
        # idle for long and have no requests, as this one between the end of
        # its worker and the loop's next look at it.
        return time.time()

    @last_activity.setter
    def last_activity(self, when):
        # By the worker, when it is done; counts once this class is left.
        self.__dict__['last_activity'] = when

    # What wasyncore's loop calls:

    def readable(self):
        # Asked in each turn, and the worker wakes the loop behind its last
        # step. In this order: it empties requests before it frees the lock.
        if not self.requests and not self.task_lock.locked():
            self._go_on()
        return False

    def handle_close(self):
        self._let_go()
        self.handle_close()  # the resting class's

    def close(self):
        # So does the server with its channels when it stops.
        self._let_go()
        self.close()

    def _go_on(self):
        """The worker has left: the loop has its turn, or all is over."""
        if self.will_close or self.close_when_flushed:
            self._let_go()
            return
        self.requests, self._held = self._held, ()
        self.__class__ = self._resting_class
        try:
            self.server.add_task(self)
        except Exception:
            # Around readable() wasyncore has no net, and the site would end.
            self.handle_error()

    def _let_go(self):
        _close_all(self._held)
        self._held = ()
        self.__class__ = self._resting_class


def _close_all(requests):
    for request in requests:
        request.close()
