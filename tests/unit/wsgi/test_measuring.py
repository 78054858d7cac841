"""wsgi.measuring: how much of a step was the view's own doing."""
from __future__ import absolute_import, division, print_function

import threading
import time

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.wsgi import measuring
from Products.ZServerViews.wsgi.measuring import Measured, thread_usage

INTERVAL = 0.005


class Machine(object):
    """All the clocks; `live` moves them."""

    interval = INTERVAL

    def __init__(self):
        self.wall = self.lateness = self.all = self.own = 0.0
        self.counts = [0, 0]

    def live(self, wall, own=0.0, others=0.0, late=0.0, waits=1, cut=0):
        self.wall += wall
        self.lateness += late
        self.own += own
        self.all += own + others
        if self.counts[0] is not None:
            self.counts[0] += waits
            self.counts[1] += cut

    def at(self, moment):
        assert moment == self.wall
        return self.lateness

    def measure(self, **life):
        return self.measured(lambda: self.live(**life))

    def measured(self, *calls):
        measured = Measured(
            self, lambda: self.wall,
            lambda: (self.own, self.counts[0], self.counts[1]),
            lambda: self.all, lambda: self.interval)
        for call in calls:
            measured.watching(call)()
        return measured


@pytest.fixture
def machine():
    made = Machine()
    made.live(1000.0, 10.0, 500.0, 7.0, 99, 50)
    return made


# As they were measured on a machine with two processors, Python 3.11.
@pytest.mark.parametrize('life, own', [
    # Alone:
    (dict(wall=0.200, own=0.200, waits=0), 0.200),
    (dict(wall=0.300, waits=1), 0.300),
    (dict(wall=0.323, own=0.004, waits=150), 0.323),
    (dict(wall=0.285, own=0.001, waits=40), 0.285),
    # Beside four threads in Python loops:
    (dict(wall=0.067, own=0.012, others=0.054, late=0.017, waits=11, cut=13),
     0.012),
    (dict(wall=0.211, own=0.040, others=0.105, late=0.137, waits=38, cut=30),
     0.040),
    (dict(wall=1.510, own=0.200, others=0.893, late=0.896, waits=261, cut=168),
     0.200),
    (dict(wall=0.307, others=0.290, late=0.109, waits=3), 0.247),
    (dict(wall=5.290, own=0.020, others=3.231, late=3.084, waits=1125, cut=53),
     0.020),
    # Beside one that keeps the interpreter and sleeps:
    (dict(wall=0.169, own=0.012, late=0.144, waits=29, cut=8), 0.025),
    (dict(wall=1.008, own=0.013, late=0.993, waits=195), 0.015),
    (dict(wall=1.010, own=0.003, late=0.988, waits=165), 0.022),
    # Beside one that keeps it and computes in C:
    (dict(wall=0.137, own=0.012, others=0.122, late=0.115, waits=25, cut=7),
     0.012),
    # The process did not have the processor:
    (dict(wall=2.000, own=0.012, late=1.950, waits=2), 0.050),
    (dict(wall=0.286, own=0.090, waits=0, cut=86), 0.090),
    (dict(wall=0.300, late=0.280), 0.020),
    # It had the processor, although late:
    (dict(wall=0.300, late=0.200, waits=2), 0.260),
])
def test_what_was_its_own_doing(machine, life, own):
    assert machine.measure(**life).own() == pytest.approx(own)


def test_where_a_wait_for_the_interpreter_is_just_a_wait(machine):
    # PY2: a sleep beside threads that compute cannot be told from it.
    machine.interval = None
    life = dict(wall=0.307, others=0.290, late=0.109, waits=3)
    assert machine.measure(**life).own() == 0.0
    assert machine.measure(wall=0.3).own() == pytest.approx(0.3)


def test_where_waits_are_not_counted(machine):
    machine.counts = [None, None]
    assert machine.measure(wall=0.3).own() == pytest.approx(0.3)
    life = dict(wall=0.307, others=0.290, late=0.109)
    assert machine.measure(**life).own() == 0.0


def test_where_the_processor_time_is_not_known(machine):
    def wait():
        machine.wall += 0.3

    machine.own, machine.counts = None, [None, None]
    measured = machine.measured(wait)
    assert (measured.processor, measured.own()) == (0.0, pytest.approx(0.3))


def test_the_calls_of_a_step_are_added(machine):
    def call(**life):
        return lambda: machine.live(**life)

    measured = machine.measured(
        call(wall=0.1, own=0.05, late=0.05, cut=1), call(wall=0.2, others=0.2))
    machine.live(5.0, 5.0)  # what is between them is not the view's
    assert measured.wall == pytest.approx(0.3)
    assert measured.processor == pytest.approx(0.05)
    assert measured.late == pytest.approx(0.05)
    assert measured.others == pytest.approx(0.2)
    assert (measured.waits, measured.interruptions) == (2, 1)


def test_a_clock_that_is_set_back(machine):
    measured = machine.measure(wall=-500.0, own=0.01)
    assert measured.wall == 0.0
    assert measured.own() == pytest.approx(0.01)


def test_what_the_call_returns_and_raises():
    measured = Machine().measured()
    assert measured.watching(lambda: 'block')() == 'block'
    with pytest.raises(ZeroDivisionError):
        measured.watching(lambda: 1 // 0)()


# The real clocks

def compute(until):
    while not until():
        pass


def used(work):
    measured = Measured(Machine.__new__(Punctual))
    measured.watching(work)()
    return measured


class Punctual(Machine):
    """A thread that is never late."""

    def at(self, moment):
        return 0.0


def burn(seconds):
    """Use so much processor time of this thread."""
    begin = thread_usage()[0]
    compute(lambda: thread_usage()[0] - begin >= seconds)


def test_the_processor_time_of_this_thread():
    measured = used(lambda: burn(0.2))
    # PY2: in ticks of the kernel.
    assert 0.18 <= measured.processor <= measured.wall + 0.01


def test_that_of_others():
    def work():
        other = threading.Thread(target=burn, args=(0.4,))
        other.start()
        other.join()

    measured = used(work)
    # PY2: who waits for the end of a thread looks for it again and again.
    assert 0.3 <= measured.others <= measured.wall + 0.01
    assert measured.processor < 0.2


def test_a_wait():
    measured = used(lambda: time.sleep(0.1))
    assert measured.waits >= 1
    assert measured.processor < 0.05


def test_a_system_that_counts_no_waits(monkeypatch):
    monkeypatch.setattr(measuring, 'resource', None)
    processor, waits, interruptions = thread_usage()
    assert (processor is None) is PY2
    assert waits is interruptions is None
