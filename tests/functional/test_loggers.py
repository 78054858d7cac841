"""/-/loggers over a real server: levels for a time, for a page, in memory."""
from __future__ import absolute_import, division, print_function

import base64
import json
import os
import time

import pytest

from tests.functional.harness.instance import FIXTURE_SECTION
from tests.functional.test_overload import WORKERS, sleeping_workers
from tests.waiting import awaited

WORD = 'Token-of-the-tests-0123456789'
BEARER = [('Authorization', 'Bearer ' + WORD)]
SECTION = FIXTURE_SECTION.replace('</product-config>', """
    monitor /-/ Products.ZServerViews.views.monitor
</product-config>
%%import Products.ZServerViews
<zserver-views settings>
    token-env VIEWS_TOKEN
</zserver-views>
""".replace('%%', '%'))

NAME = 'fixture.logged'


@pytest.fixture(scope='module')
def site():
    from tests.functional.harness import Instance
    os.environ['VIEWS_TOKEN'] = WORD
    instance = Instance(SECTION, **Instance.limited_to(100))
    try:
        instance.start()
        # The logger is there from now on.
        assert instance.get('/@@log?word=first').code == 200
        yield instance
        assert instance.is_running(), instance.output()
    finally:
        del os.environ['VIEWS_TOKEN']
        instance.stop()


@pytest.fixture(autouse=True)
def as_it_was(site):
    """Each case begins and ends without a change."""
    yield
    assert ask(site, '', 'DELETE').code == 200
    assert listed(site)['changes'] == []
    assert logger(site) == {
        'name': NAME, 'level': None, 'disabled': False,
        'effective_level': logger(site, 'root')['level'],
        'handlers_level': 'NOTSET'}


def ask(site, query='', method='GET', headers=BEARER):
    return site.get('/-/loggers?format=json&' + query, method=method,
                    headers=headers)


def change(site, query, code=200):
    answer = ask(site, query, 'POST')
    assert answer.code == code, answer.text
    return json.loads(answer.text) if code == 200 else None


def listed(site, query=''):
    answer = ask(site, query)
    assert answer.code == 200, answer.text
    return json.loads(answer.text)


def logger(site, name=NAME):
    return [row for row in listed(site, 'name=' + name)['loggers']
            if row['name'] == name][0]


def tail(site, query=''):
    answer = site.get('/-/loggers/tail?format=json&' + query, headers=BEARER)
    assert answer.code == 200, answer.text
    return json.loads(answer.text)['records']


def words(site):
    return [row['message'] for row in tail(site)]


def log(site, word, page='/@@log', user=None):
    """Have Zope log a word at the level DEBUG, in a worker."""
    headers = [] if user is None else [
        ('Authorization', 'Basic ' + base64.b64encode(
            ('%s:%s' % (user, user)).encode('ascii')).decode('ascii'))]
    assert site.get('%s?word=%s' % (page, word), headers=headers).code == 200


def is_written(site, word):
    """Whether the console has it: the event log may take no DEBUG."""
    return 'debug of ' + word + '\n' in site.output()


def settled(site):
    """All that was logged before is on the console, since this is."""
    word = 'settled-%f' % time.time()
    assert site.get('/@@log?word=%s&level=50' % word).code == 200
    awaited(lambda: is_written(site, word))


def test_who_may(site):
    assert ask(site, headers=()).code == 200
    query = 'name=%s&level=DEBUG' % NAME
    for method in 'POST', 'DELETE':
        assert ask(site, query, method, headers=()).code == 401
    assert listed(site)['changes'] == []


def test_debug_for_a_while_and_back(site):
    log(site, 'before')
    began = time.time()
    found = change(site, 'name=%s&level=DEBUG&for=5s' % NAME)
    row, = found['changes']
    assert (row['logger'], row['level'], row['before']) == (
        NAME, 'DEBUG', None)
    log(site, 'during')
    # Meanwhile all workers compute.
    assert site.get('/v/close_gate').code == 200
    connections = [site.connect(timeout=90) for _number in range(WORKERS)]
    try:
        for connection in connections:
            connection.request('/@@compute')
        awaited(lambda: site.get('/v/count_waiting').text == str(WORKERS))
        awaited(lambda: listed(site)['changes'] == [])
        took = time.time() - began
    finally:
        site.get('/v/open_gate')
        for connection in connections:
            connection.close()
    assert took >= 5
    ended = listed(site)['ended'][-1]
    assert (ended['id'], ended['reason']) == (row['id'], 'its time was over')
    log(site, 'after')
    settled(site)
    assert [is_written(site, word) for word in ('before', 'during', 'after')
            ] == [False, True, False]


def test_overlapping_changes_put_back_in_any_order(site):
    change(site, 'name=%s&level=DEBUG' % NAME)
    change(site, 'name=%s&level=ERROR' % NAME)
    found = change(site, 'name=%s&level=INFO&for=1h' % NAME)
    first, second, third = [row['id'] for row in found['changes']]
    assert logger(site)['level'] == 'INFO'
    for number, level in (second, 'INFO'), (third, 'DEBUG'), (first, None):
        assert ask(site, 'id=%d' % number, 'DELETE').code == 200
        assert logger(site)['level'] == level
    assert ask(site, 'id=%d' % first, 'DELETE').code == 404


