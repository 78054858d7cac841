"""The hook for waitress: a view runs in the thread of wasyncore's loop.

These seams of waitress are used, beside those of `seams`, each by a permanent
trampoline, see `runtime.patching`:

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
from functools import partial

from Products.ZServerViews.runtime.patching import Part, seam
from Products.ZServerViews.servers.waitress import probe, seams
from Products.ZServerViews.servers.waitress.admission import Admission, is_queued
from Products.ZServerViews.servers.waitress.answering import Answering
from Products.ZServerViews.servers.waitress.known_heads import Knowing
from Products.ZServerViews.servers.waitress.record import ChannelClass, Recording
from Products.ZServerViews.servers.waitress.state import WaitressState, workers
from Products.ZServerViews.servers.waitress.targets import find_mount

# All that waitress's own add_task does.
_ADD_TASK = frozenset(['task_dispatcher', 'add_task'])


class WaitressHook(object):
    """Puts the look-up into all waitress servers of this process.

    Any thread may install and uninstall it: slots are filled and emptied at
    once, and what there is in event loops is undone by these.
    """

    server_name = 'waitress'

    def __init__(self, table, site):
        self._table = table
        self._site = site
        self._views = Part('The views on waitress', site, self._end_admission)
        self._admission = Part('Admission control and the listener for views '
                               'on waitress', site, self._leave_loops)
        self._answering = self._make_answering()
        self._answering.failed = self._views.failed
        self._recording = Recording(site, self._views.failed)
        self._lacks = []       # what admission control needs and is not there
        self._admissions = []  # of all servers, changed by their loops alone
        self._make_views_loop = None  # see _equip()
        self._views_loop = None

    @property
    def installed(self):
        return self._views.in_force

    def unusable(self):
        if self.installed:
            return None
        try:
            from waitress import server
        except ImportError as error:
            return str(error)
        found = self._probe(server)
        self._lacks = found.lacks_for_admission
        return found.reason

    def _probe(self, server):
        return probe.look_at(server)

    def install(self):
        self._equip()
        if self.installed:
            return
        from waitress.server import BaseWSGIServer
        self._add_task = seam(BaseWSGIServer, 'add_task',
                              self._trampoline(), _ADD_TASK)
        self._views.fill([
            (seam(BaseWSGIServer, 'channel_class', ChannelClass),
             self._channel_class_for),
            (self._add_task, (self._table, self._site, self._site.signs.clean,
                              self._answering, self._recording, self._views))])
        self._site.tell_workers.add(workers)
        if self._lacks:
            self._site.loops_are_unseen = True
            self._site.log_queue.log(
                logging.WARNING, 'This waitress (%s) has no %s: its '
                'connection limit applies to views too, and there is no '
                'listener for views', probe.version(), ', '.join(self._lacks))
        else:
            self._admission.fill(seams.contents(
                self._site, self._admission, self._begin_admission))

    def uninstall(self):
        self._views.empty()
        self._site.tell_workers.discard(workers)
        self._end_admission()

    def begin_anew(self):
        """In a forked child: the loops that there have been are not here."""
        for admission in self._admissions:
            admission.forget()
        del self._admissions[:]
        views_loop, self._views_loop = self._views_loop, None
        if views_loop is not None:
            views_loop.forget()

    def _end_admission(self):
        self._admission.empty()
        self._leave_loops()

    def _make_answering(self):
        made = Answering(self._site)
        made.knowing = Knowing(self._table, self._views)
        return made

    def _trampoline(self):
        """What makes that of add_task."""
        return make_add_task

    def _channel_class_for(self, original):
        """What a server takes for its ``channel_class``."""
        if self._site.recorder is None:
            return original
        return self._recording.class_for(original)

    def _equip(self):
        """Import what the settings ask for: the loop must not."""
        if (self._make_views_loop is None
                and self._site.settings.listen is not None):
            from Products.ZServerViews.servers.waitress import elsewhere
            answering = self._make_answering()
            answering.failed = self._admission.failed
            self._make_views_loop = elsewhere.LoopMaker(
                self._table, answering, self._admission)

    # In event loops:

    def _begin_admission(self, server):
        """Open the Admission of a server, at the first iteration of its loop.
        """
        admission = server._views_admission = Admission(
            server, self._site, self._hand_over, self._admissions)
        self._admissions.append(admission)
        server.views_state = WaitressState(server, self._site)
        admission.loop.state = server.views_state
        self._listen(server)
        if not self._admission.in_force:
            self._leave_loops()  # the views have gone while this was done
        return admission

    def _hand_over(self, server, channel):
        self._add_task.original(server, channel)

    def _listen(self, server):
        """Have the listener for views in a loop of its own, which goes on while
        that of the server stands still."""
        before = self._views_loop
        if self._make_views_loop is not None and (
                before is None or before.ends):
            made = self._views_loop = self._make_views_loop(server, before)
            # Not by the new thread: with the first answer here it is there.
            made.open()
            made.start()

    def _leave_loops(self):
        """Have each loop undo what there is in it; in any thread."""
        for admission in list(self._admissions):
            admission.leave(partial(self._left, admission))

    def _left(self, admission):
        """In its loop, where nothing asks for a descriptor's events just now.
        """
        if self._admission.in_force or admission not in self._admissions:
            return  # there are views again, or it has been done
        self._admissions.remove(admission)
        try:
            admission.release()
        finally:
            if not self._admissions:
                if self._views_loop is not None:
                    self._views_loop.end()
            # Of several servers in one loop the last: what belongs to a loop
            # that has ended is undone in any thread.
            if not any(other.loop is admission.loop
                       for other in self._admissions):
                self._site.end_loop(admission.loop)


def make_add_task(seam):
    """The add_task of a server that looks for a view first."""

    def add_task_or_view(server, channel):
        filled = seam.filled
        if filled is not None:
            table, site, clean, answering, recording, views = filled
            mount = None
            try:
                admission = getattr(server, '_views_admission', None)
                prefix = (admission or server.adj).url_prefix
                try:
                    request = channel.requests[0]
                    if prefix or request.path in table.by_decoded_path:
                        if not prefix and request.error is None:
                            sent = getattr(request, 'request_uri', None)
                            mount = table.by_path.get(sent)
                        mount = mount or find_mount(table, request, prefix)
                    if tuple(request.headers) not in clean:
                        site.signs.note(channel, request.headers)
                except AttributeError:
                    pass  # a task of somebody else's, or a broken request
                if mount is not None:
                    answering.begin(channel, mount)
                    return
                if site.recorder is not None:
                    recording.note(site.recorder, channel)
                if not (admission is None or admission.quiet):
                    if is_queued(server, channel):
                        return
            except Exception:
                views.failed()
                if mount is not None and channel.will_close:
                    return  # a part of the answer is out: nothing may follow
        if filled and seam.is_plain:  # a call less: all that waitress does
            server.task_dispatcher.add_task(channel)
        else:
            seam.original(server, channel)

    return add_task_or_view
