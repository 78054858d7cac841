from __future__ import absolute_import, division, print_function

import errno
import os
import subprocess
import sys
import threading

import pytest

from Products.ZServerViews.history import disk, disk_writing, folder
from Products.ZServerViews.history.disk import FAILED, FULL, UNFIT, Disk
from Products.ZServerViews.history.disk_file import DiskFile, DiskFiles
from Products.ZServerViews.history.segments import read
from Products.ZServerViews.history.stack_table import StackTable
from tests.waiting import LONG, awaited

MIB = 1024 * 1024


class Log(list):
    def __call__(self, level, message, *args):
        self.append(message % args)


class Clock(object):
    now = 100.0

    def __call__(self):
        return self.now


class Maker(object):
    """Files whose ``write`` is the test's."""

    def __init__(self, write):
        self._write = write

    def __call__(self, *args):
        self._files = DiskFiles(*args)
        return self

    def next(self):
        file = self._files.next()
        return DiskFile(file._path, file._fd, self._write)


@pytest.fixture
def make(tmpdir):
    made = []

    def make_disk(**kw):
        made.append(Disk(str(tmpdir), 'zope1', kw.pop('limit', 64 * MIB), Log(),
                         gather=0, **kw))
        return made[-1]

    yield make_disk
    for one in made:
        one.stop()


def look(second, stack=None, text=''):
    return {'kind': 'look', 'time': 1790000000.0 + second, 'text': text,
            'workers': [['waitress-0', 1, '/a', 'computing', stack, 0.5]]}


END = {'kind': 'end', 'time': 1790000999.0}


def segments_of(tmpdir):
    found = []
    for file in folder.files(str(tmpdir)):
        with open(file.path, 'rb') as data:
            found.append(read(data.read()))
    return found


def records_of(tmpdir):
    return sum((segment.records for segment in segments_of(tmpdir)), [])


def written(a_disk):
    return awaited(lambda: not a_disk.document()['waiting_bytes'])


def stop(a_disk):
    a_disk.add(END, StackTable())
    assert not a_disk._daemon.runs or awaited(lambda: not a_disk._daemon.runs)


def test_what_is_added_is_in_a_file_with_its_stacks(tmpdir, make):
    table = StackTable()
    stack = table.intern([('run', 'a.py', 1), ('f', 'b.py', 2)])
    one = make()
    looks = [{'kind': 'start', 'time': 1.0, 'python': '3.99'}] + [
        look(second, stack) for second in range(5)]
    for record in looks:
        one.add(record, table)
    written(one)
    [segment] = segments_of(tmpdir)
    assert segment.records == looks
    assert segment.stacks == {stack: [['run', 'a.py', 1], ['f', 'b.py', 2]]}
    assert segment.header['start'] == looks[0]
    assert segment.header['pid'] == os.getpid()
    assert segment.header['instance'] == 'zope1'
    assert (segment.header['lost'], segment.header['why']) == (0, [])
    [file] = folder.files(str(tmpdir))
    assert os.stat(file.path).st_mode & 0o777 == 0o600
    assert one.document() == {
        'folder': str(tmpdir), 'limit_bytes': 64 * MIB,
        'written_bytes': file.size, 'waiting_bytes': 0, 'hanging_seconds': 0.0,
        'error': None, 'lost': {}}
    assert one._log == []


def test_nothing_is_started_before_the_first_record(tmpdir, make):
    assert not make()._daemon.runs
    assert tmpdir.listdir() == []


def test_the_last_record_of_the_process(tmpdir, make, monkeypatch):
    monkeypatch.setattr(disk, 'AT_END', LONG)
    one = make()
    one.add(look(1), None)
    one.add(END, None)
    # Without waiting: it has been waited for.
    assert records_of(tmpdir) == [look(1), END]
    one.add(look(2), None)
    awaited(lambda: not one._daemon.runs)
    assert records_of(tmpdir) == [look(1), END]


