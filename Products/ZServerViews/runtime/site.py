"""What there is once in a process, whatever serves its views."""
from __future__ import absolute_import, division, print_function

import logging
import sys
import threading

from Products.ZServerViews import _daemons
from Products.ZServerViews._compat import PY2
from Products.ZServerViews._tallies import Counts, PerThread
from Products.ZServerViews.access.peer import Signs
from Products.ZServerViews.access.policy import Access
from Products.ZServerViews.config.settings import ProcessSettings
from Products.ZServerViews.http.encoder import Heads
from Products.ZServerViews.monitor import thread_clocks
from Products.ZServerViews.runtime.access_log import AccessLog
from Products.ZServerViews.runtime.draining import Drain
from Products.ZServerViews.runtime.equipment import Equipped
from Products.ZServerViews.runtime.exit_guard import ExitGuard
from Products.ZServerViews.runtime.failures import Failures
from Products.ZServerViews.runtime.forks import Forks
from Products.ZServerViews.runtime.log_queue import LogQueue
from Products.ZServerViews.runtime.log_redirect import LogRedirect
from Products.ZServerViews.runtime.loops import Loops
from Products.ZServerViews.runtime.refusals import Refusals
from Products.ZServerViews.runtime.seen_server import see
from Products.ZServerViews.runtime.signals import Signals
from Products.ZServerViews.runtime.watchdog import Watchdog
from Products.ZServerViews.wsgi.budget import Budget
from Products.ZServerViews.wsgi.offload import OffloadedResponse
from Products.ZServerViews.wsgi.response import ENDED, NEW
from Products.ZServerViews.wsgi.view_calls import ViewCalls
from Products.ZServerViews.wsgi.view_threads import ViewThreads


def _nothing():
    """The default of `Site.when_a_loop_begins` and `Site.when_forked`."""


