"""views.profile: who may start one, and what is shown."""
from __future__ import absolute_import, division, print_function

import json
import re

import pytest

from Products.ZServerViews.format.profiles.formats import FORMATS
from Products.ZServerViews.history.profiling.profiler import Finished, Profiler
from Products.ZServerViews.history.profiling.running import Running
from Products.ZServerViews.views import profile as views_profile
from Products.ZServerViews.views.formatted import CONTENT_TYPES
from Products.ZServerViews.views.profile import FILES, profile
from tests.unit.format.profiles import examples
from tests.unit.monitor.monitor_dummies import Server, ask
from tests.unit.site_dummies import FAR, NEAR, TOKEN, Site

OPERATOR = dict(FAR, **TOKEN)


class StillProfiler(Profiler):
    """Of which no profile runs by itself."""

    def start(self, seconds, rate):
        if self.running is not None:
            return False
        self.running = Running(4, seconds, rate)
        return True


@pytest.fixture
def site():
    made = Site()
    made.profiler = StillProfiler(made, None, safe=True)
    return made


@pytest.fixture
def finished(site):
    made = Finished(Running(3, 1, 100), examples.profile())
    site.profiler.finished = made,
    return made


def told(site, method='GET', query='format=json', **environ):
    code, _headers, body = ask(profile, site, Server(), query, method,
                               **dict(OPERATOR, **environ))
    return code, json.loads(body)


def test_nothing(site):
    assert told(site) == ('200 OK', {'running': None, 'finished': [],
                                     'unusable': None})
    assert ask(profile, site)[2] == (
        u'no profile is taken now; 0 finished\n')


@pytest.mark.parametrize('method', ['POST', 'DELETE'])
def test_a_file_is_had_by_get_only(site, finished, method):
    code, _headers, body = ask(profile, site, Server(), 'format=svg', method,
                               **OPERATOR)
    assert code == '400 Bad Request' and 'by GET' in body
    assert site.profiler.running is None


@pytest.mark.parametrize('kind, length, code', [
    ('application/x-www-form-urlencoded', '9', '400 Bad Request'),
    ('Multipart/Form-Data; boundary=x', '9', '400 Bad Request'),
    ('application/x-www-form-urlencoded', '0', '200 OK'),
    ('application/json', '2', '200 OK')])
def test_a_form_in_the_body_is_not_silently_ignored(site, kind, length, code):
    found, _headers, body = ask(profile, site, Server(), '', 'DELETE', **dict(
        OPERATOR, CONTENT_TYPE=kind, CONTENT_LENGTH=length,
        SCRIPT_NAME='/-/profile'))
    assert found == code
    assert ('query string, as in POST /-/profile?' in body) == (code != '200 OK')


def test_start_and_end(site):
    code, document = told(site, 'POST', 'seconds=5&rate=20&format=json')
    assert code == '202 Accepted'
    running = document['running']
    assert (running['id'], running['seconds'], running['rate'],
            running['planned'], running['taken']) == (4, 5, 20, 100, 0)
    code, document = told(site, 'POST', 'seconds=5&format=json')
    assert code == '409 Conflict'
    assert document['error'].startswith('A profile is taken already: profile 4')
    code, document = told(site, 'DELETE')
    assert code == '200 OK'
    assert document['running']['ending']
    text = ask(profile, site)[2]
    assert text.startswith(u'profile 4 is taken: ')
    assert text.endswith(u' of 5 s at 20 Hz, 0 looks; it is to end\n')


def test_half_a_minute_as_fast_as_can_be_without_a_word(site):
    running = told(site, 'POST')[1]['running']
    assert (running['seconds'], running['rate']) == (30, 100)


def test_to_end_none_is_no_mistake(site):
    assert told(site, 'DELETE')[0] == '200 OK'


@pytest.mark.parametrize('method', ['POST', 'DELETE'])
@pytest.mark.parametrize('who, expected', [
    (FAR, '401 Unauthorized'), (NEAR, '401 Unauthorized'),
    (dict(OPERATOR, HTTP_ORIGIN='http://evil.example'), '403 Forbidden')])