def test_an_incident_and_the_end_outlive_a_loss_of_power(tmpdir, make, monkeypatch):
    one, synced = make(), []

    def note(file):
        # The thread of a test before may write its end at this moment.
        if file._path.startswith(str(tmpdir)):
            synced.append(file)

    monkeypatch.setattr(DiskFile, 'sync', note)
    one.add(look(1), None)
    written(one)
    assert synced == []
    one.add({'kind': 'incident', 'time': 1.0}, None)
    written(one)
    assert len(synced) == 1
    one.add(END, None)
    assert len(synced) == 2


def test_it_is_stopped_while_the_process_goes_on(tmpdir, make):
    one = make()
    one.add(look(1), None)
    one.stop()
    awaited(lambda: not one._daemon.runs)
    assert [record['kind'] for record in records_of(tmpdir)] == ['look', 'end']
    one.add(look(2), None)
    one.stop()
    assert len(records_of(tmpdir)) == 2


def test_each_segment_says_how_the_process_started(tmpdir, make):
    start = {'kind': 'start', 'time': 1.0, 'python': '3.99'}
    one = make(limit=MIB)
    one.add(start, None)
    for second in range(99):
        one.add(look(second, text=u'x' * 900), None)
    written(one)
    assert [segment.header['start'] for segment in segments_of(tmpdir)] == [start] * 2


def test_each_segment_needs_no_other_and_all_stay_below_the_limit(tmpdir, make):
    table = StackTable()
    stack = table.intern([('f', 'b.py', 2)])
    one = make(limit=MIB)
    for second in range(3000):
        one.add(look(second, stack, text=u'x' * 900), table)
        if not second % 50:
            written(one)
            assert sum(file.size for file in folder.files(str(tmpdir))) <= MIB
    written(one)
    found = segments_of(tmpdir)
    assert 10 < len(found) <= 16
    assert all(segment.stacks == {stack: [['f', 'b.py', 2]]} for segment in found)
    assert max(file.size for file in folder.files(str(tmpdir))) <= 64 * 1024
    # The oldest have gone; of the others none is missing.
    seconds = [record['time'] - 1790000000.0 for record in records_of(tmpdir)]
    assert seconds == list(range(int(seconds[0]), 3000))
    assert len(seconds) > 800
    assert one.lost() == {}


class FullDisk(object):
    """Has room for so many bytes."""

    def __init__(self, room):
        self.room = room

    def write(self, fd, data):
        done = os.write(fd, data[:self.room]) if self.room else 0
        self.room -= done
        if not done:
            raise OSError(errno.ENOSPC, 'No space left on device')
        return done


def test_a_full_disk(tmpdir, make):
    full, clock = FullDisk(MIB), Clock()
    one = make(make_files=Maker(full.write), clock=clock)
    one.add(look(0), None)
    written(one)
    full.room = 10
    for second in range(1, 4):
        one.add(look(second), None)
        written(one)
    assert one.lost() == {FAILED: 3}
    assert one.document()['error'] == 'No space left on device'
    # Nothing torn, and no empty file.
    [segment] = segments_of(tmpdir)
    assert (segment.records, segment.torn) == ([look(0)], 0)
    full.room = MIB
    # Not yet, but after a pause.
    one.add(look(4), None)
    written(one)
    assert one.lost() == {FAILED: 4}
    clock.now += disk_writing.AGAIN
    one.add(look(5), None)
    one.add(look(6), None)
    written(one)
    first, second = segments_of(tmpdir)
    assert second.records == [look(5), look(6)]
    assert (second.header['lost'], second.header['why']) == (4, [FAILED])
    assert one.document()['error'] is None
    assert [line.split(':')[0] for line in one._log] == [
        'Records cannot be written into %s' % tmpdir,
        'Records are written into %s again; 4 have been lost since the process '
        'started' % tmpdir]
    assert 'No space left on device' in one._log[0]


