"""``/-/profile`` over a real server whose workers compute, sleep and wait."""
from __future__ import absolute_import, division, print_function

import contextlib
import json
import sys
import xml.etree.ElementTree

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.history.profiling.outside import SINCE
from tests.functional.test_listener import with_settings
from tests.unit.format.profiles import pprof_reader
from tests.waiting import awaited

TOKEN = 'Right-token-0123456789'
MAY = [('Authorization', 'Bearer ' + TOKEN)]

# Where the library can, a child process takes the stacks.
OUTSIDE = sys.version_info[:2] >= SINCE

SECTION = with_settings('token-env ZSV_TOKEN').replace(
    '</product-config>',
    '    monitor /-/ Products.ZServerViews.views.monitor\n'
    '</product-config>')


@pytest.fixture(scope='module')
def site():
    from tests.functional.harness import Instance
    instance = Instance(SECTION, environ={'ZSV_TOKEN': TOKEN},
                        **Instance.limited_to(100)).start()
    yield instance
    assert instance.is_running(), instance.output()
    instance.stop()


@pytest.fixture(autouse=True)
def free(site):
    """No profile runs, and no request of the case before is left."""
    yield
    site.get('/v/open_gate')
    change(site, 'DELETE')
    awaited(lambda: state(site)['running'] is None)
    awaited(lambda: not json.loads(
        site.get('/-/requests?format=json').text)['requests'])


def change(site, method, query='', headers=MAY):
    return site.get('/-/profile' + query, method=method,
                    headers=headers + [('Accept', 'application/json')])


def state(site):
    answer = site.get('/-/profile?format=json')
    assert answer.code == 200, answer.text
    return json.loads(answer.text)


def finished(site, number):
    """Of the profile with this number, once it has ended."""
    return awaited(lambda: [one for one in state(site)['finished']
                            if one['id'] == number])[0]


def begun(site, query):
    """The number of a new profile."""
    answer = change(site, 'POST', query)
    assert answer.code == 202, answer.text
    return json.loads(answer.text)['running']['id']


@contextlib.contextmanager
def working(site, *targets):
    """Meanwhile a worker has each of these requests."""
    # Those of a test before leave by the gate that is open.
    awaited(lambda: in_work(site) == 0)
    site.get('/v/close_gate')
    with contextlib.ExitStack() if hasattr(
            contextlib, 'ExitStack') else _Stack() as opened:
        for target in targets:
            connection = opened.enter_context(site.connect())
            connection.request(target)
        awaited(lambda: in_work(site) == len(targets))
        yield
        site.get('/v/open_gate')


def in_work(site):
    return json.loads(site.get('/-/requests?format=json').text)['in_work']


class _Stack(object):
    """PY2: as much of contextlib.ExitStack as is needed here."""

    def __enter__(self):
        self._entered = []
        return self

    def enter_context(self, manager):
        self._entered.append(manager)
        return manager.__enter__()

    def __exit__(self, *exc_info):
        for manager in self._entered:
            manager.__exit__(*exc_info)


def seconds_by_path(samples):
    found = {}
    for _frames, nanoseconds, labels in samples:
        path = labels['path']
        found[path] = found.get(path, 0) + nanoseconds / 1e9
    return found


def samples_of(site, number):
    answer = site.get('/-/profile?format=pprof&id=%d' % number)
    assert answer.code == 200, answer.text
    return pprof_reader.samples(pprof_reader.read(answer.body))


def test_what_computes_and_what_sleeps(site):
    with working(site, '/@@compute?secret=s3cret', '/@@nap?seconds=4'):
        number = begun(site, '?seconds=2&rate=50')
        about = finished(site, number)
    assert about['planned'] == 100
    assert 0 < about['taken'] <= 100
    assert about['ended'] == 'its time was over'
    assert about['late_p99_seconds'] >= 0
    assert about['longest_gap_seconds'] > 0
    assert about['sampler'].startswith('outside' if OUTSIDE else 'in process')
    samples = samples_of(site, number)
    times = seconds_by_path(samples)
    assert set(times) == {'/@@compute', '/@@nap'}
    # Both were there all the time: each tick is credited to somebody; but from
    # outside a thread's stack can be unreadable at a moment.
    assert all(1.8 <= time <= 2 if OUTSIDE else abs(time - 2) < 1e-6
               for time in times.values()), times
    computing = [(frames, labels) for frames, _time, labels in samples
                 if labels['path'] == '/@@compute']
    assert any(frames[0][0] == 'work' for frames, _labels in computing)
    asleep = [(frames[0][0], labels['state']) for frames, _time, labels
              in samples if labels['path'] == '/@@nap']
    # Python 2.7 has no clocks of threads, and no frame of `time.sleep`.
    assert ('__call__', '-' if PY2 else 'sleeping') in asleep
    assert not any('s3cret' in str(sample) for sample in samples)


