"""views.drain: who may change the state, and what becomes of it."""
from __future__ import absolute_import, division, print_function

import json

import pytest

from Products.ZServerViews.views.drain import drain
from tests.unit.monitor.monitor_dummies import Server, ask
from tests.unit.site_dummies import FAR, NEAR, TOKEN, Site

OPERATOR = dict(FAR, **TOKEN)
SOCKET = {'zserverviews.reserved': True, 'zserverviews.peer': ''}
TRICKED = dict(SOCKET, HTTP_X_FORWARDED_FOR='127.0.0.1')


@pytest.fixture
def site():
    return Site()


def test_the_state(site):
    server = Server([site.recorder.received('GET', '/', None)
                     for _number in range(2)])
    site.recorder.begins(server.all[0])
    assert ask(drain, site, server)[2] == (
        u'draining               no\n'
        u'the process is to end  no\n'
        u'requests in flight     2\n')
    assert json.loads(ask(drain, site, server, 'format=json')[2]) == {
        'draining': False, 'ending': False, 'in_flight': 2}
    assert not site.log_queue.logged


@pytest.mark.parametrize('who', [OPERATOR, SOCKET])
def test_there_and_back(site, who):
    code, _headers, body = ask(drain, site, Server(), method='POST', **who)
    assert code == '200 OK'
    assert u'draining               yes\n' in body
    assert site.drain.draining and not site.drain.active
    code, _headers, body = ask(drain, site, Server(), method='DELETE', **who)
    assert u'draining               no\n' in body
    assert not site.drain.draining
    assert [line[1] for line in site.log_queue.logged] == [
        'Draining has begun on request',
        'Draining has ended on request']


@pytest.mark.parametrize('method', ['POST', 'DELETE'])
@pytest.mark.parametrize('who', [
    FAR, NEAR, dict(NEAR, HTTP_AUTHORIZATION='Bearer Wrong-token-01234567'),
    dict(OPERATOR, HTTP_ORIGIN='http://evil.example'),
    dict(OPERATOR, HTTP_SEC_FETCH_SITE='cross-site'),
    TRICKED])
def test_who_may_not(site, who, method):
    site.drain.held = held = method == 'DELETE'
    site.drain.draining = held
    code, headers, body = ask(drain, site, Server(), method=method,
                              SCRIPT_NAME='/-/drain', **who)
    if 'Wrong' in str(who) or who in (FAR, NEAR, TRICKED):
        assert code == '401 Unauthorized'
        assert headers['www-authenticate'] == 'Bearer'
    else:
        assert code == '403 Forbidden'
        assert 'www-authenticate' not in headers
    assert body == u'Access is refused.\n'
    assert site.drain.draining is held
    (_level, line, _exc_info), = site.log_queue.logged
    assert line.startswith('/-/drain refused: the request ')


def test_other_methods(site):
    code, headers, _body = ask(drain, site, Server(), method='PUT',
                               **OPERATOR)
    assert code == '405 Method Not Allowed'
    assert headers['allow'] == 'GET, HEAD, POST, DELETE'


def test_a_parameter_that_is_none_changes_nothing(site):
    code, _headers, _body = ask(drain, site, Server(), 'force', 'POST',
                                **OPERATOR)
    assert code == '400 Bad Request'
    assert not site.drain.draining


def test_a_process_that_ends_cannot_go_back(site):
    site.drain.begin(30)
    code, _headers, body = ask(drain, site, Server(), method='DELETE',
                               **OPERATOR)
    assert (code, body) == ('409 Conflict',
                            u'The process is to end: there is no way back.\n')
    assert site.drain.draining
    assert u'the process is to end  yes\n' in ask(drain, site, Server())[2]


def test_twice_is_said_once(site):
    for method in 'DELETE', 'POST', 'POST', 'DELETE', 'DELETE':
        assert ask(drain, site, Server(), method=method,
                   **OPERATOR)[0] == '200 OK'
    assert len(site.log_queue.logged) == 2
