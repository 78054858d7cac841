"""Runs a check: examines the views, then runs scenario after scenario."""
from __future__ import absolute_import, division, print_function

import socket

from Products.ZServerViews.cli.check import client
from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.check.faults import Faults
from Products.ZServerViews.cli.check.figures import Row
from Products.ZServerViews.cli.check.ground import Ground
from Products.ZServerViews.cli.check.overloads import python_loops
from Products.ZServerViews.cli.check.scenarios import LOOPS_GOAL_SWITCHING

# Seconds for each view in each scenario, once it does not answer as it should.
LONGEST, LONGEST_QUICK = 20, 6
MOST_BAD = 3


class Runner(object):
    """One check.

    ``instance``
        An Instance that has been started, or None.
    ``progress``
        Called with a text before each step.
    """

    def __init__(self, given, instance, progress):
        self._given = given
        self._instance = instance
        self._address = (given.address if instance is None
                         else instance.address)
        self._progress = progress
        self.rows = []
        self.remarks = []   # (name of the scenario, text)
        self.problems = []  # likewise
        self.faults = None

    @property
    def is_good(self):
        return not (self.problems or self.faults.found
                    or any(not row.is_good for row in self.rows))

    def run(self):
        self.faults = Faults(self._find_views())
        paths = sorted(self.faults.names)
        self._progress('examining %d view%s'
                       % (len(paths), '' if len(paths) == 1 else 's'))
        ground = self._ground(paths)
        paths = [path for path in paths if self._examine(ground, path)]
        if not paths:
            return
        self._look_at_site(paths)
        self._look_at_budget(ground, True)
        for number, scenario in enumerate(self._given.scenarios):
            reason = self._does_not_apply(scenario)
            if reason is not None:
                self.remarks.append((scenario.name, reason))
                continue
            self._progress('[%d/%d] %s: %s' % (
                number + 1, len(self._given.scenarios), scenario.name,
                scenario.title))
            self._try(scenario, paths)

    def _does_not_apply(self, scenario):
        """Why it is not tried, as a text; None if it is."""
        server = self._instance and self._instance.server
        reason = server and server.does_not_apply.get(scenario.name)
        return reason and 'does not apply on %s: %s' % (server.title, reason)

    def _ground(self, paths):
        return Ground(self._address, paths[0], self._instance)

    # Which views

    def _find_views(self):
        """{path: dotted name} of the views to check."""
        if self._instance is None:
            return self._views_of_running()
        names = dict((str(path), str(name)) for path, name, _overruns, _longest
                     in self._instance.control('views'))
        if not names:
            raise CannotRun('%s mounts no view; add a section '
                            '<product-config zserver-views>'
                            % self._given.etc)
        for path in self._given.views:
            if path not in names:
                raise CannotRun('there is no view at %s; there are: %s'
                                % (path, ', '.join(sorted(names))))
        wanted = self._given.views or list(names)
        return dict((path, names[path]) for path in wanted)

    def _views_of_running(self):
        for path in self._given.views:
            try:
                status = client.ask(self._address, path).status
            except client.Lost as lost:
                raise CannotRun('%s:%d does not answer %s (%s); is it '
                                'running?' % (self._address + (path, lost)))
            if status == 404:
                raise CannotRun('%s:%d has nothing at %s: it answers 404'
                                % (self._address + (path,)))
        return dict((path, '') for path in self._given.views)

    def _examine(self, ground, path):
        """Whether the server still runs; if not, it is restarted."""
        try:
            self.faults.examine(ground, path)
        except client.Lost:
            self.faults.blame(path, 'stops the server; no scenario is tried '
                               'with it')
            self._restart()
            return False
        return True

    def _restart(self):
        self._progress('    starting the instance anew')
        self._instance.restart()
        self.faults.forget_budget()

    def _look_at_site(self, paths):
        """Say where views are asked, if not at the port of the site, and
        which are not there."""
        instance = self._instance
        if instance is None or instance.address == instance.site_address:
            return
        remark = 'the views are requested on a listener of their own'
        missing = [path for path in paths if not self._is_on_site(path)]
        if missing:
            remark += '; on the port of the site there is no ' + ', '.join(
                missing)
        self.remarks.append((instance.server.title, remark))

    def _is_on_site(self, path):
        # It may want a token there. Zope's own answers are these.
        try:
            return client.ask(self._instance.site_address,
                              path).status not in (404, 500)
        except client.Lost:
            return False

    # One scenario

    def _try(self, scenario, paths):
        if scenario.most is not None:
            paths = paths[:1]
        if not self._run(scenario, paths) and len(paths) > 1:
            # One view may have blocked the event loop for all: which one?
            for path in paths:
                self._run(scenario, [path])

    def _run(self, scenario, paths):
        """Whether it was completed; if not, it may be tried again."""
        ground = self._ground(paths)
        rows = [Row(scenario.name, path, self._goal(scenario))
                for path in paths]
        finished = self._measure_all(scenario, ground, rows)
        if finished or len(paths) == 1:
            self._keep(scenario, ground, rows)
        return finished

    def _measure_all(self, scenario, ground, rows):
        try:
            self._measure(scenario, ground, rows)
            self._look_at_budget(ground, scenario.fair)
        except (client.Lost, socket.error) as error:
            ground.problems.append('the server did not survive: %s'
                                   % error)
            if self._instance is not None:
                self._restart()
            return False
        return True

    def _keep(self, scenario, ground, rows):
        self.rows += rows
        self.faults.look_at_rows(scenario, rows)
        self.remarks += [(scenario.name, text) for text in ground.remarks]
        self.problems += [(scenario.name, text) for text in ground.problems]

    def _goal(self, scenario):
        goal = scenario.goal
        if self._given.switch_interval and scenario.pressure is python_loops:
            goal = LOOPS_GOAL_SWITCHING
        return None if goal is None else goal * self._given.patience

    def _look_at_budget(self, ground, fair):
        if self._instance is not None:
            self.faults.look_at_budget(ground, fair)

    def _measure(self, scenario, ground, rows):
        if scenario.kept:
            ground.kept = [client.connect(self._address) for _row in rows]
        try:
            with scenario.pressure(ground):
                if scenario.kept:
                    self._ask_in_turn(rows, ground.kept)
                else:
                    for row in rows:
                        self._ask(row, scenario.most)
        finally:
            for connection in ground.kept:
                connection.close()

    def _ask(self, row, most):
        """Send the requests for one row; fewer if several are bad."""
        number = min(self._given.requests, most or self._given.requests)
        ends = self._ends()
        while row.asked < number and client.now() < ends and _goes_on(row):
            self._ask_once(row)

    def _ask_in_turn(self, rows, connections):
        """The same on open connections; an idle one may be closed."""
        ends = self._ends()
        asked = list(zip(rows, connections))
        for _number in range(self._given.requests):
            asked = [(row, connection) for row, connection in asked
                     if client.now() < ends
                     and self._ask_once(row, connection) and _goes_on(row)]

    def _ends(self):
        return client.now() + (LONGEST_QUICK if self._given.quick
                               else LONGEST)

    def _ask_once(self, row, connection=None):
        """Whether the connection is good for another request."""
        row.asked += 1
        try:
            answer = self._answer(row.view, connection)
        except client.Lost:
            return False
        if answer.is_good:
            row.times.append(answer.seconds)
        elif not answer.is_late:
            row.failed += 1
        return not answer.too_much

    def _answer(self, path, connection):
        if connection is None:
            return client.ask(self._address, path)
        return client.ask_on(connection, path)


def _goes_on(row):
    return row.asked - len(row.times) < MOST_BAD