class Site(Equipped):
    """What all loops and all responses of this process share.

    ``tell_workers``
        Those of the hooks, for each kind of server that may be there: see `workers`.
    """

    def __init__(self):
        Equipped.__init__(self)
        self.heads = Heads()
        self.log_queue = LogQueue()
        self.access_log = AccessLog(self.log_queue)
        self.loops = Loops()
        self.thread_clocks = thread_clocks.of_this_process()
        self.log_redirect = LogRedirect(self.loops, self.log_queue)
        self.drain = Drain()
        self.exit_guard = ExitGuard(self.log_queue)
        self.signals = Signals(self)
        # For Zope's request its Request, or None: a hook's, in whose server
        # only the publisher shows that a worker begins.
        self.record_of = None
        self.tell_workers = set()
        # Of the listener for views: its socket; (settings, text) of the last
        # attempt to have it, if that failed; its ViewsLoop, if there is one.
        self.views_socket = self.views_socket_failure = self.views_loop = None
        self.table = None  # the Service's
        self.instance_name = ''  # of Zope's instance
        self.counts = PerThread(Counts)  # of what happens to connections
        self.settings = ProcessSettings()
        self.access = Access(self.settings)
        self.signs = Signs()
        self.refusals = Refusals(self)
        self.budget, self.view_calls = Budget(self), ViewCalls()
        self.view_threads = ViewThreads(self)
        self.failures = Failures(self)
        self.watchdog = Watchdog(self)
        # Whether a server's hook cannot tell when its event loop begins.
        self.loops_are_unseen = False
        self._paths = self._said = None  # of views; what the log has of them
        self._switch_interval = None  # what it was before ours
        self.when_a_loop_begins = self.when_forked = _nothing
        self.forks = Forks(self)
        self.log_queue.forked = self.forks.look

    def workers(self):
        """{identifier: name} of the server's threads that work at requests, as
        far as its hook knows them; the name is None where the thread has one of
        its own. It may be called in any thread.
        """
        found = {}
        # Copied in one step of the interpreter: a hook may go.
        for tell in self.tell_workers.copy():
            found.update(tell())
        return found

    def start(self, paths):
        """Views at these paths are served from now on; may be called again.

        Nothing is started before an event loop runs here: programs that
        read zope.conf and serve nothing (``zconsole run``, ``adduser``) get no
        thread, no signal handler and no file.
        """
        self._paths = ' '.join(sorted(paths))
        self.forks.follow()
        self.watchdog.equip()
        self.know_systemd()
        if self.loops.all or self.loops_are_unseen:
            self.run()

    def run(self):
        """Begin with what runs beside the event loops; may be called again.

        A loop and whoever changes the configuration may come at once.
        """
        with self.running:
            self._run()

    def _run(self):
        self.log_redirect.install()
        self.log_queue.start()
        self.watchdog.start()
        self.start_equipment()
        self._set_switch_interval()
        if self._paths != self._said:
            self._said = self._paths
            self.log_queue.log(logging.INFO, 'Views served from the event '
                               'loop: %s', self._paths)

    def stop(self):
        """No view is served any more; may be called again.

        Each loop calls `end_loop` besides, where there is one.
        """
        self._paths = self._said = None
        self._put_switch_interval_back()
        self.log_redirect.uninstall()
        self.watchdog.stop()
        self.stop_equipment()
        self.budget.stop()

    # In the thread that forks; see `forks`.

    def before_fork(self):
        self.watchdog.before_fork()

    def after_fork(self):
        self.watchdog.after_fork()

    def begin_anew(self):
        """In a forked child: all that runs is the parent's.

        Begins with the log queue: what fails here is logged by it.
        """
        self.running = threading.Lock()
        self._said = None
        for call in (self.log_queue.begin_anew, self.loops.begin_anew,
                     self.signals.uninstall, self._put_switch_interval_back,
                     self.when_forked, self._close_views_socket,
                     self.view_calls.begin_anew, self.budget.begin_anew,
                     _daemons.begin_anew,
                     self.watchdog.begin_anew, self.checks.begin_anew,
                     self.view_threads.begin_anew, self.drain.begin_anew,
                     self.exit_guard.begin_anew, self.refusals.begin_anew,
                     self.access.close, self.counts.begin_anew,
                     self.begin_equipment_anew):
            try:
                call()
            except Exception:
                self.log_queue.log(
                    logging.ERROR, 'A forked process did not begin anew',
                    exc_info=sys.exc_info())

    def _close_views_socket(self):
        # The parent listens on; without this the address would be taken for as
        # long as the child lives.
        sock, self.views_socket = self.views_socket, None
        if sock is not None:
            sock.close()

    def listening_at(self):
        """The address of the listener for views as a text, with the port that
        it has got if the setting says 0; None if there is no listener."""
        sock, address = self.views_socket, self.settings.listen
        if sock is None or address is None:
            return None
        return address.told(sock)

    def begin_loop(self, wake, drains=False, is_for_views=False):
        """The Loop of the calling thread, at its first iteration.

        ``wake`` and ``is_for_views`` are for `Loop`, ``drains`` for `Signals`.
        """
        self.forks.look()
        if not is_for_views:
            self.signals.install(drains)
        loop = self.loops.begin(wake, is_for_views)
        self.when_a_loop_begins()
        self.run()
        self.find_versions()
        return loop

    def end_loop(self, loop):
        """Undo `begin_loop`; in the thread of that loop, if it runs still."""
        self.loops.leave(loop)
        if not loop.is_for_views:
            self.signals.uninstall()
        if self.systemd is not None:
            self.systemd.left()

    def in_flight_on_listener(self):
        """How many requests on the listener for views are not answered in full,
        where that has an event loop of its own; in any thread."""
        loop = self.views_loop
        return 0 if loop is None else loop.in_flight()

    def visible(self, mount, facts):
        """The mount, or what answers in its place if this request may not see
        it; ``facts`` are `access.peer.Facts`."""
        objection = self.access.objection(mount.tier, facts)
        if objection is None:
            return mount
        mount.usage.counts.here().count('refused')
        self.refusals.tell(mount.path, objection)
        return mount.refusal

    def offloaded_if_wanted(self, response):
        """The response, offloaded if its view is for this request."""
        if response.mount.is_offloaded_for(response.environ,
                                           self.failures.undecided):
            return self.offloaded(response)
        return response

    def offloaded(self, response):
        """The response that goes on with this one, out of the event loop;
        called in that."""
        if isinstance(response, OffloadedResponse) or response.state >= ENDED:
            return response  # it is already, or nothing is left to do
        response.mount.usage.counts.here().count('offloaded')
        if response.mount.asks_server and response.state == NEW:
            try:
                see(response.environ)
            except Exception:
                self.failures.failed(response, sys.exc_info())
        return OffloadedResponse(
            response, self.view_threads.view_thread(response.mount))

    def _set_switch_interval(self):
        seconds = self.settings.switch_interval
        if seconds is None:
            self._put_switch_interval_back()
        elif PY2:
            self.log_queue.log(logging.WARNING, 'The setting switch-interval '  # PY2
                               'has no effect on Python 2')  # PY2
        else:
            if self._switch_interval is None:
                self._switch_interval = sys.getswitchinterval()
            sys.setswitchinterval(seconds)

    def _put_switch_interval_back(self):
        seconds, self._switch_interval = self._switch_interval, None
        if seconds is not None:
            sys.setswitchinterval(seconds)
