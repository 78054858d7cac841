"""format.stacks: a dump of threads as text, JSON, collapsed, speedscope."""
from __future__ import absolute_import, division, print_function

import json
import threading

import pytest

from Products.ZServerViews._compat import text_type
from Products.ZServerViews.format import stacks
from Products.ZServerViews.monitor.threads import Description, Dump, Thread, collect

LONG = 10

FORMATS = [stacks.to_text, stacks.as_json, stacks.to_collapsed,
           stacks.to_speedscope]

OUTER = ('/v/lib/python3.11/site-packages/waitress/task.py', 84, 'run')
INNER = ('/srv/app.py', 30, 'work')


def thread(name='waitress-0', ident=1, native_id=None, role='worker',
           state='running', request=None, age=None, stack=(OUTER, INNER),
           cut=False, unmoved=None):
    return Thread(name, ident, native_id, role, state, request, age,
                  tuple(stack), cut, unmoved)


def test_text():
    dump = Dump([
        thread('main', 3, 300, 'loop'),
        thread('w-0', 1, state='waiting for lock', request='GET /a', age=3.2,
               unmoved=2),
        thread('w-1', 2, state='waiting for lock', request=u'GET /b\n\xe9',
               age=250)], 0)
    assert stacks.to_text(dump) == u'''\
3 threads, 1 different stack

loop, running
  main, ident 3, native 300
    waitress/task.py:84 run
    /srv/app.py:30 work

2 threads, worker, waiting for lock
  w-0, ident 1, not moved for 2.0 s
    for 3.2 s: GET /a
  w-1, ident 2
    for 4 min 10 s: GET /b?\xe9
    waitress/task.py:84 run
    /srv/app.py:30 work
'''


def test_text_of_what_is_left_out():
    dump = Dump([thread('w-%d' % number, number, cut=True)
                 for number in range(60)], 7)
    lines = stacks.to_text(dump).splitlines()
    assert lines[:3] == [u'67 threads, 1 different stack in 60 of them',
                         u'7 other threads are not shown', u'']
    assert lines[3] == u'60 threads, worker, running'
    assert lines[4 + stacks.NAMES:] == [
        u'  and 10 more', u'    (the frames outside these are not shown)',
        u'    waitress/task.py:84 run', u'    /srv/app.py:30 work']


@pytest.mark.parametrize('known, different, expected', [
    (None, None, u'3 threads, 2 different stacks in 2 of them'),
    (3, 3, u'3 threads, 3 different stacks'),
    (2, 1, u'3 threads, 1 different stack in 2 of them')])
def test_the_number_of_stacks(known, different, expected):
    dump = Dump([thread(), thread(stack=[INNER])], 1, known, different)
    assert stacks.to_text(dump).splitlines()[:2] == [
        expected, u'1 other threads are not shown']


PACKAGES = '/v/lib/python3.11/site-packages/'
OURS = '/srv/src/Products/ZServerViews/'
THREADING = '/usr/lib/python3.11/threading.py'
MACHINERY = [(THREADING, 1, '_bootstrap'), (THREADING, 2, '_bootstrap_inner'),
             (THREADING, 3, 'run'), OUTER,
             ('/srv/eggs/waitress-3.0.2.egg/waitress/channel.py', 5, 'service'),
             (PACKAGES + 'ZPublisher/WSGIPublisher.py', 6, 'publish_module'),
             (PACKAGES + 'Zope2/Startup/serve.py', 7, 'run')]
BETWEEN = ('/srv/own/waiter.py', 8, '__call__')


