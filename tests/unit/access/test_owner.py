"""Whose the peer's socket is: against the kernel, and against odd answers."""
from __future__ import absolute_import, division, print_function

import errno
import os
import socket
import struct
import subprocess
import sys

import pytest

from Products.ZServerViews.access import owner
from Products.ZServerViews.access.owner import (
    NOT_ASKED,
    OVERFLOW,
    STRANGER,
    Owners,
)

OTHER = 12345

on_linux = pytest.mark.skipif(not sys.platform.startswith('linux'),
                              reason='only Linux can be asked')

# A client of another user; connects, says so, and waits for the end.
CLIENT = """
import os, socket, sys
os.setuid(int(sys.argv[1]))
# Nothing that would import a module: that user may read none.
client = socket.socket()
client.connect((sys.argv[2], int(sys.argv[3])))
sys.stdout.write('.')
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.fixture
def owners():
    made = Owners()
    made.prepare()
    yield made
    made.close()


class Ends(object):
    """Both ends of a connection of our own."""

    def __init__(self, family, listen_at, connect_to):
        listening = socket.socket(family)
        listening.bind((listen_at, 0))
        listening.listen(5)
        self.port = listening.getsockname()[1]
        self.client = socket.create_connection((connect_to, self.port))
        self.accepted, _address = listening.accept()
        self._listening = listening

    def close(self):
        for end in self.client, self.accepted, self._listening:
            end.close()


FAMILIES = [(socket.AF_INET, '127.0.0.1', '127.0.0.1'),
            (socket.AF_INET, '0.0.0.0', '127.0.0.9'),
            (socket.AF_INET6, '::1', '::1'),
            (socket.AF_INET6, '::', '127.0.0.1'),
            (socket.AF_INET6, '::', '::ffff:127.0.0.1')]


@on_linux
@pytest.mark.parametrize('family, listen_at, connect_to', FAMILIES)
def test_our_own_socket_is_ours(owners, family, listen_at, connect_to):
    ends = Ends(family, listen_at, connect_to)
    assert owners.uid(ends.accepted) == os.getuid()
    assert owners.uid(ends.client) == os.getuid()
    ends.client.shutdown(socket.SHUT_WR)
    assert owners.uid(ends.accepted) == os.getuid()
    ends.close()


@on_linux
def test_a_socket_that_nobody_has_any_more_is_nobodys(owners):
    # The kernel says that it is root's.
    ends = Ends(*FAMILIES[0])
    ends.client.close()
    assert owners.uid(ends.accepted) is None
    ends.close()
    assert owners.uid(ends.accepted) is None


@on_linux
def test_a_socket_of_another_user(owners):
    assert os.getuid() == 0, 'only root can play another user'
    listening = socket.socket()
    listening.bind(('127.0.0.1', 0))
    listening.listen(5)
    child = subprocess.Popen(
        [sys.executable, '-c', CLIENT, str(OTHER), '127.0.0.1',
         str(listening.getsockname()[1])],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout.read(1) == b'.'
        accepted, _address = listening.accept()
        assert owners.uid(accepted) == OTHER
        accepted.close()
    finally:
        child.communicate()
        listening.close()


def test_a_unix_socket_has_no_owner_here(owners):
    for end in socket.socketpair():
        assert owners.uid(end) is None
        end.close()


@on_linux
def test_one_descriptor_is_kept_and_given_back(owners):
    ends = Ends(*FAMILIES[0])
    # None before the first question.
    assert owners.usable and owners._idle == []
    before = len(os.listdir('/proc/self/fd')) + 1
    for _time in range(100):
        assert owners.uid(ends.accepted) == os.getuid()
    assert len(os.listdir('/proc/self/fd')) == before
    owners.close()
    assert len(os.listdir('/proc/self/fd')) == before - 1
    ends.close()


@on_linux
def test_the_kernel_is_asked_when_no_descriptor_is_left(owners, monkeypatch):
    """Why a socket is kept: without an answer a view is closed to all."""
    ends = Ends(*FAMILIES[0])
    assert owners.uid(ends.accepted) == os.getuid()
    monkeypatch.setattr(owner.socket, 'socket', failing(errno.EMFILE))
    assert owners.uid(ends.accepted) == os.getuid()
    monkeypatch.undo()
    ends.close()


def failing(number):
    def make(*args):
        raise socket.error(number, os.strerror(number))

    return make


@on_linux
def test_no_descriptor_is_left_for_the_first_question(owners, monkeypatch):
    """That tells nothing of the kernel, which may know well whose it is."""
    ends = Ends(*FAMILIES[0])
    for number in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS):
        monkeypatch.setattr(owner.socket, 'socket', failing(number))
        assert owners.uid(ends.accepted) == NOT_ASKED
        other = Owners()
        other.prepare()
        assert other.usable
        assert other.uid(ends.accepted) == NOT_ASKED
        monkeypatch.undo()
        assert owners.uid(ends.accepted) == os.getuid()
        assert other.uid(ends.accepted) == os.getuid()
        owners.close()
        other.close()
    ends.close()


@on_linux
def test_a_socket_that_is_forbidden(owners, monkeypatch):
    ends = Ends(*FAMILIES[0])
    monkeypatch.setattr(owner.socket, 'socket', failing(errno.EPERM))
    assert owners.uid(ends.accepted) is None
    owners.prepare()
    assert not owners.usable
    monkeypatch.undo()
    ends.close()


@on_linux
def test_a_child_does_not_ask_with_its_parents_socket(owners, monkeypatch):
    ends = Ends(*FAMILIES[0])
    assert owners.uid(ends.accepted) == os.getuid()
    (_pid, kept), = owners._idle
    monkeypatch.setattr(os, 'getpid', lambda: -5)
    assert owners.uid(ends.accepted) == os.getuid()
    (pid, another), = owners._idle
    assert pid == -5 and another is not kept
    ends.close()


class Kernel(object):
    """A socket of netlink that gives the answer that it has been made with."""

    def __init__(self, answer, sender=0):
        self.answer = answer
        self.sender = sender
        self.closed = 0

    def send(self, asked):
        self.asked = asked

    def recvfrom(self, _size):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer(self.asked), (self.sender, 0)

    def close(self):
        self.closed += 1


def answer(uid=7, inode=1, state=1, kind=20, sequence=0, family=2, ports=None):
    """What makes an answer of what was asked."""
    def make(asked):
        ident = asked[24:72]
        body = (struct.pack('=BBBB', family, state, 0, 0)
                + (ports or ident[:4]) + ident[4:]
                + struct.pack('=IIIII', 0, 0, 0, uid, inode))
        number = struct.unpack_from('=I', asked, 8)[0]
        return struct.pack('=IHHII', 16 + len(body), kind, 0,
                           number + sequence, 0) + body
    return make


def asked_with(owners, kernel):
    """The uid of a connection of ours, as this kernel says it."""
    owners.close()
    owners.usable = True
    owners._idle = [(os.getpid(), kernel)]
    ends = Ends(*FAMILIES[0])
    try:
        return owners.uid(ends.accepted)
    finally:
        ends.close()


@pytest.mark.parametrize('state', [1, 4, 5, 8])
def test_a_good_answer(owners, state):
    kernel = Kernel(answer(state=state))
    assert asked_with(owners, kernel) == 7
    assert owners._idle == [(os.getpid(), kernel)] and not kernel.closed
    assert struct.unpack_from('=I', kernel.asked)[0] == len(kernel.asked) == 72


@pytest.mark.parametrize('wrong', [
    answer(inode=0), answer(state=10), answer(state=6), answer(state=7),
    answer(kind=3), answer(ports=b'\0\1\0\2'), answer(family=10)])
def test_an_answer_that_tells_nothing(owners, wrong):
    kernel = Kernel(wrong)
    assert asked_with(owners, kernel) is None
    assert not kernel.closed


@pytest.mark.parametrize('odd, sender', [
    (answer(sequence=1), 0), (answer(), 4711), (lambda asked: b'', 0),
    (lambda asked: asked[:10], 0), (socket.error(errno.EAGAIN, 'later'), 0),
    (socket.error(errno.ENOBUFS, 'full'), 0), (ValueError('odd'), 0)])
def test_behind_an_odd_answer_that_socket_is_asked_nothing(owners, odd,
                                                           sender):
    kernel = Kernel(odd, sender)
    assert asked_with(owners, kernel) is None
    assert kernel.closed and owners._idle == []


def test_a_short_answer_is_none(owners):
    assert asked_with(owners, Kernel(
        lambda asked: answer()(asked)[:80])) is None


def test_users_of_other_namespaces(owners):
    kernel = Kernel(answer(uid=OVERFLOW))
    owners._tells_strangers = True
    assert asked_with(owners, kernel) == OVERFLOW
    owners._tells_strangers = False
    assert asked_with(owners, kernel) == STRANGER
    assert asked_with(owners, Kernel(answer(uid=7))) == 7


def test_where_there_is_no_netlink(monkeypatch):
    monkeypatch.delattr(socket, 'AF_NETLINK', raising=False)
    owners = Owners()
    assert owners.usable is None
    owners.prepare()
    assert not owners.usable
    ends = Ends(*FAMILIES[0])
    monkeypatch.setattr(owners, '_ask', None)
    assert owners.uid(ends.accepted) is None
    ends.close()


def test_a_kernel_that_cannot_tell_is_asked_once(monkeypatch):
    kernels = []

    def make(*args):
        kernels.append(Kernel(lambda asked: struct.pack(
            '=IHHIIi', 36, 2, 0, struct.unpack_from('=I', asked, 8)[0], 0,
            -errno.EINVAL)))
        kernels[-1].setblocking = lambda on: None
        return kernels[-1]

    monkeypatch.setattr(owner.socket, 'socket', make)
    owners = Owners()
    assert owners.usable is None
    owners.prepare()
    assert not owners.usable and len(kernels) == 1
    assert owners.uid(None) is None
    assert len(kernels) == 1


def test_without_proc_strangers_are_strangers(monkeypatch):
    def fail(*args):
        raise IOError('no /proc')

    monkeypatch.setattr(owner, 'open', fail, raising=False)
    assert owner._knows_all_users() is False
