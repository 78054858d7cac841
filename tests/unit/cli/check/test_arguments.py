"""What may be asked for."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.cli.check import arguments
from Products.ZServerViews.cli.check.arguments import loopback_address
from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.check.scenarios import SCENARIOS
from Products.ZServerViews.cli.commands import parser

RUNNING = ['check', '--url', 'http://localhost:80', '--view', '/v']


def Given(words):
    return arguments.Given(parser().parse_args(words))


def names(given):
    return [scenario.name for scenario in given.scenarios]


def test_the_defaults():
    given = Given(['check', 'zope.ini'])
    assert (given.etc, given.address, given.views) == ('zope.ini', None, [])
    assert given.scenarios == list(SCENARIOS)
    assert (given.requests, given.quick, given.patience) == (200, False, 1)
    assert given.switch_interval is None
    assert not given.uwsgi


def test_uwsgi(monkeypatch):
    monkeypatch.setattr(arguments, 'PY2', False)
    assert Given(['check', '--uwsgi', 'zope.ini']).uwsgi
    monkeypatch.setattr(arguments, 'PY2', True)
    with pytest.raises(CannotRun) as caught:
        Given(['check', '--uwsgi', 'zope.ini'])
    assert 'on Python 2 no view' in str(caught.value)


@pytest.mark.parametrize('words', [['zope.conf'], RUNNING[1:]])
def test_uwsgi_needs_a_pipeline(words):
    with pytest.raises(CannotRun) as caught:
        Given(['check', '--uwsgi'] + words)
    assert 'takes the pipeline of a zope.ini' in str(caught.value)


def test_all_of_them(monkeypatch):
    monkeypatch.setattr(arguments, 'PY2', False)
    given = Given('check --view /a --view /b --scenario readers --scenario '
                  'baseline --quick --patience 2.5 --switch-interval x'
                  .split())
    assert given.views == ['/a', '/b']
    assert names(given) == ['baseline', 'readers']
    assert (given.requests, given.quick, given.patience) == (20, True, 2.5)
    assert given.switch_interval == '500us'


def test_a_running_server():
    given = Given(RUNNING)
    assert given.address == ('localhost', 80)
    assert names(given) == ['baseline', 'idle-connections', 'half-sent',
                            'readers']
    assert names(Given(RUNNING + ['--scenario', 'readers'])) == ['readers']


@pytest.mark.parametrize('url, address', [
    ('http://127.0.0.1:8080', ('127.0.0.1', 8080)),
    ('http://127.1.2.3:80/', ('127.1.2.3', 80)),
    ('localhost:8080', ('localhost', 8080)),
    ('http://[::1]:81', ('::1', 81)),
])
def test_loopback(url, address):
    assert loopback_address(url) == address


@pytest.mark.parametrize('url, words', [
    ('http://192.0.2.1:80', 'on this machine'),
    ('http://[2001:db8::1]:80', 'on this machine'),
    ('http://localhost.example.org:80', 'on this machine'),
    ('http://127.0.0.1.example.org:80', 'on this machine'),
    ('http://0.0.0.0:80', 'on this machine'),
    ('https://127.0.0.1:80', 'write it like'),
    ('http://127.0.0.1', 'write it like'),
    ('http://127.0.0.1:80/path', 'write it like'),
])
def test_not_loopback(url, words):
    with pytest.raises(CannotRun) as caught:
        loopback_address(url)
    assert words in str(caught.value) and url in str(caught.value)


@pytest.mark.parametrize('given, words', [
    (['check'], 'give the zope.ini'),
    (RUNNING + ['zope.ini'], 'give the zope.ini'),
    (['check', 'x', '--view', 'v'], 'begins with a slash'),
    (['check', 'x', '--view', '/a b'], 'as a client sends it'),
    (['check', 'x', '--view', '/caf\xe9'], 'as a client sends it'),
    (RUNNING[:3], 'needs --view'),
    (RUNNING + ['--scenario', 'c-code'], 'would harm a running site'),
    (RUNNING + ['--switch-interval'], 'throw-away'),
    (['check', 'x', '--scenario', 'rain'], "no scenario 'rain'; there are: b"),
])
def test_contradictions(given, words):
    with pytest.raises(CannotRun) as caught:
        Given(given)
    assert words in str(caught.value)


def test_python_2_has_no_switch_interval(monkeypatch):
    monkeypatch.setattr(arguments, 'PY2', True)
    with pytest.raises(CannotRun) as caught:
        Given(['check', 'x', '--switch-interval'])
    assert 'Python 2' in str(caught.value)


@pytest.mark.parametrize('given', [
    ['check', 'x', '--patience', '0.5'], ['check', 'x', '--patience', 'nan'],
    ['check', 'x', '--patience', 'much'], [], ['other']])
def test_not_understood(given, capsys):
    with pytest.raises(SystemExit) as caught:
        Given(given)
    assert caught.value.code == 2
    assert 'usage: zserverviews' in capsys.readouterr().err