@pytest.mark.parametrize('stack, expected', [
    (MACHINERY + [INNER],
     [u'... 7 frames of waitress, ZPublisher and Zope2',
      u'/srv/app.py:30 work']),
    # Each run of them, and what stands between.
    (MACHINERY[:5] + [BETWEEN] + 3 * MACHINERY[5:6] + [INNER],
     [u'... 5 frames of waitress', u'/srv/own/waiter.py:8 __call__',
      u'... 3 frames of ZPublisher', u'/srv/app.py:30 work']),
    # A few are as quickly read.
    (MACHINERY[5:] + [INNER],
     [u'ZPublisher/WSGIPublisher.py:6 publish_module',
      u'Zope2/Startup/serve.py:7 run', u'/srv/app.py:30 work']),
    # The innermost frame stays.
    (MACHINERY[:4] + [(THREADING, 320, 'wait')],
     [u'... 4 frames of waitress', u'/usr/lib/python3.11/threading.py:320 wait'
      ]),
    (MACHINERY[:3] + [INNER],
     [u'... 3 frames of threading', u'/srv/app.py:30 work']),
    (MACHINERY[4:5] + [(OURS + 'wsgi/call.py', 1, 'run'),
                       (OURS + 'views/formatted.py', 1, '__call__'),
                       (OURS + 'monitor/threads.py', 1, '_current')],
     [u'... 3 frames of waitress and Products.ZServerViews',
      OURS + u'monitor/threads.py:1 _current']),
    # However deep a module of ours lies, and wherever the package does.
    ([('/usr/lib/python2.7/asyncore.py', 1, 'loop'),
      ('Products/ZServerViews/servers/zserver/seams.py', 1, 'poll'),
      (OURS + 'servers/waitress/channel.py', 1, 'add_task'), INNER],
     [u'... 3 frames of asyncore and Products.ZServerViews',
      u'/srv/app.py:30 work']),
    # No line is too long.
    ([('/usr/lib/python2.7/site-packages/Zope2/run.py', 1, 'run'),
      ('/usr/lib/python2.7/site-packages/Lifetime/__init__.py', 1, 'loop'),
      ('/usr/lib/python2.7/asyncore.py', 2, 'poll'),
      ('/usr/lib/python2.7/asynchat.py', 2, 'handle_read'),
      ('/usr/lib/python2.7/site-packages/ZServer/medusa.py', 3, 'found'),
      INNER],
     [u'... 5 frames of Zope2, Lifetime, asyncore and others',
      u'/srv/app.py:30 work']),
    ([('/usr/lib/python2.7/site-packages/Lifetime/__init__.py', 1, 'loop'),
      ('/usr/lib/python2.7/asyncore.py', 2, 'poll'),
      ('/usr/lib/python2.7/asyncore.py', 3, 'read'), INNER],
     [u'... 3 frames of Lifetime and asyncore', u'/srv/app.py:30 work']),
    # Somebody's own waitress is none, nor his threading.py.
    ([('/srv/waitress/a/b/c.py', 1, 'x')] * 4 + [INNER],
     [u'/srv/waitress/a/b/c.py:1 x'] * 4 + [u'/srv/app.py:30 work']),
    ([('/srv/app/threading.py', 1, 'x')] * 4 + [INNER],
     [u'/srv/app/threading.py:1 x'] * 4 + [u'/srv/app.py:30 work']),
    ([], []), ([INNER], [u'/srv/app.py:30 work'])])
def test_what_is_always_the_same_is_folded(stack, expected):
    dump = Dump([thread(stack=stack)], 0)
    lines = stacks.to_text(dump, fold=True).splitlines()
    assert lines[4:] == [u'    ' + line for line in expected]
    unfolded = stacks.to_text(dump).splitlines()
    assert len(unfolded) == 4 + len(stack)


def test_source_lines_of_what_is_folded_are_not_read():
    asked = []

    def source(path, line):
        asked.append(line)
        return 'x = 1'

    lines = stacks.to_text(Dump([thread(stack=MACHINERY + [INNER])], 0),
                           source=source, fold=True).splitlines()
    assert asked == [30]
    assert lines[-2:] == [u'    /srv/app.py:30 work', u'        x = 1']


def test_text_keeps_to_the_width():
    deep = ('/very' * 30 + '/long.py', None, 'f')
    named = ('/srv/app.py', 1, 'f' * 200)
    dump = Dump([thread('t' * 100, stack=(deep, named), request='GET /' * 50,
                        age=1)], 0)
    lines = stacks.to_text(dump).splitlines()
    assert max(map(len, lines)) == 80
    assert lines[-2].startswith(u'    ...very/very') or u'...' in lines[-2]
    assert lines[-2].endswith(u'/long.py:0 f')
    assert lines[-1].startswith(u'    /srv/app.py:1 fff')
    assert lines[-1].endswith(u'fff...')


