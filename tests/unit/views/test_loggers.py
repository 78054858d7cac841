"""views.loggers: who may change what, and what is told of it."""
from __future__ import absolute_import, division, print_function

import json
import logging

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.config.mounts import mounts_of
from Products.ZServerViews.config.sections import Entry
from Products.ZServerViews.views.log_tail import tail
from Products.ZServerViews.views.loggers import loggers
from tests.unit.monitor.monitor_dummies import Server, ask
from tests.unit.site_dummies import FAR, NEAR, TOKEN, Site
from tests.waiting import awaited

OPERATOR = dict(FAR, SCRIPT_NAME='/-/loggers', **TOKEN)
NAME = 'test.views.loggers'
QUERY = 'name=%s&level=DEBUG' % NAME


@pytest.fixture
def site():
    made = Site()
    made.log_queue.has_thread = lambda: True
    made.log_redirect.install()
    logging.getLogger(NAME).setLevel(logging.NOTSET)
    yield made
    made.log_levels.end()
    # This thread has an event loop, so another one puts back.
    awaited(lambda: not made.log_levels._daemon.runs)
    made.log_redirect.uninstall()
    assert logging.getLogger(NAME).level == logging.NOTSET


def asked(site, method='GET', query='', view=loggers, **who):
    return ask(view, site, Server(), query, method, **(who or OPERATOR))


def document(site, method='GET', query='', view=loggers):
    code, _headers, body = asked(site, method, query + '&format=json', view)
    assert code == '200 OK', body
    return json.loads(body)


def test_a_change_is_told(site):
    found = document(site, 'POST', QUERY + '&for=90s&to=memory')
    assert found['changes'] == [{
        'id': 1, 'logger': NAME, 'level': 'DEBUG', 'before': None,
        'restricted': False, 'path': None, 'user': None, 'to': 'memory',
        'seconds_left': 90.0, 'until': '2001-09-09T01:48:10Z', 'note': None}]
    assert [row['name'] for row in found['loggers']] == [NAME]
    assert site.log_queue.logged[-1][1] == (
        'The level of the logger %s is DEBUG for 90 seconds, in memory only, '
        'on request' % NAME)
    found = document(site, 'DELETE', 'id=1')
    assert found['changes'] == []
    assert found['ended'] == [{
        'id': 1, 'logger': NAME, 'level': 'DEBUG', 'restricted': False,
        'path': None, 'user': None, 'to': 'memory',
        'ended': '2001-09-09T01:46:40Z', 'reason': 'put back on request'}]


def test_the_text(site):
    asked(site, 'POST', QUERY + '&path=/page&user=jane')
    text = asked(site, query='name=' + NAME)[2]
    assert text.startswith(
        u'ID  LOGGER              LEVEL  BEFORE        LEFT  TO   ONLY FOR\n'
        u' 1  test.views.loggers  DEBUG  -       10 min 0 s  log  '
        u'path /page user jane\n')
    assert max(map(len, text.splitlines())) <= 80
    asked(site, 'DELETE')
    text = asked(site, query='name=' + NAME)[2]
    assert text.startswith(
        u'no level is changed\n\n'
        u'2001-09-09T01:46:40Z  DEBUG of test.views.loggers has ended: put back on '
        u'request\n')


def test_whose_requests_is_told_to_those_who_may_see_requests(site):
    asked(site, 'POST', QUERY + '&path=/page&user=jane')
    row, = document(site)['changes']
    assert (row['path'], row['user']) == (u'/page', u'jane')
    # The kernel does not tell whose this one's connection is.
    code, _headers, body = asked(site, query='format=json', **NEAR)
    row, = json.loads(body)['changes']
    assert code == '200 OK'
    assert (row['restricted'], row['path'], row['user']) == (True, None, None)
    assert u'some requests' in asked(site, **NEAR)[2]


@pytest.mark.parametrize('method', ['POST', 'DELETE'])
def test_who_may_not(site, method):
    document(site, 'POST', QUERY)
    for who in NEAR, FAR:
        code, _headers, _body = asked(site, method, QUERY,
                                      **dict(who, SCRIPT_NAME='/-/loggers'))
        assert code == '401 Unauthorized'
        environ = dict(who, REQUEST_METHOD=method, **{
            'zserverviews.site': site})
        assert not loggers.runs_aside_for(environ)
    assert len(document(site)['changes']) == 1
    assert site.log_queue.logged[-1][1].startswith('/-/loggers refused: ')


def test_what_takes_a_lock_or_long_is_offloaded():
    site = Site()
    for method in 'GET', 'HEAD', 'POST', 'DELETE':
        assert loggers.runs_aside_for(dict(OPERATOR, REQUEST_METHOD=method, **{
            'zserverviews.site': site})) is True
    mount, = mounts_of([Entry('place', 'said', '/tail', 
                                'Products.ZServerViews.views.log_tail.tail')])
    assert mount.aside


@pytest.mark.parametrize('method', ['POST', 'DELETE'])
def test_a_token_that_comes_too_late(site, method):
    """It was refused when it was to be offloaded, so it is in the event loop."""
    document(site, 'POST', QUERY)
    environ = dict(FAR, SCRIPT_NAME='/-/loggers', REQUEST_METHOD=method, **{
        'zserverviews.site': site})
    assert not loggers.runs_aside_for(environ)
    environ.update(TOKEN)
    code, _headers, _body = asked(site, method, QUERY, **environ)
    assert code == '403 Forbidden'
    assert site.log_queue.logged[-1][1] == (
        '/-/loggers refused: the token came later than the request')
    assert len(document(site)['changes']) == 1


