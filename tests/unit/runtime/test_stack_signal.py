"""runtime.stack_signal: stacks in memory, by a signal."""
from __future__ import absolute_import, division, print_function

import os
import signal

import pytest

from Products.ZServerViews.runtime import stack_signal
from Products.ZServerViews.runtime.signals import handled_in_c
from Products.ZServerViews.runtime.stack_signal import StackSignal
from tests.platforms import companion_can_run

pytestmark = companion_can_run


@pytest.fixture
def registered():
    made = StackSignal()
    made.register()
    yield made
    made.unregister()


def test_stacks(registered):
    os.kill(os.getpid(), registered.number)
    text = os.pread(registered.fileno, 1 << 20, 0).decode()
    assert 'most recent call first' in text
    assert 'in test_stacks' in text


def test_twice_is_once(registered):
    before = registered.number, registered.fileno
    registered.register()
    assert (registered.number, registered.fileno) == before


def test_a_signal_that_somebody_handles_is_left_alone(registered):
    taken = registered.number
    assert taken in handled_in_c()
    handler = lambda number, frame: None  # noqa: E731
    before = signal.signal(taken + 1, handler)
    other = StackSignal()
    try:
        other.register()
        assert other.number > taken + 1
        other.unregister()
        assert signal.getsignal(taken + 1) is handler
    finally:
        signal.signal(taken + 1, before)
    assert taken in handled_in_c()


def test_unregistered(registered):
    number, fileno = registered.number, registered.fileno
    registered.unregister()
    registered.unregister()
    assert number not in handled_in_c()
    assert (registered.number, registered.fileno) == (-1, -1)
    with pytest.raises(OSError):
        os.fstat(fileno)


def test_a_handler_that_cannot_be_installed(monkeypatch):
    class Broken(object):
        def register(self, number, file, all_threads):
            self.file = file
            raise RuntimeError

    made = StackSignal(Broken())
    with pytest.raises(RuntimeError):
        made.register()
    assert (made.number, made.fileno) == (-1, -1)
    with pytest.raises(OSError):
        os.fstat(made._handler.file)


def test_all_are_taken(monkeypatch):
    monkeypatch.setattr(stack_signal, 'handled_in_c',
                        lambda: frozenset(range(1, signal.NSIG)))
    made = StackSignal()
    made.register()
    assert (made.number, made.fileno) == (-1, -1)


def test_without_a_global_lock_it_is_not_used(monkeypatch):
    monkeypatch.setattr(stack_signal.sys, '_is_gil_enabled', lambda: False,
                        raising=False)
    made = StackSignal()
    made.register()
    assert (made.number, made.fileno) == (-1, -1)