def test_while_the_disk_is_full_the_process_is_seen_to_run(tmpdir, make):
    full, clock = FullDisk(MIB), Clock()
    one = make(make_files=Maker(full.write), clock=clock)
    one.add(dict(look(0), kind='start'), None)
    written(one)
    full.room = 0
    for second in range(1, 30):
        one.add(look(second), None)
        one.tick()
        written(one)
        clock.now += 1.0
        assert second % 10 or is_seen(tmpdir)
    full.room = MIB
    clock.now += 5.0
    one.add(look(30), None)
    written(one)
    assert is_seen(tmpdir)
    stop(one)
    assert not is_seen(tmpdir)
    assert [len(segment.records) for segment in segments_of(tmpdir)] == [1, 2]
    assert len(one._log) == 2


SEES = """
import sys, time
from Products.ZServerViews.history import folder
last = folder.files(sys.argv[1])[-1]
sys.exit(not folder.is_written(last, time.time() + 3600))
"""


def is_seen(tmpdir):
    """Whether another process finds that the last file is being written."""
    return not subprocess.call([sys.executable, '-c', SEES, str(tmpdir)])


@pytest.mark.parametrize('spoil', ['remove', 'move', 'write'])
def test_a_file_that_is_deleted_is_followed_by_another_one(tmpdir, make, spoil):
    clock, other = Clock(), tmpdir.mkdir('other')
    one = make(clock=clock)
    one.add(dict(look(0), kind='start'), None)
    written(one)

    def seconds_pass():
        for _second in range(6):
            clock.now += 1.0
            one.tick()

    for number in range(3):
        file = folder.files(str(tmpdir))[-1].path
        {'remove': os.remove, 'write': lambda path: open(path, 'w').close(),
         'move': lambda path: os.rename(path, str(other.join('%d' % number)))}[
            spoil](file)
        before = one._seen
        awaited(lambda: seconds_pass() or one._seen != before)
        # Though nothing has been recorded.
        awaited(lambda: [segment for segment in segments_of(tmpdir)[-1:]
                         if segment.header])
        assert folder.files(str(tmpdir))[-1].path > file
    one.add(look(2), None)
    written(one)
    assert records_of(tmpdir) == [look(2)]
    assert one.lost() == {}
    [line] = one._log
    assert line.startswith('A file of records in %s was deleted, moved or' % tmpdir)


def test_a_folder_that_is_deleted_and_made_again(tmpdir, make):
    clock, inner = Clock(), tmpdir.mkdir('inner')
    one = make(clock=clock)
    one.folder = one._writing._folder = str(inner)
    one.add(dict(look(0), kind='start'), None)
    written(one)
    inner.remove()

    def passes(second):
        clock.now += 1.0
        one.tick()
        one.add(look(second), None)
        return written(one)

    awaited(lambda: passes(1) and one.document()['error'])
    inner.ensure(dir=True)
    awaited(lambda: passes(2) and not one.document()['error'])
    assert records_of(inner)[-1] == look(2)
    assert 'No such file or directory' in one._log[1]
    assert len(one._log) == 3


def test_on_a_full_disk_the_end_may_find_room_in_the_file_before(tmpdir, make):
    room = [MIB]

    def write(fd, data):
        if len(data) > room[0]:
            raise OSError(errno.ENOSPC, 'No space left on device')
        return os.write(fd, data)

    one = make(make_files=Maker(write), clock=Clock())
    one.add(look(0), None)
    written(one)
    room[0] = 100
    one.add(look(1), None)
    written(one)
    stop(one)
    assert records_of(tmpdir) == [look(0), END]


def test_the_end_is_tried_whatever_failed_before(tmpdir, make):
    full = FullDisk(0)
    one = make(make_files=Maker(full.write), clock=Clock())
    one.add(look(0), None)
    written(one)
    full.room = MIB
    one.add(END, None)
    assert records_of(tmpdir) == [END]
    assert segments_of(tmpdir)[0].header['lost'] == 1


def test_the_pauses_after_failures_grow(make):
    clock = Clock()
    one = make(make_files=Maker(FullDisk(0).write), clock=clock)
    for pause in (1, 2, 4, 5, 5):
        one.add(look(1), None)
        written(one)
        assert one._writing.not_before == clock.now + pause
        clock.now += pause


class HangingDisk(object):
    def __init__(self):
        self.answers = threading.Event()

    def write(self, fd, data):
        self.answers.wait()
        return os.write(fd, data)