def test_the_view_goes_meanwhile(site):
    site.log_levels.end()
    code, _headers, body = asked(site, 'POST', QUERY)
    assert (code, body) == ('404 Not Found', u'This view has just been taken out '
                            u'of the configuration.\n')


@pytest.mark.parametrize('odd', [
    b'test.views.l\xc3\xa4' if PY2 else u'test.views.l\xe4',
    u'test.views.l\xe4'])
def test_names_that_are_not_ascii(site, odd):
    """On Python 2.7 those of loggers are bytes."""
    logging.getLogger(odd)
    found = document(site, query='name=test.views')
    assert u'test.views.l\xe4' in [row['name'] for row in found['loggers']]
    query = 'name=test.views.l%C3%A4'
    found = document(site, 'POST', query + '&level=DEBUG')
    assert [row['name'] for row in found['loggers']] == [u'test.views.l\xe4']
    assert found['changes'][0]['logger'] == u'test.views.l\xe4'
    assert u'test.views.l\xe4' in asked(site, query=query)[2]
    assert len(document(site, 'DELETE', query)['ended']) == 1
    assert (u'DEBUG of test.views.l\xe4 has ended' in asked(site)[2])
    assert logging.getLogger(odd).level == logging.NOTSET
    assert u'the logger test.views.l\xe4 has ended' in site.log_queue.logged[-1][1]


@pytest.mark.parametrize('method, query, code, why', [
    ('GET', 'level=DEBUG', '400', 'The parameter level has no meaning with GET'),
    ('POST', QUERY + '&limit=1', '400', 'The parameter limit has no meaning with POST'),
    ('DELETE', 'user=jane', '400', 'The parameter user has no meaning with DELETE'),
    ('POST', 'level=DEBUG', '400', 'State name and level'),
    ('POST', QUERY + '&path=page', '400', 'A path begins with a slash'),
    ('POST', QUERY + '&for=61m', '400', 'Give a time such as 90s or 10m, at most 1h.'),
    ('POST', QUERY + '&path=/a*b', '400', 'its last character'),
    ('POST', QUERY + '&path=/a/*/*', '400', 'its last character'),
    ('POST', QUERY + '&path=/*/a', '400', 'its last character'),
    ('POST', QUERY + '&to=syslog', '400', 'one of log, memory'),
    ('POST', 'name=test.views.loggers.not&level=DEBUG', '404', 'no logger'),
    ('DELETE', 'id=7', '404', 'no such change'),
    ('DELETE', 'name=' + NAME, '404', 'no such change'),
    ('PUT', QUERY, '405', 'GET, HEAD, POST, DELETE')])
def test_mistakes(site, method, query, code, why):
    status, _headers, body = asked(site, method, query)
    assert status.startswith(code) and why in body
    assert document(site)['changes'] == []


def test_too_many(site):
    for _number in range(50):
        document(site, 'POST', QUERY)
    assert asked(site, 'POST', QUERY)[0] == '409 Conflict'


def test_the_list_has_a_limit(site):
    found = document(site, query='limit=2')
    assert [row['name'] for row in found['loggers']][0] == 'root'
    assert len(found['loggers']) == 2 and found['omitted_loggers'] > 0
    assert u'more are left out\n' in asked(site, query='limit=2')[2]


def test_no_secret_of_a_record_is_in_the_list(site):
    secrets = ['Planted-%d' % number for number in range(200)]
    document(site, 'POST', QUERY + '&to=memory&path=/page*')
    for secret in secrets:
        site.recorder.begins(site.recorder.received(
            'GET', '/page?' + secret, None))
        try:
            raise ValueError('password: ' + secret)
        except ValueError:
            logging.getLogger(NAME).debug('token=%s', secret, exc_info=True)
        site.recorder.ends()
    both = [asked(site, query=query)[2] for query in ('', 'format=json')]
    # Those that are announced are not in the tail either.
    both += [asked(site, query='limit=1000' + query, view=tail)[2]
             for query in ('', '&format=json')]
    assert 'token=***' in both[2] and 'ValueError: password: ***' in both[2]
    assert not [secret for secret in secrets
                if any(secret in text for text in both)]


def test_the_tail(site):
    document(site, 'POST', QUERY + '&to=memory')
    for number in range(3):
        logging.getLogger(NAME).debug('line %d\nand more\x1b', number)
    found = document(site, query='limit=2', view=tail)
    assert found['omitted_records'] == 1
    assert 'Other secrets are not recognised' in found['shows']
    row = found['records'][-1]
    assert {key: row[key] for key in ('level', 'logger', 'message', 'request',
                                      'error', 'stack')} == {
        'level': 'DEBUG', 'logger': NAME, 'message': u'line 2\nand more\x1b',
        'request': None, 'error': None, 'stack': []}
    text = asked(site, query='name=' + NAME, view=tail)[2]
    assert text.endswith(u'\n    line 2\n    and more?\n')
    assert u'3 records, the latest last; 0 before them' in text
    assert document(site, query='name=another', view=tail)['records'] == []
