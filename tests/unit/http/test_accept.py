"""http.accept: the Accept header."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.http.accept import (
    LONGEST,
    accepts_coding,
    has_tag,
    preferred,
)

OFFERED = ['text/plain', 'application/json', 'application/health+json']
TEXT, JSON, HEALTH = range(3)


@pytest.mark.parametrize('header, expected', [
    (None, TEXT), ('', TEXT), ('*/*', TEXT),
    ('application/json', JSON), ('APPLICATION/JSON', JSON),
    ('application/*', JSON), ('application/health+json', HEALTH),
    ('application/health+json, application/json', JSON),
    ('application/json;q=0.5, application/health+json', HEALTH),
    ('text/plain;q=0.1, application/json;q=0.2', JSON),
    ('text/*;q=0.3, application/json; q=0.2', TEXT),
    # The closest range counts, not the one with the highest weight.
    ('*/*, text/plain;q=0.1', JSON),
    ('text/*, text/plain;q=0, application/json;q=0.001', JSON),
    ('application/*, application/json;q=0.4', HEALTH),
    # Parameters that are not the weight.
    ('application/json;charset=utf-8', JSON),
    ('application/json;charset=utf-8;q=0.2, text/plain;q=0.1', JSON),
    # As browsers have it.
    ('text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,'
     '*/*;q=0.8', TEXT),
    # Nothing of it is there.
    ('image/png', TEXT), ('text/plain;q=0', TEXT),
    # What cannot be read is passed over.
    ('json', TEXT), ('application/json;q=2', TEXT),
    ('application/json;q=x, application/health+json;q=0.1', HEALTH),
    ('application/json;q=0.1234, text/plain;q=0.1', TEXT),
    ('application/json;q=1.000, text/plain;q=0.999', JSON),
    ('application/json;q=1.001, text/plain;q=0.1', TEXT),
    ('application/json;q=00.5, text/plain;q=0.1', TEXT),
    (u'application/json;q=0.\u0661, text/plain;q=0.001', TEXT),
    ('application/json;q=0., application/health+json;q=.5, '
     'text/plain;q=0.001', TEXT),
    (',,;;,/', TEXT), ('application/json;q', TEXT),
])
def test_preferred(header, expected):
    assert preferred(header, OFFERED) == expected


def test_of_a_long_header_the_beginning_counts():
    assert preferred('a/b,' * LONGEST + 'application/json', OFFERED) == TEXT
    assert preferred('application/json,' + 'a/b,' * LONGEST, OFFERED) == JSON


@pytest.mark.parametrize('header, accepted', [
    (None, False), ('', False), ('gzip', True), ('br, GZip;q=0.5', True),
    ('gzip;q=0', False), ('gzip;q=0.000', False), ('gzip;q=x', False),
    ('*', False), ('xgzip', False), ('deflate , gzip', True)])
def test_a_content_coding(header, accepted):
    assert accepts_coding(header, 'gzip') is accepted


@pytest.mark.parametrize('header, tag, expected', [
    (None, 'W/"a"', False), ('W/"a"', None, False), ('*', None, False),
    ('W/"a"', 'W/"a"', True), ('"a"', 'W/"a"', True), ('W/"a"', '"a"', True),
    ('"b", W/"a"', 'W/"a"', True), ('"b"', 'W/"a"', False), ('*', '"a"', True),
    ('', '"a"', False)])
def test_tags(header, tag, expected):
    assert has_tag(header, tag) is expected