def test_a_disk_that_hangs(tmpdir, make):
    hanging, clock = HangingDisk(), Clock()
    one = make(make_files=Maker(hanging.write), clock=clock)
    one.add(look(0), None)
    awaited(lambda: one._writing.waits_since)
    clock.now += 4.0
    one.add(look(1), None)
    assert one._log == []
    clock.now += 2.0
    text = u'x' * 10000
    for second in range(2, 200):
        one.add(look(second, text=text), None)
    lost = one.lost()[FULL]
    assert 80 < lost < 120
    document = one.document()
    assert document['hanging_seconds'] == 6.0
    assert MIB <= document['waiting_bytes'] < MIB + 11000
    [line] = one._log
    assert line.startswith('The disk of %s has not answered for 6 s' % tmpdir)
    hanging.answers.set()
    written(one)
    one.add(look(200), None)
    written(one)
    last = segments_of(tmpdir)[-1]
    assert last.records == [look(200)]
    assert last.header['lost'] == lost
    assert len(records_of(tmpdir)) == 201 - lost
    assert records_of(tmpdir)[:2] == [look(0), look(1)]
    assert one.document()['hanging_seconds'] == 0.0


def test_what_is_no_record_is_counted_and_told_once(tmpdir, make):
    one = make()
    for _time in range(2):
        one.add({'kind': 'odd', 'time': 1.0, 'value': object()}, None)
    one.add({'kind': 'odd', 'time': 1.0, 'value': u'x' * 2 * MIB}, None)
    one.add(look(1), None)
    written(one)
    assert one.lost() == {UNFIT: 3}
    [line] = one._log
    assert line.startswith("A record is not in the files: a record of the kind 'odd'")
    assert records_of(tmpdir) == [look(1)]


def test_a_record_that_is_longer_than_a_file_of_this_size(tmpdir, make):
    one = make(limit=MIB)
    one.add({'kind': 'odd', 'time': 1.0, 'value': u'x' * 70000}, None)
    one.add(look(1), None)
    written(one)
    assert one.lost() == {UNFIT: 1}
    assert records_of(tmpdir) == [look(1)]


def test_a_folder_that_goes(tmpdir, make):
    clock = Clock()
    inner = tmpdir.mkdir('inner')
    one = make(clock=clock)
    one.folder = str(inner)
    one.add(look(0), None)
    written(one)
    inner.remove()
    # Who writes does not see it; the next file does.
    one._writing.failures += 1
    one.add(look(1), None)
    written(one)
    assert one.lost() == {FAILED: 1}
    assert 'No such file or directory' in one._log[0]


def test_a_forked_child_has_files_of_its_own(tmpdir, make):
    one = make()
    one.add(look(0), None)
    written(one)
    pid = os.fork()
    if not pid:
        try:
            one.add(look(1), None)
            one.add(END, None)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    one.add(look(2), None)
    written(one)
    found = dict((segment.header['pid'], segment) for segment in segments_of(tmpdir))
    assert set(found) == {os.getpid(), pid}
    assert found[os.getpid()].records == [look(0), look(2)]
    assert found[pid].records == [look(1), END]


def test_interrupted_calls_and_short_ones(tmpdir):
    said = []

    def write(fd, data):
        said.append(data)
        if len(said) == 1:
            raise OSError(errno.EINTR, 'Interrupted system call')
        return os.write(fd, data[:3])

    path = str(tmpdir.join('file'))
    file = DiskFile(path, os.open(path, os.O_WRONLY | os.O_CREAT), write)
    file.write(b'abcdefgh')
    file.close()
    assert tmpdir.join('file').read() == 'abcdefgh'
    assert len(said) == 4


def test_a_file_that_somebody_has_deleted_is_closed(tmpdir):
    path = str(tmpdir.join('file'))
    fd = os.open(path, os.O_CREAT | os.O_WRONLY)
    os.unlink(path)
    with pytest.raises(EnvironmentError):
        DiskFile(path, fd).close()
    with pytest.raises(EnvironmentError):
        os.fstat(fd)
