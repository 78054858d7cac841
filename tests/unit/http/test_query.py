"""http.query: what may stand in a query string."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.base import ViewError
from Products.ZServerViews.http.query import (
    LONGEST,
    Choice,
    Flag,
    Number,
    Parameter,
    Text,
    Time,
    read,
)

KNOWN = [Choice('format', ['text', 'json']), Flag('verbose'),
         Number('limit', 1, 20, 10)]
DEFAULTS = {'format': None, 'verbose': False, 'limit': 10}


@pytest.mark.parametrize('query, expected', [
    ('', {}), ('&&', {}),
    ('format=json', {'format': 'json'}),
    ('verbose', {'verbose': True}), ('verbose=', {'verbose': True}),
    ('verbose=1', {'verbose': True}), ('verbose=0', {'verbose': False}),
    ('limit=1', {'limit': 1}), ('limit=20&verbose',
                                {'limit': 20, 'verbose': True}),
    ('l%69mit=%35', {'limit': 5}), ('limit=007', {'limit': 7}),
])
def test_what_is_understood(query, expected):
    assert read(query, KNOWN) == dict(DEFAULTS, **expected)


@pytest.mark.parametrize('query, why', [
    ('other=1', u'does not know parameter 1 of the query string.\n'),
    ('=', u'does not know parameter 1 of'),
    ('verbose&Format=json', u'does not know parameter 2 of'),
    ('format=xml', u'The parameter format cannot have that value. Give one of text, json.\n'),
    ('format', u'The parameter format cannot'),
    ('verbose=yes', u'verbose cannot'), ('verbose=2', u'verbose cannot'),
    ('limit=0', u'limit cannot'), ('limit=21', u'limit cannot'),
    ('limit=-1', u'limit cannot'), ('limit=', u'limit cannot'),
    ('limit=+5', u'limit cannot'), ('limit=5\n', u'limit cannot'),
    ('limit=\xb2', u'limit cannot'), ('limit=%D9%A3', u'limit cannot'),
    ('limit=1&limit=1', u'The parameter limit is given twice'),
    ('verbose&' + 'x' * LONGEST, u'too long'),
])
def test_what_is_refused(query, why):
    with pytest.raises(ViewError) as caught:
        read(query, KNOWN)
    error = caught.value
    assert error.status == '400 Bad Request'
    assert why in error.message
    assert error.message.endswith(
        u'Known parameters:\n'
        u'  format: one of text, json\n'
        u'  verbose: 1 or 0; 1 if there is no value\n'
        u'  limit: a number from 1 to 20\n')


@pytest.mark.parametrize('query', [
    'hidden', 'hidden=1', 'other=hidden', 'format=hidden', 'limit=hidden', 'limit=1&limit=hidden',
    'hidden' * LONGEST])
def test_nothing_is_repeated(query):
    with pytest.raises(ViewError) as caught:
        read(query, KNOWN)
    assert u'hidden' not in caught.value.message


def test_a_parameter_converts():
    with pytest.raises(NotImplementedError):
        Parameter('name', None, u'').convert('text')


@pytest.mark.parametrize('text, seconds', [
    ('90', 90), ('90s', 90), ('10m', 600), ('1h', 3600), ('3600', 3600)])
def test_times(text, seconds):
    assert Time('for', 3600).convert(text) == seconds


@pytest.mark.parametrize('text', ['', '0', '0m', '2h', '-1', '1.5m', '1d', 'm'])
def test_no_times(text):
    with pytest.raises(ValueError):
        Time('for', 3600).convert(text)


def test_texts():
    known = [Text('user', u'a name', 4), Text('size', u'a number', 9, int)]
    assert read('user=%C3%A4b&size=12', known) == {'user': u'\xe4b', 'size': 12}
    assert read('', known) == {'user': None, 'size': None}
    for query in 'user=', 'user=%FF', 'user=abcde', 'size=x':
        with pytest.raises(ViewError):
            read(query, known)
