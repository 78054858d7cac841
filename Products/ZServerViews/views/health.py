"""``/-/live``, ``/-/ready``, ``/-/startup``: 200 or 503, for probes.

On the listener they are answered while the event loop of the site stands still;
this fails all three.

The status is public. Its reasons need the access of the tier operator.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.access.peer import Facts
from Products.ZServerViews.format.documents import to_json
from Products.ZServerViews.format.units import seconds
from Products.ZServerViews.http.query import Flag
from Products.ZServerViews.monitor.backlog import Backlog
from Products.ZServerViews.monitor.liveness import (
    Live,
    Ready,
    loop_check,
    passed,
)
from Products.ZServerViews.monitor.liveness import startup as startup_checks
from Products.ZServerViews.monitor.requests import oldest_wait
from Products.ZServerViews.views.formatted import Found, MonitorView
from Products.ZServerViews.views.requests import (
    all_requests,
    in_flight,
    knows_queue,
)


class Verdict(Found):
    """What was found.

    ``passed``
        Whether all checks were.
    ``checks``
        A list of `monitor.liveness.Check`; None without access to them.
    ``verbose``
        Whether a text is to have a line for each.
    ``pid``, ``worker``
        Of this process, see `formatted.Asked`.
    """


class HealthView(MonitorView):
    """What the three have in common; `checks` is their own."""

    tier = 'status'
    # OPTIONS is what HAProxy asks by default, and means the same.
    methods = ('GET', 'HEAD', 'OPTIONS')
    # Some checkers append one that is another each time, against caches.
    ignores_others = True
    formats = ('text', 'json', 'health')
    parameters = (Flag('verbose'),)

    def checks(self, asked):
        """A list of `monitor.liveness.Check`."""
        raise NotImplementedError

    def all_checks(self, asked):
        """The same, with that of the event loop before them."""
        checks = self.checks(asked)
        if asked.site.loops.of_servers:
            checks = [loop_check(
                asked.site.watchdog.site_stands_for())] + checks
        return checks

    def collect(self, asked):
        checks = self.all_checks(asked)
        may_see = asked.site.access.allowed(
            'operator', Facts.of_environ(asked.environ))
        return Verdict(passed=passed(checks),
                       checks=checks if may_see else None,
                       verbose=asked.values['verbose'],
                       pid=asked.pid, worker=asked.worker)

    def headers(self, asked):
        return ([('Allow', ', '.join(self.methods))]
                if asked.method == 'OPTIONS' else [])

    def status(self, found):
        return '200 OK' if found.passed else '503 Service Unavailable'

    def as_text(self, found):
        lines = []
        if found.verbose and found.checks is not None:
            lines = [check.line() for check in found.checks]
            lines.append(_line_about(found))
        lines.append(u'ok' if found.passed else u'failed')
        return u'\n'.join(lines) + u'\n'

    def document(self, found):
        """As draft-inadarei-api-health-check-06 has it."""
        document = {'status': _word(found.passed)}
        if found.checks is not None:
            document['checks'] = dict((check.name, [_document(check)])
                                      for check in found.checks)
            document.update(pid=found.pid, worker=found.worker)
        return document

    def as_health(self, found):
        return to_json(self.document(found))


def _line_about(found):
    worker = u'' if found.worker is None else u', worker %d' % found.worker
    return u'pid %d%s' % (found.pid, worker)


def _word(ok):
    return 'pass' if ok else 'fail'


def _document(check):
    document = {'status': _word(check.ok)}
    if not check.ok:
        document['output'] = check.detail
    if check.age_seconds is not None:
        document['age_seconds'] = seconds(check.age_seconds)
    return document


class Load(Found):
    """Requests for the site at one moment.

    ``waiting``
        Those that wait for a worker: not those that wait for another one of
        their own connection, which some client has sent on purpose. None where
        the server does not tell.
    ``moved``
        When a worker has last taken or finished one; None if never.
    ``now``
        The moment.
    """


def load(site, server):
    """The `Load` of a site."""
    recorder = site.recorder
    requests = all_requests(site, server)
    waiting = [request for request in requests
               if request.started is None and not request.behind
               ] if knows_queue(server) else None
    moved = [request.started for request in requests
             if request.started is not None]
    idle = recorder.finished.idle_seconds()
    # Behind all that was looked at, so that nothing is in its future.
    now = recorder.now()
    if idle is not None:
        moved.append(now - idle)
    return Load(waiting=waiting, moved=max(moved) if moved else None, now=now)


def has_started(site):
    """Whether a loop of the site turns; some cannot tell, and turn."""
    loops = site.loops.all
    return not loops or any(loop.turns for loop in loops)


class LiveView(HealthView):
    """503 if requests wait and none has finished for so long: a restart may
    help then."""

    name = 'live'
    summary = u'whether requests get finished: fails when all is stuck'
    needs_recorder = asks_server = True

    def __init__(self):
        self._backlog = Backlog()

    def checks(self, asked):
        timeout = asked.site.settings.live_timeout
        seen = load(asked.site, asked.server)
        if seen.waiting is None:
            return []  # whether any request waits, nobody knows
        waiting = self._backlog.look(
            [request.received for request in seen.waiting], seen.moved,
            seen.now, timeout / 2)
        return Live(timeout).checks(
            waiting, asked.site.recorder.finished.idle_seconds())


class ReadyView(HealthView):
    """503 if another instance should get the requests."""

    name = 'ready'
    summary = u'whether a load balancer should send requests'
    needs_recorder = asks_server = True

    def checks(self, asked):
        site, settings = asked.site, asked.site.settings
        seen = load(site, asked.server)
        ready = Ready(settings.ready_max_wait, settings.ready_max_queue)
        waiting = seen.waiting
        return ready.checks(
            has_started(site), site.drain.draining,
            oldest_wait(waiting or [], seen.now),
            None if waiting is None else len(waiting),
            in_flight(site, asked.server)) + site.checks.results()


class StartupView(HealthView):
    """503 until the loop turns. It does when a view is answered; before, a
    client waits, or is refused."""

    name = 'startup'
    summary = u'whether the process has started'

    def checks(self, asked):
        return startup_checks(has_started(asked.site))


live = LiveView()
ready = ReadyView()
startup = StartupView()
