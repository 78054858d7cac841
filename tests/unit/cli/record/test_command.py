"""The command over files that a Disk has written."""
from __future__ import absolute_import, division, print_function

import errno
import gzip
import io
import json
import os
import subprocess
import sys

import pytest

from Products.ZServerViews.cli import __main__ as program
from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.commands import parser
from Products.ZServerViews.cli.record import left
from Products.ZServerViews.cli.record.command import record
from Products.ZServerViews.format.profiles.formats import FORMATS
from Products.ZServerViews.history import folder, segments
from Products.ZServerViews.history.disk import Disk
from Products.ZServerViews.history.stack_table import StackTable

NOW = 1796008327.0  # 2026-11-30 03:12:07Z
MIB = 1024 * 1024
FRAMES = [('run', 'server.py', 10), ('__call__', 'report.py', 312)]
# Writes for ever, and says so.
WRITE = '''
import sys, time
from Products.ZServerViews.history.disk import Disk
disk = Disk(%r, 'zope1', 2 ** 26, None, gather=0)
disk.add({'kind': 'gap', 'time': %r, 'seconds': 1.0}, None)
while disk.document()['waiting_bytes']:
    time.sleep(0.01)
sys.stdout.write('x')
sys.stdout.flush()
sys.stdin.read()
'''


def look(seconds, stack, path=u'/report', **kw):
    return dict({
        'kind': 'look', 'time': NOW + seconds, 'late': 0.0, 'interval': 1.0,
        'in_work': 1, 'waiting': 12, 'oldest_wait': 3.25, 'queue': [], 'lag': 0.0,
        'rss': (1900 + 100 * seconds) * MIB,
        'workers': [[u'waitress-0', 7, path, u'computing', stack, 14.2]]}, **kw)


def write(tmpdir, name='zope1', count=3, ends=False, **kw):
    table = StackTable()
    stack = table.intern(FRAMES)
    disk = Disk(str(tmpdir), name, 64 * MIB, lambda *said: None, gather=0)
    for second in range(count):
        disk.add(look(second, stack, **kw), table)
    if ends:
        disk.add({'kind': 'end', 'time': NOW + count}, table)
    else:
        disk._finish()  # as much as SIGKILL does
        disk._done.wait()


def ask(*words):
    """(exit code, text, what was told)"""
    output, told = io.BytesIO(), []
    given = parser().parse_args(['record'] + [str(word) for word in words])
    return record(given, output, told.append), output.getvalue().decode('utf-8'), told


def rows(text):
    """The words of each line of the table."""
    return [line.split() for line in text.split('\n\n')[0].splitlines()[1:]]


