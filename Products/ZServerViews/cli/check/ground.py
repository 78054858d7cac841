"""What a scenario runs on: a server, and how to get at its inside."""
from __future__ import absolute_import, division, print_function

import contextlib
import time

from Products.ZServerViews.cli.check import client
from Products.ZServerViews.cli.check.work import WORK

# The limit that is assumed for a running site, where it is not known.
UNKNOWN_LIMIT = 100
# Seconds: for the child's state to change, and for requests to be answered. Not
# judged, so that a busy machine has the time that it needs.
PATIENCE = 60
FINISHING = 60


class Ground(object):
    """What a scenario has.

    ``address``, ``site_address``
        Where views are asked, and where requests for Zope go to.
    ``instance``
        The throw-away Instance; None for a running site, where only its
        address is known and only harmless scenarios run.
    ``path``
        One of the views.
    ``kept``
        Connections from before the scenario, if it wants some.
    """

    def __init__(self, address, path, instance=None):
        self.address = address
        self.site_address = (address if instance is None
                             else instance.site_address)
        self.path = path
        self.instance = instance
        self.kept = []
        self.remarks = []
        self.problems = []

    @property
    def connection_limit(self):
        if self.instance is None:
            return UNKNOWN_LIMIT
        return self.instance.connection_limit

    def control(self, name, connection=None):
        return self.instance.control(name, connection)

    def settle(self):
        """Until the server has accepted all connections so far."""
        try:
            client.ask(self.address, self.path)
        except client.Lost:
            pass  # that is for the measurement to say

    def wait_until(self, name, reached, seconds=PATIENCE):
        """Whether a value of the child's state gets there in time."""
        ends = client.now() + seconds
        while not reached(self.control('state')[name]):
            if client.now() > ends:
                return False
            time.sleep(0.05)
        return True

    @contextlib.contextmanager
    def at_work(self, *kinds):
        """Requests for Zope that are not finished until the end of this; all
        of them must be then."""
        self.control('close_gate')
        pending = []
        try:
            for kind in kinds:
                pending.append(client.Pending(self.site_address, WORK + kind))
                if len(pending) == 1:
                    # It gets a worker before those that are to wait.
                    self._wait_for_workers(1)
            self._wait_for_workers(min(len(kinds), self.instance.threads))
            yield
            early = sum(one.is_answered() for one in pending)
            if early:
                self.problems.append('%d requests for Zope were answered too '
                                     'early' % early)
            self.control('open_gate')
            self._finish(pending)
        finally:
            for one in pending:
                one.close()
            self._calm_down()

    def _wait_for_workers(self, number):
        if not self.wait_until('waiting', lambda found: found >= number):
            self.problems.append(
                'only %d of %d workers have begun to work'
                % (self.control('state')['waiting'], number))

    def _finish(self, pending):
        ends = client.now() + FINISHING
        finished = sum(one.finish(ends - client.now()) for one in pending)
        text = ('%d of %d requests for Zope were answered in the end'
                % (finished, len(pending)))
        self.remarks.append(text)
        if finished < len(pending):
            self.problems.append(text)

    def _calm_down(self):
        """No worker is busy when the next scenario begins."""
        self.control('open_gate')
        if not self.wait_until('waiting', lambda found: not found):
            self.problems.append('workers have not finished')