def test_threads_of_one_pool_are_told_apart():
    names = [u'importer-of-all-documents-in-the-archive_%d' % number
             for number in (12, 13)]
    text = stacks.to_text(Dump([thread(name, 140468783269568, 4711)
                                for name in names], 0))
    assert u'archive_12, ident' in text and u'archive_13, ident' in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize('length, native_id, expected', [
    (40, None, [u'  %s, ident 123456789, not moved for 2.0 s' % (40 * u't')]),
    (41, None, [u'  %s, ident 123456789' % (41 * u't'),
                u'    not moved for 2.0 s']),
    (90, 4711, [u'  %s...%s, ident 123456789, native 4711' % (
        15 * u't', 30 * u't'),
                u'    not moved for 2.0 s'])])
def test_a_long_name_does_not_hide_that_the_thread_has_not_moved(
        length, native_id, expected):
    dump = Dump([thread('t' * length, 123456789, native_id, unmoved=2)], 0)
    lines = stacks.to_text(dump).splitlines()
    assert lines[3:-2] == expected
    assert max(map(len, lines)) <= 80


def test_json():
    made = json.loads(stacks.as_json(Dump([
        thread('w-0', 1, 10, request='GET /a', age=3.21234, unmoved=0.5),
        thread(b'\xff', 2)], 4)))
    assert made['omitted_threads'] == 4
    assert made['threads'][0] == {
        'name': 'w-0', 'ident': 1, 'native_id': 10, 'role': 'worker',
        'state': 'running', 'request': 'GET /a', 'request_path': None,
        'request_age_seconds': 3.212, 'unmoved_seconds': 0.5, 'cut': False,
        'stack': [list(OUTER), list(INNER)]}
    second = made['threads'][1]
    assert sorted(second) == sorted(made['threads'][0])
    assert second['name'] == u'\ufffd'
    assert (second['request'], second['native_id'],
            second['unmoved_seconds']) == (None, None, None)


def test_collapsed():
    odd = ('/a;b.py', None, '<lambda>')
    dump = Dump([thread('w;1'), thread('w;1', 2), thread('x', stack=[odd]),
                 thread('nothing', stack=[])], 0)
    assert stacks.to_collapsed(dump) == (
        u'nothing 1\n'
        u'w:1;run (waitress/task.py:84);work (/srv/app.py:30) 2\n'
        u'x;<lambda> (/a:b.py:0) 1\n')


def test_speedscope():
    odd = ('/srv/app.py', None, 'work')
    made = json.loads(stacks.to_speedscope(Dump(
        [thread('a'), thread('b', stack=[OUTER, odd, OUTER])], 0)))
    assert made['$schema'] == (
        'https://www.speedscope.app/file-format-schema.json')
    assert made['shared'] == {'frames': [
        {'name': 'run', 'file': OUTER[0], 'line': 84},
        {'name': 'work', 'file': INNER[0], 'line': 30},
        {'name': 'work', 'file': INNER[0]}]}
    assert made['profiles'] == [
        {'type': 'sampled', 'name': 'a (running)', 'unit': 'none',
         'startValue': 0, 'endValue': 1, 'samples': [[0, 1]], 'weights': [1]},
        {'type': 'sampled', 'name': 'b (running)', 'unit': 'none',
         'startValue': 0, 'endValue': 1, 'samples': [[0, 2, 0]],
         'weights': [1]}]
    assert made['activeProfileIndex'] == 0


@pytest.mark.parametrize('make', FORMATS, ids=lambda make: make.__name__)
def test_no_threads(make):
    assert isinstance(make(Dump([], 0)), text_type)


SECRET = 'hunter2' + 'correcthorse'


@pytest.mark.parametrize('make', FORMATS, ids=lambda make: make.__name__)
def test_no_value_of_a_variable_is_shown(make):
    ready, leave = threading.Event(), threading.Event()

    def seeded(argument, *rest, **keywords):
        password = argument[::-1][::-1]
        ready.set()
        leave.wait(LONG)
        return password

    work = threading.Thread(target=seeded, args=(SECRET, SECRET),
                            kwargs={'token': SECRET})
    work.start()
    try:
        assert ready.wait(LONG)
        made = make(collect(describe={
            work.ident: Description('worker', 'GET /path', 1.0)}))
    finally:
        leave.set()
        work.join(LONG)
    # The thread is there, so its variables could be.
    assert 'seeded' in made
    assert SECRET not in made
    assert SECRET[:7] not in made
