"""The scenarios, in the order in which they run, with their goals."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.cli.check import overloads


class Scenario(object):
    """One of them, by its name.

    ``goal``
        Milliseconds for the 99th percentile; None: reported, not judged.
    ``harmless``
        Whether it may be tried on a running site.
    ``fair``
        Whether a view that is too slow in it is too slow by itself.
    ``kept``
        Whether views are asked on connections that were open before.
    ``most``
        How many requests are sent at most.
    ``fault``
        The fault of a view that does not answer here while others do.
    """

    def __init__(self, pressure, goal, harmless=False, fair=True, kept=False,
                 most=None, fault=None):
        self.name = pressure.__name__.replace('_', '-')
        self.title = pressure.__doc__.strip()
        self.pressure = pressure
        self.goal = goal
        self.harmless = harmless
        self.fair = fair
        self.kept = kept
        self.most = most
        self.fault = fault


# With the setting switch-interval, the goal of python-loops is another.
LOOPS_GOAL, LOOPS_GOAL_SWITCHING = None if PY2 else 600.0, 30.0

SCENARIOS = (
    Scenario(overloads.baseline, 50.0, harmless=True),
    Scenario(overloads.workers_asleep, 50.0),
    Scenario(overloads.idle_connections, 50.0, harmless=True),
    Scenario(overloads.half_sent, 50.0, harmless=True),
    Scenario(overloads.waiting_requests, 250.0),
    Scenario(overloads.log_locks, 100.0,
             fault='waits for the lock of a log handler'),
    Scenario(overloads.slow_import, 50.0,
             fault='waits for an import of another thread'),
    Scenario(overloads.readers, 150.0, harmless=True),
    Scenario(overloads.sleeping_view, 150.0),
    Scenario(overloads.python_loops, LOOPS_GOAL, fair=False),
    Scenario(overloads.many_descriptors, 50.0),
    Scenario(overloads.no_descriptors, 50.0, kept=True,
             fault='needs a descriptor of its own'),
    Scenario(overloads.c_code, None, fair=False, most=1),
)


def named(names):
    """The scenarios of these names, in their order; all without a name.

    ValueError for an unknown one.
    """
    known = [scenario.name for scenario in SCENARIOS]
    for name in names:
        if name not in known:
            raise ValueError('there is no scenario %r; there are: %s'
                             % (str(name), ', '.join(known)))
    return [scenario for scenario in SCENARIOS
            if not names or scenario.name in names]
