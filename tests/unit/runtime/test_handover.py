"""runtime.handover: a listening socket goes from a companion to the next."""
from __future__ import absolute_import, division, print_function

import os
import socket
import threading

import pytest

from Products.ZServerViews.config.values import address
from Products.ZServerViews.runtime import handover
from tests.checkout import free_port
from tests.platforms import companion_can_run

pytestmark = companion_can_run


@pytest.fixture(params=['tcp', 'tcp6', 'long', 'unix'])
def wanted(request, tmpdir):
    return address({'tcp': '127.0.0.1:%d' % free_port(),
                    'tcp6': '[::1]:%d' % free_port(),
                    'long': '[0:0:0:0:0:0:0:1]:%d' % free_port(),
                    'unix': str(tmpdir.join('views'))}[request.param])


def listener(wanted):
    sock = socket.socket(wanted.family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(wanted.address)
    sock.listen(5)
    return sock


class Companion(threading.Thread):
    """Hands over to the first who comes."""

    def __init__(self, wanted, listening):
        threading.Thread.__init__(self)
        self.daemon = True
        self.done = None
        self.listening = listening
        self.offering = handover.offer(handover.meeting_point(wanted))
        self.offering.setblocking(True)

    def run(self):
        self.done = handover.hand_over(self.offering, self.listening)
        self.offering.close()
        self.listening.close()


def test_clients_that_wait_go_with_it(wanted):
    listening = listener(wanted)
    client = socket.socket(wanted.family)
    client.connect(wanted.address)
    companion = Companion(wanted, listening)
    companion.start()
    taken = handover.take(wanted)
    companion.join(20)
    assert companion.done
    assert not taken.get_inheritable()
    assert not taken.getblocking()
    taken.accept()[0].sendall(b'x')
    assert client.recv(1) == b'x'
    client.close()
    taken.close()


def test_there_is_nobody(wanted):
    assert handover.take(wanted) is None


@pytest.mark.parametrize('user', [os.getuid() + 1])
def test_neither_trusts_another_user(wanted, monkeypatch, user):
    listening = listener(wanted)
    offering = handover.offer(handover.meeting_point(wanted))
    monkeypatch.setattr(handover, '_user_of', lambda sock: user)
    assert handover.take(wanted) is None
    assert not handover.hand_over(offering, listening)
    offering.close()
    listening.close()


def test_a_socket_that_listens_elsewhere_is_not_taken(wanted):
    other = listener(address('127.0.0.1:%d' % free_port()))
    companion = Companion(wanted, other)
    companion.start()
    assert handover.take(wanted) is None
    companion.join(20)


def test_a_socket_that_does_not_listen_is_not_taken(wanted):
    sock = socket.socket(wanted.family)
    sock.bind(wanted.address)
    companion = Companion(wanted, sock)
    companion.start()
    assert handover.take(wanted) is None
    companion.join(20)


def test_a_companion_that_gives_nothing(wanted):
    offering = handover.offer(handover.meeting_point(wanted))
    taking = []
    thread = threading.Thread(
        target=lambda: taking.append(handover.take(wanted)))
    thread.start()
    offering.setblocking(True)
    offering.accept()[0].close()
    thread.join(20)
    assert taking == [None]
    offering.close()


def test_who_comes_and_goes(wanted):
    listening = listener(wanted)
    name = handover.meeting_point(wanted)
    offering = handover.offer(name)
    assert not handover.hand_over(offering, listening)  # nobody has come
    client = socket.socket(socket.AF_UNIX)
    client.connect('\0' + name)
    client.close()
    assert not handover.hand_over(offering, listening)
    assert handover.offer(name) is None  # there is one already
    offering.close()
    listening.close()


def test_no_two_addresses_meet_at_one_name():
    names = set(handover.meeting_point(address(text)) for text in (
        '127.0.0.1:8090', '127.0.0.1:8091', '[::1]:8090', '/run/views'))
    assert len(names) == 4
    # With the zero before it: see unix(7).
    assert max(map(len, names)) < 107
