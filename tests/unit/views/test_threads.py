"""views.threads: what it adds to monitor.threads and monitor.stacks."""
from __future__ import absolute_import, division, print_function

import json
import linecache
import re
import sys
import threading

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.interfaces import IView
from Products.ZServerViews.monitor.threads import LOOP, WORKER, known_threads
from Products.ZServerViews.views.threads import ThreadsView, threads
from tests.unit.monitor.monitor_dummies import Site, ask
from tests.waiting import awaited


@pytest.fixture
def site():
    made = Site()
    made.loops.begin(None)
    return made


@pytest.fixture
def waiting():
    """A thread that waits; its secret stands in a local variable."""
    ready, go_on = threading.Event(), threading.Event()

    def wait_for_it(secret):
        local = secret.upper()
        ready.set()
        go_on.wait(60)
        return local

    thread = threading.Thread(target=wait_for_it, args=('tell-nobody',),
                              name='a-worker')
    thread.start()
    ready.wait(60)
    yield thread
    go_on.set()
    thread.join()


def view(site, **options):
    return ThreadsView(site.clock, **options)


def test_the_contract():
    assert verifyObject(IView, threads)
    assert (threads.name, threads.tier) == ('threads', 'sensitive')
    assert threads.needs_recorder


def test_roles_and_requests(site, waiting):
    request = site.recorder.received('GET', '/slow?password=x', None)
    request.start(site.clock(), waiting.ident)
    site.recorder.current[waiting.ident] = request
    site.clock.now += 3.5
    document = json.loads(ask(view(site), site, query='format=json')[2])
    found = dict((thread['ident'], thread)
                 for thread in document['threads'])
    assert found[get_ident()]['role'] == LOOP
    worker = found[waiting.ident]
    assert (worker['role'], worker['request'],
            worker['request_age_seconds'], worker['state']) == (
        WORKER, 'GET /slow', 3.5, 'waiting for lock')
    assert 'wait_for_it' in [frame[2] for frame in worker['stack']]
    assert document['omitted_threads'] == 0


def test_what_has_not_moved(site, waiting):
    one = view(site)
    assert u'not moved' not in ask(one, site)[2]
    site.clock.now += 2
    text = ask(one, site)[2]
    assert re.search(u'a-worker.*, not moved for 2.0 s\n', text)


@pytest.mark.parametrize('name', threads.formats)
def test_no_format_has_the_value_of_a_variable(site, waiting, name):
    status, headers, text = ask(view(site), site, query='format=' + name)
    assert status == '200 OK'
    assert u'wait_for_it' in text
    assert u'tell-nobody' not in text.lower()


def test_collapsed(site, waiting):
    lines = ask(view(site), site, query='format=collapsed')[2].splitlines()
    assert len(lines) >= 2
    for line in lines:
        assert re.match(u'[^;]+(;[^;]+ \\([^;]+:[0-9]+\\))+ [1-9][0-9]*$',
                        line), line


def test_speedscope(site, waiting):
    before = len(known_threads())
    document = json.loads(ask(view(site), site, query='format=speedscope')[2])
    assert document['$schema'].endswith('file-format-schema.json')
    frames = document['shared']['frames']
    # Threads that other tests have left may end meanwhile.
    assert len(known_threads()) <= len(document['profiles']) <= before
    assert 'a-worker' in ' '.join(
        profile['name'] for profile in document['profiles'])
    for profile in document['profiles']:
        assert {'type', 'name', 'unit', 'startValue', 'endValue', 'samples',
                'weights'} <= set(profile)
        sample, = profile['samples']
        assert all(0 <= number < len(frames) for number in sample)
    assert all(frame['name'] for frame in frames)


def test_the_limit(site, waiting):
    document = json.loads(ask(view(site), site,
                              query='format=json&limit=1')[2])
    thread, = document['threads']
    assert thread['role'] == LOOP
    assert document['omitted_threads'] >= 1


def test_a_limit_does_not_begin_anew_for_others(site, waiting):
    def unmoved():
        one = view(site)
        for query in 'format=json', 'format=json&limit=1', 'format=json':
            document = json.loads(ask(one, site, query=query)[2])
            site.clock.now += 2
        worker, = [thread for thread in document['threads']
                   if thread['ident'] == waiting.ident]
        return worker['unmoved_seconds']

    # At first it may be on its way to its wait, and on Python 2.7 it polls there.
    awaited(lambda: unmoved() == 4.0)


def test_frames_of_machinery_are_folded_in_text_alone(site, waiting):
    one = view(site)
    folded = re.compile(u'^    [.]{3} [0-9]+ frames of .*$', re.MULTILINE)
    text = ask(one, site)[2]
    assert u'\n    ... 3 frames of threading\n' in text
    assert u'_bootstrap_inner' not in text
    assert folded.findall(text)[0].endswith(u'Products.ZServerViews')
    for query in 'full=1', 'format=json', 'format=collapsed':
        text = ask(one, site, query=query)[2]
        assert not folded.search(text)
        assert u'bootstrap_inner' in text


def test_source_lines(site, waiting):
    one = view(site)
    text = ask(one, site, query='source=1')[2]
    assert u'        go_on.wait(60)\n' in text
    assert u'go_on.wait(60)' not in ask(one, site)[2]
    document = json.loads(ask(one, site, query='source&format=json')[2])
    stacks = [thread['stack'] for thread in document['threads']
              if thread['ident'] == waiting.ident]
    assert 'go_on.wait(60)' in [frame[3] for frame in stacks[0]]


def test_source_lines_that_are_not_there(site):
    def frames():
        return {get_ident(): sys._getframe()}

    one = view(site, frames=frames, read_line=lambda path, line: '')
    assert u'\n        \n' not in ask(one, site, query='source=1')[2]
    document = json.loads(ask(one, site, query='source=1&format=json')[2])
    assert document['threads'][0]['stack'][-1][3] == ''


def test_source_lines_are_read_for_nobody_else(site, monkeypatch):
    monkeypatch.setattr(linecache, 'getline', lambda *args: 1 // 0)
    one = ThreadsView()
    for name in one.formats:
        assert ask(one, site, query='format=' + name)[0] == '200 OK'


@pytest.mark.parametrize('name', ['collapsed', 'speedscope'])
def test_formats_without_room_for_source_lines(site, name):
    status, headers, text = ask(view(site), site,
                                query='source=1&format=' + name)
    assert status == '400 Bad Request'
    assert u'text, json' in text


@pytest.mark.parametrize('query, expected', [
    ('', False), ('source=0', False), ('source=1', True), ('source', True),
    ('format=json&source=1', True), ('source=x', False), ('x=1', False)])
def test_who_runs_aside(query, expected):
    assert threads.runs_aside_for({'QUERY_STRING': query}) is expected
    assert threads.runs_aside_for({}) is False