def test_hands_off_what_somebody_else_has_changed(site):
    change(site, 'name=%s&level=DEBUG' % NAME)
    assert site.get('/@@set_level?level=40').code == 200
    try:
        awaited(lambda: listed(site)['changes'] == [])
        assert logger(site)['level'] == 'ERROR'
        assert (listed(site)['ended'][-1]['reason']
                == 'somebody else has set the level')
        site.wait_for_log('event.log', 'has ended: somebody else has set')
    finally:
        assert site.get('/@@set_level?level=0').code == 200


def test_for_one_page_only(site):
    change(site, 'name=root&level=DEBUG&path=/@@log')
    log(site, 'other-page', '/@@log_too')
    log(site, 'its-page')
    awaited(lambda: is_written(site, 'its-page'))
    assert not is_written(site, 'other-page')
    # Who may not see requests is not told which page it is.
    assert {row['path'] for row in listed(site)['changes']} == {'/@@log'}


def test_for_one_user_only(site):
    change(site, 'name=%s&level=DEBUG&user=admin' % NAME)
    log(site, 'nobodys')
    log(site, 'the-users', user='admin')
    awaited(lambda: is_written(site, 'the-users'))
    assert not is_written(site, 'nobodys')


def test_to_memory_and_not_a_byte_to_the_log(site):
    change(site, 'name=root&level=1&to=memory')
    site.wait_for_log('event.log', 'in memory only, on request')
    awaited(lambda: 'in memory only, on request' in site.output())
    before = site.log('event.log'), site.output()
    log(site, 'password=Planted-1')
    assert site.get('/@@log?word=failed&fail=1').code == 200
    rows = [row for row in tail(site) if row['logger'] == NAME]
    assert [row['message'] for row in rows] == [
        'debug of password=***', 'debug of failed']
    assert rows[0]['request'] == 'GET /@@log'
    assert rows[1]['error'] == 'ValueError: failed as token=***'
    assert rows[1]['stack'][-1][2] == '__call__'
    assert (site.log('event.log'), site.output()) == before
    # What would have been written anyway is, and is not kept twice.
    assert site.get('/@@log?word=loud&level=50').code == 200
    site.wait_for_log('event.log', 'debug of loud')
    assert 'debug of loud' not in words(site)
    assert 'Planted-1' not in ask(site).text
    text = site.get('/-/loggers/tail', headers=BEARER).text
    assert 'Planted-1' not in text and 'GET /@@log' in text
    assert 'Other secrets are not recognised' in ' '.join(text.split())


def test_while_all_workers_sleep(site):
    with sleeping_workers(site, queued=6):
        change(site, 'name=%s&level=DEBUG' % NAME)
        assert logger(site)['level'] == 'DEBUG'
        assert tail(site) is not None
        assert ask(site, 'name=' + NAME, 'DELETE').code == 200


def in_flight(site):
    found = json.loads(site.get('/-/requests?format=json').text)
    return found['in_work'] + found['waiting']


def test_while_a_worker_has_the_locks_of_all_handlers(site):
    """As on a disk that hangs: what is in force is put back all the same."""
    # Requests of the test before may be on their way to the gate.
    awaited(lambda: in_flight(site) == 0)
    assert site.get('/v/close_gate').code == 200
    with site.connect(timeout=90) as holder:
        holder.request('/@@hold_logs')
        awaited(lambda: site.get('/v/count_waiting').text == '1')
        try:
            change(site, 'name=%s&level=DEBUG&for=5s&to=memory' % NAME)
            with site.connect(timeout=90) as connection:
                # Behind it stands the access log, which hangs.
                connection.request('/@@log?word=disk-hangs')
                awaited(lambda: 'debug of disk-hangs' in words(site))
            awaited(lambda: listed(site)['changes'] == [])
        finally:
            site.get('/v/open_gate')
        assert holder.response().code == 200
    assert not is_written(site, 'disk-hangs')


def test_a_client_that_goes_away(site):
    with site.connect() as connection:
        connection.request('/-/loggers?name=%s&level=DEBUG&for=1s' % NAME,
                           method='POST', headers=BEARER)
    awaited(lambda: [one for one in listed(site)['ended']
                     if one['reason'] == 'its time was over'])
    awaited(lambda: listed(site)['changes'] == [])


def test_while_it_drains(site):
    change(site, 'name=%s&level=DEBUG&for=1s' % NAME)
    assert site.get('/-/drain', method='POST', headers=BEARER).code == 200
    awaited(lambda: listed(site)['changes'] == [])
    assert site.get('/-/drain', method='DELETE', headers=BEARER).code == 200


@pytest.mark.parametrize('query, code', [
    ('name=fixture.logged', 400), ('level=DEBUG', 400),
    ('name=fixture.logged&level=LOUD', 400),
    ('name=fixture.logged&level=DEBUG&for=2h', 400),
    ('name=fixture.logged&level=DEBUG&path=report', 400),
    ('name=fixture.logged&level=DEBUG&id=1', 400),
    ('name=no.such.logger&level=DEBUG', 404)])
def test_mistakes(site, query, code):
    change(site, query, code)


def test_the_view_is_not_mounted_any_more(make_instance, monkeypatch):
    monkeypatch.setenv('VIEWS_TOKEN', WORD)
    zope = make_instance(SECTION).start()
    log(zope, 'first')
    change(zope, 'name=%s&level=DEBUG' % NAME)
    log(zope, 'mounted')
    assert zope.get('/@@take-away').code == 200
    log(zope, 'gone')
    settled(zope)
    assert is_written(zope, 'mounted')
    assert not is_written(zope, 'gone')
