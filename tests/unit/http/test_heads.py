"""answer.Heads: what is remembered, and what must not be taken for equal."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.http.encoder import MOST_BYTES, MOST_HEADS, Heads
from Products.ZServerViews.http.head import BadAnswer, Head
from tests.unit.dummies import DATE, stopped_heads

USUAL = dict(version='1.1', keep_alive=True, ident='ident',
             status='200 OK', headers=[('X-A', 'b')], length=5)


def get(heads, **changed):
    return heads.get(**dict(USUAL, **changed))


def same(head, other):
    return all(getattr(head, name) == getattr(other, name)
               for name in Head.__slots__)


def test_an_equal_head_is_made_once():
    heads = stopped_heads()
    head = get(heads)
    assert get(heads, headers=[('X-A', 'b')]) is head
    assert head.data == (b'HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n'
                         b'Server: ident\r\nDate: ' + DATE.encode('ascii')
                         + b'\r\n\r\n')


@pytest.mark.parametrize('changed', [
    dict(version='1.0'), dict(keep_alive=False), dict(ident='other'),
    dict(status='404 Not Found'), dict(headers=[]),
    dict(headers=[('X-A', 'c')]), dict(headers=[('X-B', 'b')]),
    dict(headers=[('X-A', 'b'), ('X-A', 'b')]), dict(length=6),
    dict(length=None)])
def test_each_argument_makes_another_head(changed):
    heads = stopped_heads()
    head = get(heads)
    changed_head = get(heads, **changed)
    assert changed_head.data != head.data
    assert same(changed_head, Head(date=DATE, **dict(USUAL, **changed)))
    assert get(heads) is head


class Kind(str):
    """Equal to a string, and written in another way, as members of an enum."""

    def __str__(self):
        return 'Kind.html'


@pytest.mark.parametrize('plain_first', [True, False])
def test_what_only_equals_a_string_is_written_its_own_way(plain_first):
    heads, seen = stopped_heads(), {}
    for plain in (plain_first, not plain_first) * 2:
        value = 'html' if plain else Kind('html')
        seen.setdefault(plain, set()).add(
            get(heads, headers=[('X-A', value)]).data)
    assert b'X-A: html' in seen[True].pop() and not seen[True]
    assert b'X-A: Kind.html' in seen[False].pop() and not seen[False]


def test_a_pair_that_can_be_changed_is_read_each_time():
    heads, pair = stopped_heads(), ['X-A', 'b']
    assert b'X-A: b\r\n' in get(heads, headers=[pair]).data
    pair[1] = 'c'
    assert b'X-A: c\r\n' in get(heads, headers=[pair]).data


@pytest.mark.parametrize('bad', [
    dict(status=200), dict(headers=[('X-A', 5)]), dict(headers=[('X A', 'b')]),
    dict(headers=[('X-A', 'b\n')]), dict(status='100 Continue')])
def test_what_is_refused_is_refused_again(bad):
    heads = stopped_heads()
    for _time in range(2):
        with pytest.raises(BadAnswer):
            get(heads, **bad)


def test_no_more_are_remembered_than_fit():
    heads = stopped_heads()
    first = get(heads)
    for length in range(MOST_HEADS + 10):
        get(heads, length=length)
    assert get(heads) is first
    assert get(heads, length=MOST_HEADS + 9) is not get(
        heads, length=MOST_HEADS + 9)


def test_the_date_is_made_once_a_second():
    times = [784111777.1, 784111777.9, 784111778.0, 784111777.0]
    heads = Heads(lambda: times.pop(0))
    first, second, third, fourth = [get(heads) for _time in range(4)]
    assert b'\r\nDate: ' + DATE.encode('ascii') in first.data
    assert second is first
    assert third.data == first.data.replace(b':37', b':38')
    # Of an earlier second nothing is remembered.
    assert fourth is not first and fourth.data == first.data


def test_a_large_head_is_not_remembered():
    heads, headers = stopped_heads(), [('X-A', 'b' * MOST_BYTES)]
    assert get(heads, headers=headers) is not get(heads, headers=headers)
