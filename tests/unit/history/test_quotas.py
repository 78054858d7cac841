from __future__ import absolute_import, division, print_function

from Products.ZServerViews.history.quotas import Quotas


def test_a_few_a_minute_and_the_rest_is_counted():
    quotas = Quotas(10, 2)
    assert [quotas.count('a', 0) for _number in range(5)] == [1, 1, 0, 0, 0]
    assert quotas.count('b', 0) == 1
    assert quotas.count('a', 59) == 0
    assert quotas.count('a', 60) == 5
    assert quotas.count('a', 61) == 1
    assert quotas.count('a', 62) == 0


def test_what_does_not_happen_again_is_told_when_the_minute_is_over():
    quotas = Quotas(2, 2)
    for _number in range(5):
        quotas.count('a', 0)
    quotas.count('b', 0)
    for _number in range(5):
        quotas.count('c', 0)  # shares that of all others
    assert 'a' in quotas and 'c' not in quotas
    assert quotas.overdue(59) == []
    assert quotas.overdue(60) == [('a', 3)]
    assert quotas.overdue(60) == quotas.overdue(300) == []


def test_too_many_different_ones_share_one():
    quotas = Quotas(3, 2)
    assert [quotas.count(key, 0) for key in 'abcdefg'] == [1] * 5 + [0, 0]
    # Those that have not come for a minute make room.
    assert [quotas.count(key, 100) for key in 'xy'] == [1, 1]
