"""head: heads that are remembered, and what must not be taken for equal."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.head import (
    MOST_BYTES, MOST_HEADS, BadAnswer, Head, Heads)

from .dummies import DATE

USUAL = dict(version='1.1', keep_alive=True, ident='ident', date=DATE,
             status='200 OK', headers=[('X-A', 'b')], length=5)
NEXT_DATE = DATE.replace('37', '38')


def get(heads, **changed):
    return heads.get(**dict(USUAL, **changed))


def same(head, other):
    return all(getattr(head, name) == getattr(other, name)
               for name in Head.__slots__)


class Shouting(str):
    """Equal to a string, but written in another way."""

    def __str__(self):
        return self.upper()


def test_an_equal_head_is_made_once():
    heads = Heads()
    head = get(heads)
    assert get(heads, headers=[('X-A', 'b')]) is head
    assert head.data == (b'HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n'
                         b'Server: ident\r\nDate: ' + DATE.encode('ascii')
                         + b'\r\n\r\n')


@pytest.mark.parametrize('changed', [
    dict(version='1.0'), dict(keep_alive=False), dict(ident='other'),
    dict(date=NEXT_DATE), dict(status='404 Not Found'), dict(headers=[]),
    dict(headers=[('X-A', 'c')]), dict(headers=[('X-B', 'b')]),
    dict(headers=[('X-A', 'b'), ('X-A', 'b')]), dict(length=6),
    dict(length=None)])
def test_each_argument_makes_another_head(changed):
    heads = Heads()
    head = get(heads)
    changed_head = get(heads, **changed)
    assert changed_head.data != head.data
    assert same(changed_head, Head(**dict(USUAL, **changed)))
    assert get(heads) is head or 'date' in changed


@pytest.mark.parametrize('changed, said', [
    (dict(headers=[(Shouting('x-a'), 'b')]), b'\r\nX-A: b\r\n'),
    (dict(headers=[('x-a', Shouting('b'))]), b'\r\nx-a: B\r\n'),
    (dict(headers=[('x-a', 'b')], status=Shouting('200 ok')),
     b'HTTP/1.1 200 OK\r\n'),
    (dict(headers=[('x-a', 'b')], length=5.0), b'Content-Length: 5.0\r\n')])
def test_what_only_equals_a_string_is_written_its_own_way(changed, said):
    heads = Heads()
    get(heads, headers=[('x-a', 'b')])
    get(heads, headers=[('x-a', 'b')], status='200 ok')
    for _time in range(2):
        assert said in get(heads, **changed).data


def test_a_pair_that_can_be_changed_is_read_each_time():
    heads, pair = Heads(), ['X-A', 'b']
    assert b'X-A: b\r\n' in get(heads, headers=[pair]).data
    pair[1] = 'c'
    assert b'X-A: c\r\n' in get(heads, headers=[pair]).data


@pytest.mark.parametrize('bad', [
    dict(status=200), dict(headers=[('X-A', 5)]), dict(headers=[('X A', 'b')]),
    dict(headers=[('X-A', 'b\n')]), dict(status='100 Continue')])
def test_what_is_refused_is_refused_again(bad):
    heads = Heads()
    for _time in range(2):
        with pytest.raises(BadAnswer):
            get(heads, **bad)


def test_no_more_are_remembered_than_fit_and_none_of_an_earlier_second():
    heads = Heads()
    first = get(heads)
    for length in range(MOST_HEADS + 10):
        get(heads, length=length)
    assert get(heads) is first
    assert get(heads, length=MOST_HEADS + 9) is not get(
        heads, length=MOST_HEADS + 9)
    later = get(heads, date=NEXT_DATE)
    assert get(heads, date=NEXT_DATE) is later
    assert get(heads) is not first


def test_a_large_head_is_not_remembered():
    heads, headers = Heads(), [('X-A', 'b' * MOST_BYTES)]
    assert get(heads, headers=headers) is not get(heads, headers=headers)
