"""The hook for waitress: a view runs in the thread of wasyncore's loop.

These seams of waitress are used, beside those of hooks.wasyncore_server; all
are found again by `uninstall`:

``BaseWSGIServer.add_task``
    Called for a channel whenever the first of its requests may start: by the
    loop when it has been received, by a worker when it has finished the one
    before. So each request passes here once, in the order of its connection.
``BaseWSGIServer.channel_class``
    Read at each accept; channels made while there is a recorder tell it of
    their requests.

What the site's own requests pay is counted, see docs/speed.rst: this is why
the functions that they pass are long rather than many.
"""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews.hooks import wasyncore_server
from Products.ZServerViews.hooks.wasyncore_channel import Answering
from Products.ZServerViews.hooks.wasyncore_requests import find_mount
from Products.ZServerViews.hooks.wasyncore_state import ChannelClass, Recording
from Products.ZServerViews.table import NOT_FOUND

# The mark of an attribute that its owner does not have itself.
_INHERITED = object()

# All that waitress's own add_task does.
_ADD_TASK = frozenset(['task_dispatcher', 'add_task'])

_CHANNEL_SEAMS = ('received', 'readable', 'writable', 'handle_write',
                  'handle_close', 'send', 'send_continue', '_flush_some',
                  'service', 'task_class', 'write_soon')


class WaitressHook(object):
    """Puts the look-up into all waitress servers of this process."""

    server_name = 'waitress'

    def __init__(self, table, site):
        self._table = table
        self._site = site
        self._recording = Recording(site)
        self._answering = self._make_answering()
        self._gates = []
        self._open_listener = None  # see _equip()
        self._undo = None

    @property
    def installed(self):
        return self._undo is not None

    def unusable(self):
        try:
            from waitress import server
        except ImportError as error:
            return str(error)
        missing = missing_seams(server, _CHANNEL_SEAMS)
        if missing:
            return ('this waitress has no %s; please report its version'
                    % ', '.join(missing))
        return None

    def install(self):
        self._equip()
        if self.installed:
            return
        from waitress.server import BaseWSGIServer
        hand_over = BaseWSGIServer.__dict__['add_task']
        seams = [(BaseWSGIServer, 'channel_class',
                  self._make_channel_class(BaseWSGIServer.channel_class)),
                 (BaseWSGIServer, 'add_task', self._make_add_task(hand_over))]
        missing = wasyncore_server.missing_seams()
        if missing:
            self._site.journal.log(
                logging.WARNING, 'This waitress has no %s: its limit of '
                'connections is one for views too, and there is no listener '
                'for them', ', '.join(missing))
        else:
            seams += wasyncore_server.replacements(self._site, hand_over,
                                                   self._listen, self._gates)
        self._undo = [(owner, name, ours, _replace(owner, name, ours))
                      for owner, name, ours in seams]

    def uninstall(self):
        if not self.installed:
            return
        for owner, name, ours, original in self._undo:
            # Somebody may have put a patch of theirs over ours: theirs would
            # go with it. Ours, left below, finds nothing in an empty table.
            if owner.__dict__.get(name) is ours:
                if original is _INHERITED:
                    delattr(owner, name)
                else:
                    setattr(owner, name, original)
        self._undo = None
        gates, self._gates = self._gates, []
        for gate in gates:
            gate.release()

    def answer_or_refuse(self, server, channel):
        """Answer on a listener for views alone: with 404 if it is for none.
        """
        mount = find_mount(self._table, channel.requests[0], '')
        self._answering.begin(channel, mount or NOT_FOUND)

    def _make_answering(self):
        return Answering(self._site)

    def _make_channel_class(self, channel_class):
        return ChannelClass(self._site, self._recording, channel_class)

    def _make_add_task(self, hand_over):
        return _make_add_task(self._table, self._site, self._answering,
                              self._recording, hand_over)

    def _equip(self):
        """Import what the settings ask for: the loop must not."""
        if (self._open_listener is None
                and self._site.settings.listen is not None):
            from Products.ZServerViews.hooks import wasyncore_reserved
            self._open_listener = wasyncore_reserved.open_listener

    def _listen(self, server):
        if self._open_listener is not None:
            self._open_listener(server, self, self._site)


def _replace(owner, name, ours):
    """Returns what was there before."""
    original = owner.__dict__.get(name, _INHERITED)
    setattr(owner, name, ours)
    return original


def missing_seams(server_module, channel_seams):
    """The names, of those a hook needs, that this waitress does not have."""
    base = getattr(server_module, 'BaseWSGIServer', None)
    channel_class = getattr(base, 'channel_class', None)
    return ([name for name in ('channel_class', 'add_task')
             if not hasattr(base, name)]
            + [name for name in channel_seams
               if not hasattr(channel_class, name)])


def _make_add_task(table, site, answering, recording, hand_over):
    """The add_task of a server that looks for a view first."""
    # A call less where that is all that waitress does.
    is_plain = wasyncore_server.is_known(hand_over, _ADD_TASK)

    def add_task_or_view(server, channel):
        # Called with the channel's requests_lock held.
        # As gate_of() does, which is a call more.
        gate = getattr(server, '_views_gate', None)
        prefix = server.adj.url_prefix if gate is None else gate.prefix
        mount = None
        try:
            request = channel.requests[0]
            if prefix or request.path in table.by_decoded_path:
                mount = find_mount(table, request, prefix)
        except AttributeError:  # a task of somebody else's, or a broken request
            pass
        if mount is not None:
            answering.begin(channel, mount)
            return
        if site.recorder is not None:
            recording.note(site.recorder, channel)
        if gate is None or not gate.quiet:
            wasyncore_server.submit(server, channel, hand_over)
        elif is_plain:
            server.task_dispatcher.add_task(channel)
        else:
            hand_over(server, channel)

    return add_task_or_view
