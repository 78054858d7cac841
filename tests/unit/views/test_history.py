"""views.history: questions, and the answers for people and for programs."""
from __future__ import absolute_import, division, print_function

import json
import re
import subprocess
import time

import pytest

from Products.ZServerViews.format.text import WIDTH
from Products.ZServerViews.history.disk import FULL, Disk
from Products.ZServerViews.runtime.disk_keeping import DiskKeeper
from Products.ZServerViews.views.history import HistoryView
from tests.unit.history.world import EPOCH, World, eventful
from tests.unit.monitor.monitor_dummies import ask


class View(object):
    """The view of a world, at its end."""

    def __init__(self, world):
        self.world = world
        self.view = HistoryView(lambda: EPOCH + world.clock.now)

    def ask(self, query=''):
        return ask(self.view, self.world.site, None, query)

    def text(self, query=''):
        status, headers, text = self.ask(query)
        assert status == '200 OK', text
        assert max(map(len, text.splitlines())) <= WIDTH
        return text

    def document(self, query=''):
        status, _headers, text = self.ask('format=json&' + query)
        assert status == '200 OK', text
        return json.loads(text)


@pytest.fixture(scope='module')
def view():
    return View(eventful())


def test_a_text(view):
    text = view.text()
    for line in ('no look possible for 3.1 s until ',
                 'loop lag          up to ',
                 'WHO HELD THE WORKERS',
                 '  thread-8  POST /stuck\n',
                 '  thread-7  GET /report\n',
                 ' at locks.py:17 acquire\n',
                 'WAITED FOR A WORKER',
                 'SLOW REQUESTS',
                 'status 500, KeyError, waiting 1.5 s',
                 '3.0 s  at catalog.py:40 sort\n',
                 'ERRORS (since the process began)',
                 'KeyError at world.py:',
                 'WARNING site',
                 'The password is %s\n',
                 'INCIDENTS',
                 'loop lag over 1 s: an event loop was late by ',
                 'RULES',
                 'why not since: '):
        assert line in text, (line, text)


def test_since_when_a_request_is_held_that_began_before_the_interval(view):
    began, = [held['since'] for held in view.document()['held']
              if held['path'] == '/stuck']
    assert began == EPOCH + 1002
    begin = began + 30
    assert 'since' not in view.text().partition('SLOW')[0].partition('HELD')[2]
    assert '  thread-8  /stuck  since %s\n' % time.strftime(
        '%H:%M:%S', time.localtime(began)) in view.text(
            'from=%d&to=%d' % (begin, begin + 20))


def test_an_interval_of_two_days_has_the_date_of_each_time(view):
    text = view.text('from=%d&to=%d' % (EPOCH - 129600, EPOCH + 1200))
    first, last = re.match('(.{10}) .{8} to (.{10}) .{8} [(]', text).groups()
    assert first != last
    for line in ('no look possible for 3.1 s until %s ', '\n%s ..:..:..  WARNING site',
                 '\n%s ..:..:..  loop lag over 1 s: ', '  %s ..:..:..  GET /report'):
        assert re.search(line % last, text), line


def test_no_value_is_anywhere(view):
    assert 's3cret' not in view.text() + json.dumps(view.document())


def test_who_held_the_workers(view):
    found = view.document()['held']
    assert [held['path'] for held in found] == ['/stuck', '/report']
    assert abs(found[0]['seconds'] - 73) < 1.5
    assert found[0]['method'] == 'POST'
    assert set(one['stack'][0][0] for one in found[1]['stacks']) == {
        'search', 'sort', 'render'}
    assert abs(sum(one['seconds'] for one in found[1]['stacks'])
               - found[1]['seconds']) < 0.01


def test_a_minute_of_the_past(view):
    begin = EPOCH + 1000
    at = time.strftime('%Y-%m-%dT%H:%MZ', time.gmtime(begin))
    found = view.document('at=' + at)
    assert found['to'] - found['from'] == 60
    assert found['from'] <= begin < found['to']
    found = view.document('at=%d' % begin)
    assert (found['from'], found['to']) == (begin - 30, begin + 30)
    assert len(found['starts']) == 1
    assert 'the process began at ' in view.text('at=%d' % begin)


def test_another_day(view):
    text = view.text('at=%d' % (EPOCH - 100000))
    assert 'nothing is recorded of this time\nthere are records from ' in text
    assert 'SLOW REQUESTS' not in text
    assert '2 slow requests of other times are kept' in text


def test_only_a_path_and_only_a_worker(view):
    found = view.document('path=/report')
    assert [held['path'] for held in found['held']] == ['/report']
    assert [story['path'] for story in found['slow']] == ['/report']
    found = view.document('worker=thread-8')
    assert [held['path'] for held in found['held']] == ['/stuck']
    assert 'only path /report\n' in view.text('path=/report')
    assert view.document('path=/%C3%A4')['path'] == u'/\xe4'