def test_each_format(site):
    with working(site, '/@@wait'):
        number = begun(site, '?seconds=1&rate=20')
        finished(site, number)
    for name, kind, suffix in [
            ('svg', 'image/svg+xml', 'svg'),
            ('collapsed', 'text/plain; charset=utf-8', 'collapsed.txt'),
            ('speedscope', 'application/json', 'speedscope.json'),
            ('firefox', 'application/json', 'firefox.json'),
            ('pprof', 'application/octet-stream', 'pb.gz')]:
        for query in '&id=%d' % number, '':  # that is the latest
            answer = site.get('/-/profile?format=%s%s' % (name, query))
            assert answer.code == 200
            assert answer.header('Content-Type') == kind
            assert answer.header('Cache-Control') == 'no-store'
            disposition = answer.header('Content-Disposition')
            assert disposition.endswith('-%d.%s"' % (number, suffix))
            if kind == 'application/json':
                json.loads(answer.text)
            if name == 'svg':
                xml.etree.ElementTree.fromstring(answer.body)
                assert 'sandbox' in answer.header('Content-Security-Policy')
            if name != 'pprof':
                assert '/@@wait' in answer.text
                assert 'waiting for lock' in answer.text


def test_one_at_a_time_with_progress_and_an_end_on_request(site):
    number = begun(site, '?seconds=600&rate=10')
    running = awaited(lambda: [found for found in [state(site)['running']]
                               if found['taken']])[0]
    assert (running['id'], running['seconds'], running['rate']) == (
        number, 600, 10)
    assert running['planned'] == 6000 and not running['ending']
    assert 'profile %d is taken: ' % number in site.get('/-/profile').text
    answer = change(site, 'POST')
    assert answer.code == 409
    assert 'profile %d, ' % number in json.loads(answer.text)['error']
    assert change(site, 'DELETE').code == 200
    about = finished(site, number)
    assert about['ended'] == 'it was ended on request'
    assert 0 < about['planned'] < 6000
    assert 'ended' in site.get('/-/profile?id=%d' % number).text


def test_who_may(site):
    assert change(site, 'POST', headers=[]).code == 401
    assert change(site, 'DELETE', headers=[]).code == 401
    assert state(site)['running'] is None
    site.wait_for_log('event.log', '/-/profile refused')


@pytest.mark.parametrize('method, query, code', [
    ('POST', '?seconds=601', 400), ('POST', '?rate=101', 400),
    ('POST', '?seconds=0', 400), ('POST', '?id=1', 400),
    ('DELETE', '?seconds=1', 400), ('GET', '?seconds=1', 400),
    ('GET', '?id=1&id=2', 400), ('GET', '?id=999999', 404),
    ('GET', '?id=999999&format=svg', 404), ('PUT', '', 405)])
def test_what_is_refused(site, method, query, code):
    assert change(site, method, query).code == code
    assert state(site)['running'] is None


@pytest.mark.skipif(OUTSIDE, reason='a child process looks in time, whoever keeps '
                    'the interpreter: test_profile_outside.py')
def test_who_keeps_the_interpreter_leaves_a_gap(site):
    number = begun(site, '?seconds=60&rate=50')
    awaited(lambda: (state(site)['running'] or {}).get('taken'))
    assert site.get('/@@keep_lock?name=3').code == 200
    change(site, 'DELETE')
    # Whether its request is still there at the next look is chance.
    assert finished(site, number)['longest_gap_seconds'] > 2