def test_how_each_process_ended(tmpdir):
    write(tmpdir, 'zope1')
    write(tmpdir, 'zope2', ends=True)
    child = subprocess.Popen([sys.executable, '-c', WRITE % (str(tmpdir), NOW)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout.read(1) == b'x'
    code, text, told = ask(tmpdir)
    child.kill()
    child.communicate()
    found = dict(((row[0], int(row[1])), row) for row in rows(text))
    killed = found['zope1', os.getpid()]
    assert killed[2:8] == ['2026-11-30', '03:12:07Z', '2026-11-30', '03:12:09Z',
                           '3', '0']
    assert killed[8] != '0' and killed[-3:] == ['0', 'B', 'killed']
    assert found['zope2', os.getpid()][-1] == 'ended'
    assert found['zope1', child.pid][-1] == 'runs'
    assert (code, told, len(found)) == (0, [], 3)
    text = ask(tmpdir)[1]
    assert text.count('was killed, or its machine went down') == 2


@pytest.fixture
def child(tmpdir):
    """One that writes, for ever."""
    process = subprocess.Popen([sys.executable, '-c', WRITE % (str(tmpdir), NOW)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.read(1) == b'x'
    yield process
    process.kill()
    process.communicate()


def test_a_process_that_begins_another_file_while_it_is_looked_at(
        tmpdir, child, monkeypatch):
    [file] = folder.files(str(tmpdir))
    other = file.path.replace('-000001.', '-000000.')
    with open(file.path, 'rb') as source, open(other, 'wb') as target:
        target.write(source.read())
    listed = [found for found in folder.files(str(tmpdir)) if found.number == 0]
    now = [listed, folder.files(str(tmpdir))]
    monkeypatch.setattr(left, 'files', lambda *args: now.pop(0))
    assert [row[-1] for row in rows(ask(tmpdir)[1])] == ['runs']


def test_a_file_that_has_gone_since_it_was_listed(tmpdir, child, monkeypatch):
    [file] = folder.files(str(tmpdir))
    gone = folder.File(file.path, file.instance, file.process, 2)
    gone.path = file.path.replace('-000001.', '-000002.')
    monkeypatch.setattr(left, 'files', lambda *args: [file, gone])
    code, text, told = ask(tmpdir)
    assert [row[-1] for row in rows(text)] == ['runs']
    assert told == []


def test_what_was_in_work_when_it_was_killed(tmpdir):
    write(tmpdir)
    _code, text, _told = ask(tmpdir)
    assert text.split('\n\n')[1] == '''\
process %d of zope1 was killed, or its machine went down; at the last look, \
2026-11-30 03:12:09Z:
  resident memory 2.1 GiB, 200.0 MiB more than 2.0 s before
  1 in work, 12 waiting, the oldest for 3.2 s
  waitress-0  14.2 s  computing  /report
      server.py:10 run
      report.py:312 __call__
''' % os.getpid()


def test_a_process_that_was_killed_inside_an_incident(tmpdir):
    # There looks are at the slow requests only; one at all workers tells more.
    disk = Disk(str(tmpdir), 'zope1', 64 * MIB, None, gather=0)
    rows = [[u'waitress-%d' % number, number, u'/report', u'computing', None, 14.2]
            for number in range(3)]
    fine = {'kind': 'look', 'late': 0.0, 'interval': 0.05, 'workers': rows[:1]}
    disk.add(look(0, None, workers=rows, in_work=3), StackTable())
    for step in range(1, 19):
        disk.add(dict(fine, time=NOW + 0.05 * step), StackTable())
    disk._finish()
    disk._done.wait()
    text = ask(tmpdir)[1]
    assert 'resident memory 1.9 GiB\n' in text
    assert '3 in work, 12 waiting' in text
    assert text.count('computing  /report') == 3


def test_a_later_look_at_slow_requests_tells_more_than_an_old_one(tmpdir):
    disk = Disk(str(tmpdir), 'zope1', 64 * MIB, None, gather=0)
    disk.add(look(0, None, path=u'/old'), StackTable())
    disk.add(look(1, None, path=u'/old'), StackTable())
    disk.add({'kind': 'look', 'late': 0.0, 'interval': 0.05, 'time': NOW + 9,
              'workers': [[u'w', 7, u'/new', u'computing', None, 0.7]]}, StackTable())
    disk._finish()
    disk._done.wait()
    text = ask(tmpdir)[1]
    assert 'computing  /new' in text and '/old' not in text
    assert 'resident memory 2.0 GiB, 100.0 MiB more than 1.0 s before\n' in text


def test_since_when_it_is_asked_for_an_older_process_was_gone(tmpdir):
    write(tmpdir, 'zope1')
    disk = Disk(str(tmpdir), 'zope2', 64 * MIB, None, gather=0)
    for second in range(60, 63):
        disk.add(look(second, None), StackTable())
    disk._finish()
    disk._done.wait()
    code, text, told = ask(tmpdir, '--from', '%d' % (NOW + 60))
    assert (code, told) == (0, [])
    assert 'of zope2: killed\n' in text and 'zope1' not in text


def test_what_has_an_orderly_end_needs_no_last_look(tmpdir):
    write(tmpdir, ends=True)
    assert 'waitress-0' not in ask(tmpdir)[1]


def test_a_process_that_was_killed_while_nothing_was_in_work(tmpdir):
    disk = Disk(str(tmpdir), 'zope1', 64 * MIB, None, gather=0)
    disk.add({'kind': 'gap', 'time': NOW, 'seconds': 1.0}, None)
    disk._finish()
    disk._done.wait()
    assert ''' was killed, or its machine went down; its last record is of 2026-11-30 03:12:07Z:
  resident memory -
  no worker had been busy for over a second
''' in ask(tmpdir)[1]


def test_a_process_that_was_killed_long_after_a_worker_was_busy(tmpdir):
    disk = Disk(str(tmpdir), 'zope1', 64 * MIB, None, gather=0)
    for second in range(3):
        disk.add(look(second, None, path=u'/old'), StackTable())
    for minute in range(1, 11):
        disk.add({'kind': 'minute', 'time': NOW + 60.02 * minute, 'seconds': 60.02,
                  'rss': 500 * minute * MIB}, StackTable())
    disk._finish()
    disk._done.wait()
    assert ask(tmpdir)[1].split('\n\n')[1] == '''\
process %d of zope1 was killed, or its machine went down; its last record is of \
2026-11-30 03:22:07Z:
  resident memory 4.9 GiB, 500.0 MiB more than 1 min 0 s before
  no worker had been busy for over a second since 2026-11-30 03:12:09Z
''' % os.getpid()


def test_growth_is_of_a_minute_at_least_where_there_are_records(tmpdir):
    write(tmpdir, count=130)
    assert 'GiB, 5.9 GiB more than 1 min 0 s before' in ask(tmpdir)[1]


def test_when_the_clock_was_set_back_nothing_is_said_of_growth(tmpdir):
    disk = Disk(str(tmpdir), 'zope1', 64 * MIB, None, gather=0)
    for second in 3600, 0:
        disk.add(look(second, None, rss=MIB + second), StackTable())
    disk._finish()
    disk._done.wait()
    assert 'resident memory 1.0 MiB\n' in ask(tmpdir)[1]


def test_processes_with_the_same_number(tmpdir):
    # As in containers, where each is number 1.
    write(tmpdir)
    write(tmpdir, count=1, path=u'/other')
    first, second = sorted(file.process for file in folder.files(str(tmpdir)))
    text = ask(tmpdir)[1]
    assert text.split('\n\n')[1] == '''\
some have the same number; choose one by --process:
  %s  zope1
  %s  zope1''' % (first, second)
    for words in ('--at', '%d' % NOW), ('--pid', '%d' % os.getpid()):
        with pytest.raises(CannotRun) as caught:
            ask(tmpdir, '--format', 'json', *words)
        assert 'choose one by --process: %s, %s' % (first, second) in str(caught.value)
    for name in first, second:
        found = json.loads(ask(tmpdir, '--format', 'json', '--process', name)[1])
        [held] = found['held']
        [file] = [file for file in folder.files(str(tmpdir)) if file.process == name]
        with open(file.path) as source:
            assert '"%s"' % held['path'] in source.read()
        assert ask(tmpdir, '--process', name)[1].count('process ') == 1
    # A process has been found by the beginning of its name.
    assert ask(tmpdir, '--process', first[:16])[0] == 0
    code, text, told = ask(tmpdir, '--process', '1999')
    assert (code, text) == (1, '') and 'of that process;' in told[0]


def test_memory_that_was_given_back(tmpdir):
    write(tmpdir, rss=None)
    assert 'resident memory -\n' in ask(tmpdir)[1]
    write(tmpdir, 'zope2', rss=1)
    assert 'resident memory 1 B\n' in ask(tmpdir)[1]


def test_a_minute_of_a_process_that_is_gone(tmpdir):
    write(tmpdir)
    code, text, told = ask(tmpdir, '--at', '%d' % NOW)
    assert (code, told) == (0, [])
    assert text.startswith('process %d of zope1: killed\n' % os.getpid())
    for line in ('WHO HELD THE WORKERS\n', ' 16.7 s  waitress-0  /report\n',
                 'report.py:312 __call__\n', 'memory    2.1 GiB\n'):
        assert line in text, text
    # The same as the view's, of the last ten minutes.
    found = json.loads(ask(tmpdir, '--format', 'json', '--path', '/report')[1])
    assert found['to'] == NOW + 2 and found['from'] == NOW + 2 - 600
    [held] = found['held']
    assert held['stacks'][0]['stack'] == [list(frame) for frame in FRAMES]
    assert json.loads(ask(tmpdir, '--format', 'json', '--worker', 'other')[1])[
        'held'] == []


@pytest.mark.parametrize('name', sorted(FORMATS))
def test_a_profile_of_a_process_that_is_gone(tmpdir, name):
    write(tmpdir)
    output = io.BytesIO()
    given = parser().parse_args(['record', str(tmpdir), '--format', name])
    assert record(given, output, None) == 0
    data = output.getvalue()
    if name == 'pprof':
        data = gzip.GzipFile(fileobj=io.BytesIO(data)).read()
    assert b'report.py' in data and b'zope1' in data


def test_nothing_of_that_time(tmpdir):
    write(tmpdir)
    for words in (['--at', '2020-01-01T03:12Z'],
                  ['--from', '2020-01-01T03:12Z', '--to', '2020-01-01T03:13Z'],
                  ['--from', '%d' % (NOW + 9)]):
        code, text, told = ask(tmpdir, *words)
        assert (code, text) == (1, '')
        assert 'nothing is recorded of that time' in told[0]


def test_several_processes(tmpdir):
    write(tmpdir, 'zope1')
    write(tmpdir, 'zope2', ends=True)
    text = ask(tmpdir, '--at', '%d' % NOW)[1]
    assert 'of zope1: killed\n' in text and 'of zope2: ended\n' in text
    with pytest.raises(CannotRun) as caught:
        ask(tmpdir, '--at', '%d' % NOW, '--format', 'svg')
    assert 'choose one by --process: ' in str(caught.value)
    # Without a time it is the last one.
    assert 'of zope2: ended' in ask(tmpdir, '--worker', 'waitress-0')[1]


@pytest.mark.parametrize('words, remedy', [
    (['--at', 'yesterday'], '--at yesterday: write a time such as 03:12'),
    (['--at', '03:12', '--to', '03:13'], 'State either at, or from and to.'),
    (['--from', '%d' % (NOW + 9), '--to', '%d' % NOW], '"from" must be before "to"'),
])
def test_times_that_are_none(tmpdir, words, remedy):
    write(tmpdir)
    with pytest.raises(CannotRun) as caught:
        ask(tmpdir, *words)
    assert remedy in str(caught.value)


def test_who_started_it_is_known_when_the_first_file_is_gone(tmpdir):
    start = {'kind': 'start', 'time': NOW, 'pid': 4711, 'python': '3.99',
             'started': NOW, 'versions': {}}
    disk = Disk(str(tmpdir), 'zope1', MIB, lambda *said: None, gather=0)
    table = StackTable()
    disk.add(start, table)
    for second in range(200):
        disk.add(look(second, None, path=u'/' + u'x' * 900), table)
    disk._finish()
    disk._done.wait()
    os.unlink(folder.files(str(tmpdir))[0].path)
    found = json.loads(ask(tmpdir, '--format', 'json')[1])
    assert found['process']['python'] == '3.99'
    assert found['looks'] > 100


def test_one_file_under_another_name(tmpdir):
    write(tmpdir)
    [file] = folder.files(str(tmpdir))
    os.rename(file.path, str(tmpdir.join('a-copy')))
    code, text, told = ask(tmpdir.join('a-copy'))
    assert (code, told) == (0, [])
    assert rows(text)[0][:3] == ['zope1', str(os.getpid()), '2026-11-30']
    assert 'report.py:312 __call__' in text


def test_nothing_that_a_client_sent_reaches_the_terminal(tmpdir):
    write(tmpdir, path=u'/\x1b[2J\u202e')
    text = ask(tmpdir)[1]
    assert '\x1b' not in text and u'\u202e' not in text
    assert '/?[2J?' in text


def test_damage_is_told_and_the_rest_is_shown(tmpdir):
    write(tmpdir)
    [file] = folder.files(str(tmpdir))
    with open(file.path, 'r+b') as damaged:
        data = damaged.read()
        damaged.seek(data.index(b'"kind":"look"') + 2)
        damaged.write(b'!')
    code, text, told = ask(tmpdir)
    assert code == 0
    [line] = told
    assert line.startswith(os.path.basename(file.path) + ': ')
    assert 'bytes at 1 places are damaged, from byte' in line
    assert '2026-11-30 03:12:08Z  2026-11-30 03:12:09Z' in text


def test_a_file_of_something_else(tmpdir):
    tmpdir.join('notes').write('this is\nno file of the recorder\n')
    with pytest.raises(CannotRun) as caught:
        ask(tmpdir.join('notes'))
    assert 'notes is no file of the recorder; give the folder of' in str(caught.value)


def test_a_file_of_a_newer_version_is_refused_and_the_rest_is_shown(tmpdir):
    write(tmpdir, 'zope1')
    write(tmpdir, 'zope2')
    [file] = folder.files(str(tmpdir), 'zope1')
    with open(file.path, 'rb') as older:
        lines = older.read().split(b'\n')
    with open(file.path, 'wb') as newer:
        newer.write(b'zserverviews record 7\n'
                    + segments.framed({'kind': 'segment', 'version': 7})
                    + b'\n'.join(lines[2:]))
    code, text, told = ask(tmpdir)
    assert code == 0
    assert told == [
        '%s: it has version 7 of the format, and this is a program for version 1: it '
        'is not shown; read it by zserverviews of the version that has written it'
        % os.path.basename(file.path)]
    refused, shown = sorted(rows(text))
    assert refused[:2] == ['zope1', str(os.getpid())]
    assert refused[2:5] == ['-', '-', '0'] and refused[-2:] == ['not', 'read']
    assert shown[0] == 'zope2' and shown[-1] == 'killed'
    assert text.count('was killed, or its machine went down') == 1
    code, text, told = ask(tmpdir, '--at', '%d' % NOW)
    assert (code, len(told)) == (0, 1)
    assert 'of zope2: killed\n' in text and 'zope1' not in text


def test_files_that_may_not_be_read(tmpdir, child, monkeypatch):
    def read(data):
        raise EnvironmentError(errno.EACCES, 'Permission denied')

    monkeypatch.setattr(left, 'read', read)
    monkeypatch.setattr(left, 'is_written', lambda file, now: False)
    code, text, told = ask(tmpdir)
    assert text.endswith(' not read\n')
    [line] = told
    assert line.endswith('.record cannot be read: Permission denied')


@pytest.mark.parametrize('record', [
    {'kind': 'look', 'time': NOW}, {'kind': 'look', 'time': NOW, 'workers': 7},
    {'kind': 'error', 'time': NOW, 'class': [[]], 'place': None, 'count': 1}])
def test_records_that_are_whole_and_make_no_sense(tmpdir, record):
    tmpdir.join('some-file').write(segments.MAGIC + segments.framed(record), 'wb')
    with pytest.raises(CannotRun) as caught:
        ask(tmpdir.join('some-file'), '--at', '%d' % NOW, '--format', 'svg')
    assert 'records that this version does not understand' in str(caught.value)
    assert 'of the version that has written it' in str(caught.value)


def test_a_clock_that_was_set_back(tmpdir):
    disk = Disk(str(tmpdir), 'zope1', 64 * MIB, None, gather=0)
    for second in 86400, 0, 1, 2:
        disk.add(look(second, None), StackTable())
    disk._finish()
    disk._done.wait()
    code, text, told = ask(tmpdir, '--at', '%d' % NOW)
    assert (code, told) == (0, [])
    assert ' 16.7 s  waitress-0  /report' in text, text


def test_lost_records_are_counted(tmpdir):
    write(tmpdir)
    table = StackTable()
    disk = Disk(str(tmpdir), 'zope1', 64 * MIB, lambda *said: None, gather=0)
    disk.add({'kind': 'odd', 'time': NOW, 'value': object()}, table)
    disk.add(look(1, None), table)
    disk._finish()
    disk._done.wait()
    assert sorted(row[7] for row in rows(ask(tmpdir)[1])) == ['0', '1']


@pytest.mark.parametrize('name, words', [
    ('', 'has no file of the recorder; give the folder of the setting record'),
    ('none', 'cannot be read: No such file or directory')])
def test_nothing_to_read(tmpdir, name, words):
    with pytest.raises(CannotRun) as caught:
        ask(tmpdir.join(name))
    assert words in str(caught.value)
    assert program.main(['record', str(tmpdir.join(name))]) == 2


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='needs /dev/full')
def test_an_output_that_is_full(tmpdir):
    write(tmpdir)
    with open('/dev/full', 'wb') as full:
        process = subprocess.Popen(
            [sys.executable, '-m', 'Products.ZServerViews.cli', 'record', str(tmpdir)],
            stdout=full, stderr=subprocess.PIPE)
        told = process.communicate()[1].decode()
    assert told == ('zserverviews record cannot run: the output cannot be written: '
                    'No space left on device\n')
    assert process.returncode == 2


def test_a_process_that_is_none(tmpdir):
    write(tmpdir)
    for words, said in ((), 'process;'), (('--at', '%d' % NOW), 'time;'):
        code, text, told = ask(tmpdir, '--pid', '1', *words)
        assert (code, text) == (1, '')
        assert 'nothing is recorded of that ' + said in told[0]


def test_the_program(tmpdir, capfdbinary):
    write(tmpdir)
    assert program.main(['record', str(tmpdir)]) == 0
    assert b'report.py:312' in capfdbinary.readouterr().out