@pytest.mark.parametrize('query', [
    'at=now', 'at=03:12&to=03:13', 'from=03:12&to=03:12', 'path=',
    'from=1600000000', 'worker=' + 'x' * 501])
def test_mistakes(view, query):
    status, _headers, text = view.ask(query)
    assert status == '400 Bad Request'
    assert 'xxx' not in text


def test_a_site_to_which_nothing_has_happened():
    world = World()
    world.run(2)
    view = View(world)
    text = view.text()
    assert 'WHO HELD' not in text and 'SLOW' not in text
    assert '\nlooks  0, at most 0 ms late\n' in text
    assert view.document()['held'] == []


def test_before_the_first_record():
    world = World()
    assert 'nothing is recorded of this time\n' in View(world).text()


def test_a_profile_in_each_format(view):
    text = view.ask('format=collapsed')[2]
    assert 'search (/site/catalog.py:312' in text
    assert '/report' in text and 's3cret' not in text
    profile = json.loads(view.ask('format=speedscope')[2])
    assert 'search' in [frame['name'] for frame in profile['shared']['frames']]
    firefox = json.loads(view.ask('format=firefox')[2])
    assert firefox['threads']
    status, headers, text = view.ask('format=svg')
    assert headers['content-type'] == 'image/svg+xml'
    assert text.lstrip().startswith('<') and 'search' in text
    assert headers['content-security-policy'].startswith('sandbox ')
    text = view.ask('format=collapsed&path=/stuck')[2]
    assert 'acquire' in text and 'search' not in text


def test_the_command_for_what_is_older_can_be_copied(view):
    folder = '/srv/%s/var/the record of zope' % ('long/' * 20)
    view.world.site.disk_keeper = keeper = DiskKeeper(None)
    keeper.disk = Disk(folder, 'zope1', 64 << 20, None)
    try:
        text = view.ask('from=%d&to=%d' % (EPOCH - 600, EPOCH - 540))[2]
    finally:
        view.world.site.disk_keeper = None
    command = text.partition('more of it:\n')[2].splitlines()[:2]
    script = 'zserverviews() { printf "%s|" "$@"; }\n' + '\n'.join(command)
    words = subprocess.check_output(['/bin/sh', '-c', script]).decode('utf-8')
    assert words.split('|') == ['record', folder, '--from', '%d' % (EPOCH - 600),
                                '--to', '%d' % (EPOCH - 540), '']


@pytest.mark.parametrize('path', ['/caf%25C3%25A9', '/caf%C3%A9', '/caf%c3%a9'])
def test_a_path_with_escapes(path):
    world = World()
    world.run(2)
    world.begin(7, '/caf%C3%A9')
    world.at(7, 'search', '/site/catalog.py', 312)
    world.begin(8, '/cafe')
    world.run(5)
    world.fail(7, KeyError)
    world.end(7)
    world.run(2)
    view = View(world)
    span = 'from=%d&to=%d' % (EPOCH + 900, EPOCH + 1100)
    found = view.document(span + '&path=' + path)
    assert set(held['path'] for held in found['held']) == set(['/caf%C3%A9'])
    assert [story['path'] for story in found['slow']] == ['/caf%C3%A9']
    assert [error['class'] for error in found['errors']] == ['KeyError']
    assert 'search' in view.ask('format=collapsed&%s&path=%s' % (span, path))[2]


def test_a_path_that_is_no_utf8():
    world = World()
    world.run(2)
    world.begin(7, '/caf%E9')
    world.run(5)
    span = 'from=%d&to=%d' % (EPOCH + 900, EPOCH + 1100)
    for path in '/caf%E9', '/caf%25E9':
        [held] = View(world).document(span + '&path=' + path)['held']
        assert held['path'] == '/caf%E9'


def test_the_files(view):
    assert 'FILES' not in view.text() and view.document()['disk'] is None
    keeper = DiskKeeper(None)
    keeper.disk = disk = Disk('/var/lib/zope/record', 'zope1', 64 << 20, None,
                              clock=lambda: 107.0)
    view.world.site.disk_keeper = keeper
    command = ('files may have more of it:\n    zserverviews record '
               '/var/lib/zope/record \\\n        --from %d --to %d\n')
    try:
        for begin, is_told in (EPOCH - 600, True), (EPOCH + 1030, False):
            found = view.text('from=%d&to=%d' % (begin, begin + 60))
            assert ((command % (begin, begin + 60)) in found) is is_told, found
        assert view.text().endswith(
            'FILES\n/var/lib/zope/record  0 B written, of at most 64.0 MiB\n')
        disk._refused, writing = {FULL: 2}, disk._writing
        writing.failed, writing.waits_since = 7, 100.0
        writing.error = 'No space left on device'
        assert view.text().endswith(
            'records lost: 7 disk failed, 2 queue full\n'
            'cannot be written now: No space left on device\n'
            'the disk has not answered for 7.0 s; 0 B wait in memory\n')
        assert view.document()['disk']['lost'] == {'queue_full': 2, 'disk_failed': 7}
    finally:
        view.world.site.disk_keeper = None
