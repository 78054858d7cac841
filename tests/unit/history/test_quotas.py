from __future__ import absolute_import, division, print_function

from Products.ZServerViews.history.quotas import NEWEST, Quotas


def noted(quotas, key, *entries):
    for entry in entries:
        quotas.note(key, entry)


def test_the_first_is_told_at_once_and_the_rest_within_seconds():
    quotas = Quotas(10)
    noted(quotas, 'a', 'first')
    assert quotas.due(0) == [(1, ['first'])]
    noted(quotas, 'a', 'second', 'third')
    assert quotas.due(4) == []
    noted(quotas, 'a', 'fourth')
    assert quotas.due(5) == [(3, ['second', 'third', 'fourth'])]
    assert quotas.due(10) == []
    noted(quotas, 'a', 'fifth')
    assert quotas.due(11) == [(1, ['fifth'])]


def test_the_newest_of_a_burst_are_told_and_all_are_counted():
    quotas = Quotas(10)
    noted(quotas, 'a', *range(1000))
    assert quotas.due(0) == [(1000, list(range(1000 - NEWEST, 1000)))]


def test_where_there_are_many_different_ones_each_is_told_more_rarely():
    quotas, told = Quotas(300), 0
    for second in range(180):
        for key in range(300):
            quotas.note(key, key)
        told += len(quotas.due(second))
    # Each within a minute, and five in a second.
    assert told == 900


def test_too_many_different_ones_share_one():
    quotas = Quotas(3)
    for key in 'abcdefg':
        noted(quotas, key, key + '1', key + '2')
    assert sorted(quotas.due(0)) == [
        (2, ['a1', 'a2']), (2, ['b1', 'b2']), (2, ['c1', 'c2']), (8, ['g2'])]
    # Those that have not come for a minute make room.
    noted(quotas, 'x', 'x')
    assert quotas.due(59) == [(1, ['x'])]
    assert quotas.due(119) == []
    noted(quotas, 'y', 'y1', 'y2')
    assert quotas.due(120) == [(2, ['y1', 'y2'])]


def test_at_the_end_all_is_told():
    quotas = Quotas(10)
    noted(quotas, 'a', 1)
    quotas.due(0)
    noted(quotas, 'a', 2, 3)
    assert quotas.rest() == [(2, [2, 3])]
    assert quotas.rest() == []
