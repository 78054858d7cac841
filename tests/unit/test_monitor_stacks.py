"""monitor.stacks: a dump of threads as text, JSON, collapsed, speedscope."""
from __future__ import absolute_import, division, print_function

import json
import threading

import pytest

from Products.ZServerViews._compat import text_type
from Products.ZServerViews.monitor import stacks
from Products.ZServerViews.monitor.threads import (
    Description, Dump, Thread, collect)

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
3 threads, 2 different stacks

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
    assert lines[:3] == [u'67 threads, 1 different stacks',
                         u'7 other threads are not shown', u'']
    assert lines[3] == u'60 threads, worker, running'
    assert lines[4 + stacks.NAMES:] == [
        u'  and 10 more', u'    (the frames outside these are not shown)',
        u'    waitress/task.py:84 run', u'    /srv/app.py:30 work']


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


@pytest.mark.parametrize('length, native_id, expected', [
    (40, None, [u'  %s, ident 123456789, not moved for 2.0 s' % (40 * u't')]),
    (41, None, [u'  %s, ident 123456789' % (41 * u't'),
                u'    not moved for 2.0 s']),
    (90, 4711, [u'  %s..., ident 123456789, native 4711' % (45 * u't'),
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
        'state': 'running', 'request': 'GET /a',
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
