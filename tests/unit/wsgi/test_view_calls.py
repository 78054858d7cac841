"""wsgi.view_calls: who has it, and who is told."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.wsgi.view_calls import ViewCalls


class Waiting(object):
    def __init__(self):
        self.told = 0

    def go_on(self):
        self.told += 1


def test_all_that_wait_are_told_once():
    calls, waiting = ViewCalls(), [Waiting(), Waiting()]
    assert calls.acquire(False) and not calls.acquire(False)
    for one in waiting:
        calls.wait(one)
    calls.wait(waiting[0])
    assert calls.is_wanted
    calls.release()
    assert [one.told for one in waiting] == [1, 1]
    assert not calls.is_wanted


def test_who_does_not_want_it_any_more_is_not_told():
    calls, one = ViewCalls(), Waiting()
    assert calls.acquire(False)
    calls.wait(one)
    calls.forget(one)
    calls.forget(one)
    calls.release()
    assert one.told == 0


def test_who_comes_too_late_is_told_at_once():
    calls, one = ViewCalls(), Waiting()
    calls.wait(one)
    assert one.told == 1 and not calls.is_wanted


class Taking(Waiting):
    """Takes it when it is told, and wants it again."""

    def __init__(self, calls):
        Waiting.__init__(self)
        self._calls = calls

    def go_on(self):
        Waiting.go_on(self)
        assert self._calls.acquire(False)
        self._calls.wait(self)


def test_nobody_is_told_while_it_is_taken_again():
    calls = ViewCalls()
    waiting = [Taking(calls), Taking(calls)]
    assert calls.acquire(False)
    for one in waiting:
        calls.wait(one)
    for told in 1, 2, 3:
        calls.release()
        assert sum(one.told for one in waiting) == told


def test_in_a_forked_child_nobody_has_it():
    calls, one = ViewCalls(), Waiting()
    assert calls.acquire(False)
    calls.wait(one)
    calls.begin_anew()
    assert calls.acquire(False) and not calls.is_wanted
