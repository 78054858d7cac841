"""format: text for people, JSON for programs."""
from __future__ import absolute_import, division, print_function

import json
import subprocess

import pytest

from Products.ZServerViews._compat import text_type
from Products.ZServerViews.format.documents import to_json
from Products.ZServerViews.format.tables import Column, Table
from Products.ZServerViews.format.text import clean, cut, cut_middle, shell_quoted, text
from Products.ZServerViews.format.units import duration, seconds, size


@pytest.mark.parametrize('value, expected', [
    (None, u'-'), (b'caf\xc3\xa9', u'caf\xe9'), (b'\xff', u'\ufffd'),
    (u'caf\xe9', u'caf\xe9'), (12, u'12'), (1.5, u'1.5')])
def test_text(value, expected):
    assert text(value) == expected
    assert isinstance(text(value), text_type)


@pytest.mark.parametrize('value, expected', [
    (u'/plain path', u'/plain path'),
    (u'/a\x1b[2Jb\r\nc\x7f\t\x00\x9b', u'/a?[2Jb??c????'),
    (u'\u202eabc\u200b\u2028\u2029', u'?abc???'),
    (u'\ud800', u'?'),
    (u'caf\xe9 \u4e2d', u'caf\xe9 \u4e2d'),
    (b'a\nb', u'a?b'), (u'end\n', u'end?'), (None, u'-')])
def test_clean(value, expected):
    assert clean(value) == expected
    assert clean(value).encode('utf-8')


def test_clean_is_cut():
    assert clean(u'abcdefgh', 6) == u'abc...'
    assert clean(u'abcdef', 6) == u'abcdef'


@pytest.mark.parametrize('most, end, expected', [
    (10, True, u'0123456789'), (9, True, u'012345...'),
    (9, False, u'...456789'), (3, True, u'...'), (2, True, u'..'),
    (2, False, u'..'), (0, True, u'')])
def test_cut(most, end, expected):
    assert cut(u'0123456789', most, end) == expected


@pytest.mark.parametrize('value, expected', [
    (None, u'-'), (-1, u'0 ms'), (0, u'0 ms'), (0.0004, u'0 ms'),
    (0.35, u'350 ms'), (0.9994, u'999 ms'), (0.9996, u'1.0 s'), (1, u'1.0 s'),
    (3.21, u'3.2 s'), (59.94, u'59.9 s'), (59.96, u'1 min 0 s'),
    (250, u'4 min 10 s'), (3599.4, u'59 min 59 s'), (3599.6, u'1 h 0 min'),
    (3600 * 3 + 300, u'3 h 5 min'), (86399, u'1 d 0 h'),
    (86400 * 2 + 3600 * 5, u'2 d 5 h'), (86400 * 150 + 5, u'150 d')])
def test_duration(value, expected):
    assert duration(value) == expected


@pytest.mark.parametrize('value, expected', [
    (None, u'-'), (0, u'0 B'), (999, u'999 B'), (1000, u'1.0 KiB'),
    (4300, u'4.2 KiB'), (1023990, u'1.0 MiB'), (5 << 20, u'5.0 MiB'),
    (7 << 30, u'7.0 GiB'), (3 << 40, u'3072.0 GiB')])
def test_size(value, expected):
    assert size(value) == expected


def test_json():
    made = to_json({'b_seconds': seconds(1.23456), 'a': None, 'c': u'\xe9'})
    # In any order on Python 2.7.
    assert sorted(made.strip(u'{}\n').split(u', ')) == [
        u'"a": null', u'"b_seconds": 1.235', u'"c": "\\u00e9"']
    assert made.endswith(u'}\n') and made.count(u'\n') == 1
    assert isinstance(to_json([]), text_type)
    assert seconds(None) is None
    assert json.loads(to_json(u'\ud800')) == u'\ud800'
    with pytest.raises(ValueError):
        to_json(float('nan'))


def table():
    return Table('method', Column('age', right=True),
                 Column('path', flexible=True), 'end')


def test_a_table():
    made = table()
    made.add('GET', u'3.2 s', '/a', None)
    made.add('DELETE', u'12.0 s', '/path', 7)
    assert made.lines() == [
        u'method     age  path   end',
        u'GET      3.2 s  /a     -',
        u'DELETE  12.0 s  /path  7']
    assert made.text() == u'\n'.join(made.lines()) + u'\n'


def test_a_table_without_rows():
    assert table().lines() == [u'method  age  path  end']


def test_a_flexible_column_gives_way():
    made = table()
    made.add('GET', '1', '/' + 'p' * 100, 'x')
    made.add('GET', '2', '/short', 'y')
    lines = made.lines(40)
    assert max(map(len, lines)) == 40
    assert lines[1] == u'GET       1  /' + u'p' * 18 + u'...  x'
    assert lines[2] == u'GET       2  /short' + u' ' * 18 + u'y'


def test_the_beginning_of_a_value_may_be_cut():
    made = Table(Column('file', cut_end=False, flexible=True), 'n')
    made.add('/a/long/path/to/module.py', '1')
    assert made.lines(15)[1] == u'...module.py  1'


def test_no_line_is_longer_than_the_width():
    made = table()
    made.add('M' * 30, '1', '/' + 'p' * 100, 'x' * 30)
    lines = made.lines(40)
    assert [len(line) <= 40 for line in lines] == [True, True]
    assert lines[1].endswith(u'...')


def test_a_value_cannot_break_the_table():
    made = Table('path')
    made.add(u'/a\nfake line\x1b[31m')
    assert made.lines() == [u'path', u'/a?fake line?[31m']


def test_too_few_values():
    with pytest.raises(ValueError) as caught:
        table().add('GET')
    assert str(caught.value) == '1 values for 4 columns'


@pytest.mark.parametrize('line, most, expected', [
    (u'abc', 3, u'abc'), (u'abcdefghijklmnop', 12, u'abc...klmnop'),
    (u'abcdef', 5, u'...ef'), (u'abcdef', 3, u'...'), (u'abcdef', 2, u'..'),
    (u'abcdef', 0, u'')])
def test_a_line_cut_in_the_middle(line, most, expected):
    assert cut_middle(line, most) == expected


@pytest.mark.parametrize('word', [
    u'/var/lib/zope/record', u'/my record', u"/it's $HOME `id` \\ \"", u'', u'*'])
def test_a_word_for_a_shell(word):
    output = subprocess.check_output(
        ['/bin/sh', '-c', 'printf %s ' + shell_quoted(word)])
    assert output.decode('utf-8') == word


def test_a_word_that_needs_no_quotes():
    assert shell_quoted(b'/var/lib/zope-1/record') == u'/var/lib/zope-1/record'