def test_who_may_not(site, who, expected, method):
    site.profiler.running = running = Running(4, 5, 20)
    code, _headers, _body = ask(profile, site, Server(), method=method,
                                SCRIPT_NAME='/-/profile', **who)
    assert code == expected
    assert site.profiler.running is running
    assert running.wanted_end is None


@pytest.mark.parametrize('method, query', [
    ('GET', 'seconds=1'), ('GET', 'rate=1'), ('POST', 'id=1'),
    ('DELETE', 'id=1'), ('DELETE', 'rate=1'), ('POST', 'seconds=601'),
    ('POST', 'rate=101'), ('POST', 'rate=0')])
def test_parameters_that_are_not_for_this(site, method, query):
    code, _headers, _body = ask(profile, site, Server(), query, method,
                                **OPERATOR)
    assert code == '400 Bad Request'
    assert site.profiler.running is None


def test_where_none_can_be_taken(site):
    site.profiler = Profiler(site, None, safe=False)
    code, document = told(site, 'POST')
    assert code == '501 Not Implemented'
    assert 'without an interpreter lock' in document['error']
    assert 'without an interpreter lock' in told(site)[1]['unusable']
    assert ask(profile, site)[2].startswith(u'no profile can be taken here: ')


def test_finished(site, finished):
    one, = told(site)[1]['finished']
    assert one == {
        'id': 3, 'started': examples.START, 'seconds': 1.0, 'rate': 100,
        'planned': 100, 'taken': 66, 'failed': 0, 'late_p99_seconds': 0.02,
        'longest_gap_seconds': 0.4, 'own_cost_seconds': 0.003,
        'ended': u'its time was over', 'sampler': u'in process',
        'busy_seconds': 1.0, 'bytes': finished.size}
    assert told(site, query='format=json&id=3')[1]['finished'] == [one]
    text = ask(profile, site)[2]
    assert re.search(u'\n  looks  +66 taken of 100 planned\n', text)
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize('query', ['id=2', 'id=2&format=svg'])
def test_one_that_is_not_there(site, finished, query):
    assert ask(profile, site, query=query)[0] == '404 Not Found'


@pytest.mark.parametrize('name', [name for name in FILES if name != 'pprof'])
def test_files(site, finished, name):
    code, headers, body = ask(profile, site, query='id=3&format=' + name)
    assert code == '200 OK'
    assert headers['content-type'] == FORMATS[name][0] == CONTENT_TYPES[name]
    assert ('-3%s"' % FORMATS[name][1]) in headers['content-disposition']
    assert body.encode('utf-8') == FORMATS[name][2](finished.profile)


def test_a_file_has_the_name_of_its_own_profile(site, finished, monkeypatch):
    kind, suffix, render = FORMATS['svg']

    def evicted(found):
        site.profiler.finished = ()
        return render(found)

    monkeypatch.setitem(FORMATS, 'svg', (kind, suffix, evicted))
    code, headers, _body = ask(profile, site, query='format=svg')
    assert code == '200 OK'
    assert '-3' + suffix in headers['content-disposition']


def test_the_types_of_all_files_are_those_of_their_formats():
    assert set(FILES) == set(FORMATS)
    assert {name: CONTENT_TYPES[name] for name in FILES} == {
        name: FORMATS[name][0] for name in FILES}


def test_a_picture_may_do_nothing_in_the_name_of_the_site(site, finished):
    headers = ask(profile, site, query='format=svg')[1]
    assert headers['content-security-policy'].startswith(
        "sandbox allow-scripts allow-modals; default-src 'none'; ")
    assert headers['content-disposition'].startswith('inline; ')


@pytest.mark.parametrize('query, accept, expected', [
    ('format=svg', None, True), ('format=pprof&id=3', None, True),
    ('', None, False), ('format=json', None, False), ('nonsense', None, False),
    ('', 'image/svg+xml', True), ('', 'application/json', False)])
def test_files_alone_are_offloaded(site, query, accept, expected):
    environ = {'QUERY_STRING': query}
    if accept is not None:
        environ['HTTP_ACCEPT'] = accept
    assert profile.runs_aside_for(environ) is expected


def test_each_format_of_a_file_has_its_method():
    assert all(callable(getattr(views_profile.ProfileView, 'as_' + name))
               for name in FILES)
