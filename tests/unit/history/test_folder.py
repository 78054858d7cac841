from __future__ import absolute_import, division, print_function

import errno
import fcntl
import os
import subprocess
import sys

import pytest

from Products.ZServerViews.history import folder

MIB = 1024 * 1024
NOW = 1790000000.0
FULL = folder.segment_size(16 * MIB)
# Opens a segment of a process, says so, and holds it until its input ends.
HOLD = '''
import sys
from Products.ZServerViews.history import folder
path, fd = folder.opened(%r, 'zope1', %r, 1)
sys.stdout.write('x')
sys.stdout.flush()
sys.stdin.read()
'''


@pytest.fixture
def hold(tmpdir):
    """A function: another process writes the first segment of a process."""
    children = []

    def hold_one(process):
        child = subprocess.Popen(
            [sys.executable, '-c', HOLD % (str(tmpdir), process)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        children.append(child)
        assert child.stdout.read(1) == b'x'
        return child

    yield hold_one
    for child in children:
        if child.poll() is None:
            child.kill()
        child.communicate()


def put(tmpdir, process, number, size, age, instance='zope1'):
    file = tmpdir.join('%s-%s-%06d.record' % (instance, process, number))
    file.write('x' * size)
    file.setmtime(NOW - age)


def token(number):
    return '20261127T0312%02dZ-%d-9c3e' % (number, 4000 + number)


def names(tmpdir):
    return [(file.process, file.number) for file in folder.files(str(tmpdir))]


def test_the_name_of_a_process():
    first, second = [folder.new_process(1796008327.9, 4711) for _ in range(2)]
    assert first.startswith('20261130T031207Z-4711-')
    assert first != second or first != folder.new_process(1796008327.9, 4711)


@pytest.mark.parametrize('name, expected', [
    ('zope1', 'zope1'), ('zope-1 \xe4/..', 'zope_1_%s_..' % ('_' * len('\xe4'))),
    ('', '_'), ('..', '_.'), ('x' * 99, 'x' * 60)])
def test_the_name_of_an_instance(name, expected):
    assert folder.plain(name) == expected


@pytest.mark.parametrize('limit, expected', [
    (MIB, 64 * 1024), (16 * MIB, 256 * 1024), (64 * MIB, MIB), (1024 * MIB, MIB)])
def test_the_size_of_a_segment(limit, expected):
    assert folder.segment_size(limit) == expected


def test_the_files_of_a_folder(tmpdir):
    put(tmpdir, token(2), 1, 10, 0)
    put(tmpdir, token(1), 2, 20, 5)
    put(tmpdir, token(1), 1, 30, 6)
    put(tmpdir, token(1), 1, 40, 6, instance='zope2')
    for other in ('zope1.record', 'notes.txt', '.zope1-%s-000001.record' % token(1)):
        tmpdir.join(other).write('x')
    found = folder.files(str(tmpdir))
    assert [(file.instance, file.pid, file.number, file.size, file.changed)
            for file in found] == [
        ('zope1', 4001, 1, 30, NOW - 6), ('zope1', 4001, 2, 20, NOW - 5),
        ('zope1', 4002, 1, 10, NOW), ('zope2', 4001, 1, 40, NOW - 6)]
    assert len(folder.files(str(tmpdir), 'zope2')) == 1
    assert folder.last_of_each(found[:3]) == {token(1): found[1], token(2): found[2]}


def test_a_new_segment_is_its_owners_alone(tmpdir):
    path, fd = folder.opened(str(tmpdir), 'zope1', token(1), 1)
    assert os.fstat(fd).st_mode & 0o777 == 0o600
    assert fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    os.close(fd)
    with pytest.raises(EnvironmentError) as raised:
        folder.opened(str(tmpdir), 'zope1', token(1), 1)
    assert raised.value.errno == errno.EEXIST


def test_nothing_is_followed_elsewhere(tmpdir):
    tmpdir.join('zope1-%s-000001.record' % token(1)).mksymlinkto('elsewhere')
    with pytest.raises(EnvironmentError):
        folder.opened(str(tmpdir), 'zope1', token(1), 1)
    assert not tmpdir.join('elsewhere').check()


def test_who_writes_is_seen_until_he_is_killed(tmpdir, hold):
    child = hold(token(1))
    put(tmpdir, token(1), 1, 10, 100)
    [file] = folder.files(str(tmpdir))
    assert folder.is_written(file, NOW)
    child.kill()
    child.wait()
    assert not folder.is_written(file, NOW)


def test_a_file_that_is_just_being_made(tmpdir):
    put(tmpdir, token(1), 1, 0, 0)
    [file] = folder.files(str(tmpdir))
    assert folder.is_written(file, NOW)
    assert not folder.is_written(file, NOW + folder.BEING_MADE)


def test_where_nothing_can_be_locked(tmpdir, monkeypatch):
    def no_locks(fd, how):
        raise OSError(errno.ENOLCK, 'No locks available')

    monkeypatch.setattr(folder.fcntl, 'lockf', no_locks)
    path, fd = folder.opened(str(tmpdir), 'zope1', token(1), 1)
    os.close(fd)
    put(tmpdir, token(1), 1, 10, 100)
    [file] = folder.files(str(tmpdir))
    assert folder.is_written(file, NOW)
    assert not folder.is_written(file, NOW + folder.SILENT)


def test_a_file_that_cannot_be_locked_is_not_left(tmpdir, monkeypatch):
    def fails(fd, how):
        raise OSError(errno.EIO, 'Input/output error')

    monkeypatch.setattr(folder.fcntl, 'lockf', fails)
    with pytest.raises(EnvironmentError):
        folder.opened(str(tmpdir), 'zope1', token(1), 1)
    assert tmpdir.listdir() == []


def test_what_has_a_time_in_the_future_goes_first(tmpdir):
    # The clock was set back: else all that is new would go before that.
    for number in range(1, 8):
        put(tmpdir, token(1), number, MIB, -86400 * number)
    put(tmpdir, token(2), 1, MIB, 100)
    put(tmpdir, token(3), 1, 0, 0)
    folder.make_room(str(tmpdir), 'zope1', token(3), 4 * MIB, NOW)
    left = [(file.process, file.number) for file in folder.files(str(tmpdir))]
    assert (token(2), 1) in left and (token(3), 1) in left
    assert len(left) == 4


def test_the_oldest_go(tmpdir):
    # The numbers do not say it: who writes seldom has old files.
    put(tmpdir, token(1), 1, 7 * MIB, 900)
    put(tmpdir, token(1), 2, 4 * MIB, 100)
    put(tmpdir, token(2), 1, 4 * MIB, 500)
    put(tmpdir, token(2), 2, 4 * MIB, 50)
    put(tmpdir, token(2), 1, 16 * MIB, 50, instance='zope2')
    put(tmpdir, token(3), 1, 0, 0)
    folder.make_room(str(tmpdir), 'zope1', token(3), 16 * MIB, NOW)
    assert names(tmpdir) == [(token(1), 2), (token(2), 1), (token(2), 2),
                             (token(3), 1), (token(2), 1)]
    # A new file counts as if it were full.
    put(tmpdir, token(1), 2, 8 * MIB - FULL + 1, 100)
    folder.make_room(str(tmpdir), 'zope1', token(3), 16 * MIB, NOW)
    assert (token(2), 1) not in names(tmpdir)[:3]


def test_what_others_write_stays_and_their_share_too(tmpdir, hold):
    hold(token(1))
    put(tmpdir, token(1), 2, 7 * MIB, 900)
    os.rename(str(tmpdir.join('zope1-%s-000001.record' % token(1))),
              str(tmpdir.join('zope1-%s-000009.record' % token(1))))
    put(tmpdir, token(2), 1, 6 * MIB, 100)
    put(tmpdir, token(2), 2, 6 * MIB, 90)
    put(tmpdir, token(2), 3, 0, 0)
    folder.make_room(str(tmpdir), 'zope1', token(2), 16 * MIB, NOW)
    # Its own, though the other's is older.
    assert names(tmpdir) == [(token(1), 2), (token(1), 9), (token(2), 2),
                             (token(2), 3)]
    # Beyond the share, the older one goes.
    put(tmpdir, token(1), 2, 9 * MIB, 900)
    folder.make_room(str(tmpdir), 'zope1', token(2), 15 * MIB, NOW)
    assert names(tmpdir) == [(token(1), 9), (token(2), 2), (token(2), 3)]


def test_more_processes_than_have_room(tmpdir, hold):
    for number in (1, 2):
        hold(token(number))
    path, fd = folder.opened(str(tmpdir), 'zope1', token(3), 1)
    with pytest.raises(folder.NoRoom) as raised:
        folder.make_room(str(tmpdir), 'zope1', token(3), 3 * 64 * 1024 - 1, NOW)
    os.close(fd)
    assert '3 processes write there' in str(raised.value)
    assert 'record-size' in str(raised.value)


def test_a_file_that_another_process_has_deleted_just_now(tmpdir, monkeypatch):
    put(tmpdir, token(1), 1, MIB, 10)
    put(tmpdir, token(2), 1, 0, 0)
    unlink = os.unlink

    def twice(path):
        unlink(path)
        unlink(path)

    monkeypatch.setattr(folder.os, 'unlink', twice)
    folder.make_room(str(tmpdir), 'zope1', token(2), MIB, NOW)
    assert names(tmpdir) == [(token(2), 1)]
