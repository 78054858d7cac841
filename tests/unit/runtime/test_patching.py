"""runtime.patching: trampolines, their slots, and patches of other people."""
from __future__ import absolute_import, division, print_function

import itertools
import logging
import types

import pytest

from Products.ZServerViews.runtime.patching import (
    Part,
    Seam,
    calling,
    is_own,
    seam,
)
from tests.unit import dummies


class Base(object):

    def inherited(self):
        return 'inherited'


@pytest.fixture
def owner():
    """A class of somebody else's."""

    class Server(Base):

        def method(self, number):
            return 'own %d' % number

    return Server


def ours(original, server, number):
    return 'ours, ' + original(server, number)


def others(before, word):
    """A patch of another product."""

    def method(server, number):
        return word + ', ' + before(server, number)

    return method


def test_one_trampoline_for_ever(owner):
    plain = vars(owner)['method']
    one = seam(owner, 'method', calling)
    assert vars(owner)['method'] is plain
    for _time in range(100):
        one.fill(ours)
        assert seam(owner, 'method', calling) is one
        assert vars(owner)['method'] is one.trampoline
        assert one.original is plain
        assert owner().method(1) == 'ours, own 1'
        one.empty(ours)
        assert owner().method(1) == 'own 1'


def test_what_somebody_else_has_put_in_is_not_taken_out(owner):
    one = Seam(owner, 'method', calling)
    one.fill(ours)
    one.fill(others)
    one.empty(ours)
    assert one.filled is others


@pytest.mark.parametrize('before, behind', list(itertools.product(
    [False, True], repeat=2)))
def test_patches_before_and_behind_ours(owner, before, behind):
    if before:
        owner.method = others(vars(owner)['method'], 'before')
    one = Seam(owner, 'method', calling)
    for number in range(3):
        one.fill(ours)
        if behind and not number:
            owner.method = others(vars(owner)['method'], 'behind')
        words = ['behind'] * behind + ['ours'] + ['before'] * before
        assert owner().method(1) == ', '.join(words + ['own 1'])
        one.empty(ours)
        words.remove('ours')
        assert owner().method(1) == ', '.join(words + ['own 1'])


def test_ours_is_put_in_again_where_it_has_been_lost(owner):
    plain = vars(owner)['method']
    theirs = owner.method = others(plain, 'before')
    one = Seam(owner, 'method', calling)
    one.fill(ours)
    # They put back what they had found: ours goes with theirs.
    for found, expected in [(plain, 'ours, own 1'),
                            (theirs, 'ours, before, own 1')]:
        owner.method = found
        assert not owner().method(1).startswith('ours')
        one.empty(ours)
        one.fill(ours)
        # A patch may call ours below, and is left alone.
        is_known = found is plain
        assert (vars(owner)['method'] is one.trampoline) is is_known
        if is_known:
            assert owner().method(1) == expected


def test_an_inherited_method_is_looked_up_at_each_call(owner):
    one = Seam(owner, 'inherited', calling)
    content = lambda original, server: 'ours, ' + original(server)  # noqa: E731
    one.fill(content)
    assert owner().inherited() == 'ours, inherited'
    Base.inherited, before = lambda self: 'patched', Base.inherited
    try:
        assert owner().inherited() == 'ours, patched'
        one.empty(content)
        assert owner().inherited() == 'patched'
    finally:
        Base.inherited = before
    # Somebody has removed it.
    del owner.inherited
    one.fill(content)
    assert owner().inherited() == 'ours, inherited'


def test_a_function_of_a_module():
    module = types.ModuleType('library')
    exec('def poll(timeout): return timeout', vars(module))
    one = Seam(module, 'poll', calling, frozenset())
    one.fill(lambda original, timeout: original(timeout) + 1)
    assert module.poll(5) == 6
    assert one.is_plain
    with pytest.raises(AttributeError):
        Seam(module, 'no such name', calling).fill(ours)


def test_what_is_the_owners_own(owner):
    method = vars(owner)['method']
    assert is_own(method, owner, frozenset())
    assert not is_own(method, owner, frozenset(['time']))
    assert not is_own(others(method, 'before'), owner)
    assert not is_own(None, owner)


def test_a_part_is_on_and_off_together(owner):
    seams = [Seam(owner, name, calling) for name in ('method', 'inherited')]
    part = Part('The dummies', dummies.Site(), None)
    assert not part.in_force
    part.fill([(one, ours) for one in seams])
    assert part.in_force
    assert [one.filled for one in seams] == [ours, ours]
    assert part.empty()
    assert not part.empty()
    assert [one.filled for one in seams] == [None, None]


def test_a_fault_of_ours_is_told_once_and_ends_the_part(owner):
    site, left = dummies.Site(), []
    one = Seam(owner, 'method', calling)
    part = Part('The dummies', site, lambda: left.append(one.filled))
    part.fill([(one, ours)])
    for _time in range(2):
        part.attempt(lambda divisor: 1 // divisor, 0)
    (level, message, exc_info), = site.log_queue.logged
    assert level == logging.ERROR
    assert message == ('The dummies failed and are disabled until the '
                       'configuration is read again; the site is not '
                       'affected')
    assert exc_info[0] is ZeroDivisionError
    assert left == [None]
    part.fill([(one, ours)])
    part.attempt(len, '')
    assert part.in_force
