"""config.values: single values of the configuration, good ones and bad ones."""
from __future__ import absolute_import, division, print_function

import os
import socket

import pytest

from Products.ZServerViews.config.values import (
    absolute_path,
    address,
    check_name,
    count,
    duration,
    long_duration,
    record_folder,
    record_size,
    series,
    switch_interval,
)


@pytest.mark.parametrize('text, seconds', [
    ('250ms', 0.25), ('30s', 30), (' 1.5 s ', 1.5), ('10m', 600),
    ('2H', 7200), ('1d', 86400), ('500us', 0.0005),
])
def test_durations(text, seconds):
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize('text, words', [
    ('', 'is not a duration'), ('s', 'is not a duration'), ('-1s', 'is not a dur'),
    ('1 day', 'is not a duration'), ('1e3s', 'is not a duration'),
    ('30', "has no unit: write 30ms or 30s"), ('0s', 'longer than zero'),
])
def test_what_is_no_duration(text, words):
    with pytest.raises(ValueError) as failure:
        duration(text)
    assert words in str(failure.value)


def test_long_durations():
    assert long_duration('1s') == 1
    with pytest.raises(ValueError) as failure:
        long_duration('999ms')
    assert 'at least 1s' in str(failure.value)


@pytest.mark.parametrize('text, family, bound', [
    ('127.0.0.1:8090', socket.AF_INET, ('127.0.0.1', 8090)),
    (' localhost:0 ', socket.AF_INET, ('127.0.0.1', 0)),
    ('0.0.0.0:80', socket.AF_INET, ('0.0.0.0', 80)),
    ('[::1]:80', socket.AF_INET6, ('::1', 80)),
    ('/run/views', socket.AF_UNIX, '/run/views'),
])
def test_addresses(text, family, bound):
    found = address(text)
    assert (found.family, found.address) == (family, bound)
    assert found.text == text.strip()


def test_addresses_are_compared_by_what_they_mean():
    assert address('localhost:1') == address('127.0.0.1:1')
    assert address('localhost:1') != address('127.0.0.1:2')
    assert address('/a') != '/a'


@pytest.mark.parametrize('text, words', [
    ('', 'is not an address'), ('8090', 'is not an address'), (':80', 'is not an addr'),
    ('host', 'is not an address'), ('localhost:', 'is not a port'),
    ('localhost:65536', 'is not a port'), ('localhost:-1', 'is not a port'),
    ('example.org:80', 'is not a literal address'),
    ('127.1:80', 'is not a literal address'),
    ('/' + 107 * 'x', 'at most 107'),
])
def test_what_is_no_address(text, words):
    with pytest.raises(ValueError) as failure:
        address(text)
    assert words in str(failure.value)


def test_paths(tmpdir):
    assert absolute_path(' %s ' % tmpdir.join('new')) == str(
        tmpdir.join('new'))
    with pytest.raises(ValueError) as failure:
        absolute_path('new')
    assert 'must be an absolute path' in str(failure.value)
    with pytest.raises(ValueError) as failure:
        absolute_path(str(tmpdir.join('no', 'new')))
    assert 'does not exist' in str(failure.value)


@pytest.mark.parametrize('text, number', [('0', 0), (' 100 ', 100)])
def test_counts(text, number):
    assert count(text) == number


@pytest.mark.parametrize('text', ['', '1-', '1.5', '1e3', 'many', '1' * 10])
def test_what_is_no_count(text):
    with pytest.raises(ValueError) as failure:
        count(text)
    assert 'is not a number' in str(failure.value)


def test_a_number_below_zero():
    with pytest.raises(ValueError) as failure:
        count('-1')
    assert 'must not be below zero' in str(failure.value)


@pytest.mark.parametrize('text, words', [
    ('500', 'write 500us or 500ms'), ('500s', 'at most 100ms'),
    ('101ms', 'is too long')])
def test_switch_intervals(text, words):
    assert switch_interval('500us') == 0.0005
    assert switch_interval('100ms') == 0.1
    with pytest.raises(ValueError) as failure:
        switch_interval(text)
    assert words in str(failure.value)


def test_series():
    assert series('50') == 50
    for text, words in ('0', 'is too few'), ('49', 'less than 50 series'):
        with pytest.raises(ValueError) as failure:
            series(text)
        assert words in str(failure.value)


@pytest.mark.parametrize('text, words', [
    ('http://127.0.0.1:80', 'is a URL'), ('*:8090', 'write 0.0.0.0:8090')])
def test_what_is_nearly_an_address(text, words):
    with pytest.raises(ValueError) as failure:
        address(text)
    assert words in str(failure.value)


def test_names_of_checks():
    assert check_name(' zodb ') == 'zodb'
    for text in '', 'a.b c.d':
        with pytest.raises(ValueError) as failure:
            check_name(text)
        assert 'is not the name of a check' in str(failure.value)


@pytest.mark.parametrize('text', ['9999999h', '9' * 309 + 's', '8761h'])
def test_a_duration_of_more_than_a_year(text):
    with pytest.raises(ValueError) as raised:
        duration(text)
    assert 'too long' in str(raised.value)
    assert duration('8760h') == 365 * 24 * 3600


@pytest.mark.parametrize('text', ['127.0.0.1:0', '[::1]:0', '127.0.0.1:8090'])
def test_the_port_that_a_socket_has_got(text):
    found = address(text)
    sock = socket.socket(found.family)
    try:
        if text.endswith(':0'):
            sock.bind(found.address)
            port = sock.getsockname()[1]
            assert found.told(sock) == text[:-1] + str(port)
        else:
            assert found.told(sock) == text
    finally:
        sock.close()


@pytest.mark.parametrize('text, number', [
    ('64MiB', 64 * 1024 ** 2), (' 1 mb ', 1024 ** 2), ('2GiB', 2 * 1024 ** 3),
    ('2048KB', 2 * 1024 ** 2),
])
def test_sizes_of_records(text, number):
    assert record_size(text) == number


@pytest.mark.parametrize('text, words', [
    ('', 'is not a size'), ('64', 'such as 64MiB'), ('64 M', 'is not a size'),
    ('1.5GiB', 'is not a size'), ('-1MiB', 'is not a size'),
    ('1023KiB', 'at least 1MiB'),
])
def test_what_is_no_size_of_records(text, words):
    with pytest.raises(ValueError) as failure:
        record_size(text)
    assert words in str(failure.value)


def test_a_folder_for_records(tmpdir):
    assert record_folder(' %s ' % tmpdir) == str(tmpdir)


@pytest.mark.parametrize('text, words', [
    ('record', 'must be an absolute path'), ('/no/such', 'install -d -m 0700'),
    ('/dev/null', 'is a file: name a folder'),
])
def test_what_is_no_folder_for_records(text, words):
    with pytest.raises(ValueError) as failure:
        record_folder(text)
    assert words in str(failure.value)


def test_a_folder_that_nothing_may_be_written_into(tmpdir, monkeypatch):
    monkeypatch.setattr(os, 'access', lambda path, mode: False)  # root may
    with pytest.raises(ValueError) as failure:
        record_folder(str(tmpdir))
    assert 'the user %d of this process may not write' % os.geteuid() in str(
        failure.value)
    assert 'give it to that user' in str(failure.value)
