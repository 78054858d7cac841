"""servers.waitress.shutdown: the end of the loop, as an Admission has it."""
from __future__ import absolute_import, division, print_function

import os
import socket

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.runtime.draining import Drain
from Products.ZServerViews.servers.admission import HEADROOM
from Products.ZServerViews.servers.waitress.shutdown import FOR_WORKERS
from tests.unit import dummies
from tests.unit.servers.waitress.admission_dummies import Channel, Workers, opened


class Trigger(object):
    """A server's own."""

    def __init__(self):
        self._fileno, self.other = os.pipe()


class Listening(object):
    """A socket with connections that wait; it is another process's, too."""

    def __init__(self, admission, waiting):
        self.admission, self.waiting = admission, waiting
        server = admission._server
        server.handle_accept = self.accept
        server.socket, server.trigger = socket.socket(), Trigger()
        server.socket.bind(('127.0.0.1', 0))
        server.socket.listen(1)
        self.shared = server.socket.dup()

    def close(self):
        trigger = self.admission._server.trigger
        for descriptor in trigger._fileno, trigger.other:
            os.close(descriptor)
        self.admission._server.socket.close()
        self.shared.close()

    def accept(self):
        if self.waiting:
            self.waiting -= 1
            self.admission._server._map[object()] = Channel(0)


def connect(address):
    socket.create_connection(address, 5).close()


@pytest.mark.parametrize('waiting', [0, 2, 2 * HEADROOM])
def test_the_end(waiting):
    site, admission, _handed_over = opened()
    listening = Listening(admission, waiting)
    descriptor = admission._server.socket.fileno()
    address = listening.shared.getsockname()
    now = [100.0]
    site.drain = Drain(lambda: now[0])
    site.drain.begin(30)
    assert admission.readable() is False
    assert admission._server.accepting is False
    assert len(admission._server._map) == min(waiting, HEADROOM)
    # A forked process that listens there goes on.
    connect(address)
    listening.shared.close()
    with pytest.raises(socket.error):
        connect(address)
    # No other file can get its number.
    assert admission._server.socket.fileno() == descriptor
    os.fstat(descriptor)
    # As of each descriptor of Python 3, no program that is started gets it.
    assert PY2 or not os.get_inheritable(descriptor)
    now[0] += 31
    with pytest.raises(SystemExit):
        admission.readable()
    assert [line[1].split()[0] for line in site.log_queue.logged] == [
        'SIGTERM:', 'The']
    listening.close()


def test_ctrl_c_between_two_turns():
    site, admission, _handed_over = opened()
    site.drain.stop()
    assert admission.special
    with pytest.raises(KeyboardInterrupt):
        admission.readable()


def test_ctrl_c_tells_the_guard():
    site, admission, _handed_over = opened()
    site.exit_guard = dummies.ExitGuard()
    site.drain.stop()
    with pytest.raises(KeyboardInterrupt):
        admission.readable()
    assert site.exit_guard.loops_ended == 1


class Dispatcher(Workers):
    """Waitress's own."""

    thread_exit_cv = None

    def shutdown(self, cancel_pending=True, timeout=5):
        return timeout


@pytest.mark.parametrize('number', [0, 2])
def test_workers_that_have_had_their_time(number):
    site, admission, _handed_over = opened(Channel(number))
    site.exit_guard = dummies.ExitGuard()
    server = admission._server
    server.accepting = False
    server.task_dispatcher = Dispatcher()
    site.drain.begin(0)
    with pytest.raises(SystemExit):
        admission.readable()
    assert site.exit_guard.loops_ended == 1
    assert server.task_dispatcher.shutdown() == (
        FOR_WORKERS if number else 5)
    (_level, message, _exc_info), = site.log_queue.logged
    assert 'unfinished requests: %d' % number in message
