"""servers.waitress.seams: what no running server shows of its trampolines."""
from __future__ import absolute_import, division, print_function

import errno
import functools
import socket
import threading
import types
from functools import partial

import pytest
from waitress.server import BaseWSGIServer

from Products.ZServerViews.runtime import patching
from Products.ZServerViews.runtime.draining import Drain
from Products.ZServerViews.runtime.patching import Part, is_own
from Products.ZServerViews.servers.waitress import seams
from Products.ZServerViews.servers.waitress.admission import Admission
from tests.unit.servers.waitress.admission_dummies import Channel, Server, opened
from tests.unit.waitress_dummies import still_site


class Seam(object):
    """One that has been filled."""

    def __init__(self, original, content, is_plain=False):
        self.original = original
        self.filled = content
        self.is_plain = is_plain

    def fill(self, content):
        self.filled = content

    def empty(self, content):
        self.filled = None


@pytest.mark.parametrize('number, comes_through', [
    (errno.EMFILE, False), (errno.EBADF, True)])
def test_an_error_of_accept(number, comes_through):
    _site, admission, _handed_over = opened()

    def original(server):
        raise socket.error(number, 'words')

    admission._server._views_admission = admission
    accept = seams.make_accept(
        Seam(original, Part('dummy', _site, None)))
    if comes_through:
        with pytest.raises(socket.error):
            accept(admission._server)
    else:
        assert accept(admission._server) is None
        assert admission.special


def test_a_fault_of_ours_in_accept_loses_no_connection():
    site, admission, _handed_over = opened()
    left = []
    part = Part('The dummies', site, lambda: left.append(None))
    part.fill([(Seam(None, None), object())])
    admission.evict_for_one_more = None
    admission._server._views_admission = admission
    accept = seams.make_accept(Seam(lambda server: 'accepted', part))
    for _time in range(2):
        assert accept(admission._server) == 'accepted'
    (_level, message, exc_info), = site.log_queue.logged
    assert message.startswith('The dummies failed and are disabled')
    assert exc_info[0] is TypeError
    assert left == [None] and not part.in_force


def is_readable(server, site, original, is_plain):
    """What the loop is told, and whether waitress itself was asked."""
    asked = []
    admission = Admission(server, site, lambda server, channel: None)
    readable = seams.make_readable(Seam(
        original(asked), (site.drain, lambda server: admission, None),
        is_plain))
    server._map[7], server._fileno = server, 7
    return readable(server), asked, admission


def unknown(asked):
    def readable(server):
        asked.append(server)
        return 'theirs'

    return readable


@pytest.mark.parametrize('members, is_plain, answer, is_asked', [
    ({}, True, True, False),
    ({'next_channel_cleanup': 0}, True, 'theirs', True),
    ({'accepting': False}, True, 'theirs', True),
    ({}, False, 'theirs', True)])
def test_waitress_is_asked_where_it_has_to_do(members, is_plain, answer,
                                              is_asked):
    site, server = still_site(), Server()
    site.signals.install = lambda drains: None
    for name, value in members.items():
        setattr(server, name, value)
    said, asked, admission = is_readable(server, site, unknown, is_plain)
    assert (said, bool(asked)) == (answer, is_asked)
    assert admission.quiet


@pytest.mark.parametrize('begin', [
    lambda site, admission: site.drain.hold(),
    lambda site, admission: admission.queued.append(Channel(1)),
    lambda site, admission: setattr(admission.headroom, 'pause_ends', 2 ** 62)])
def test_the_gate_is_asked_where_it_has_to_do(begin):
    site, server = still_site(), Server()
    site.signals.install = lambda drains: None
    _said, asked, admission = is_readable(server, site, unknown, True)
    begin(site, admission)
    asked[:] = []
    server._views_admission = admission
    readable = seams.make_readable(Seam(
        unknown(asked), (site.drain, None, None)))
    assert readable(server) in (True, False)
    assert asked == [] and not admission.quiet


def test_waitress_since_2_is_known():
    readable = own(BaseWSGIServer, 'readable')
    assert is_own(readable, BaseWSGIServer, seams._READABLE) is (
        hasattr(BaseWSGIServer, 'in_connection_overflow'))


def own(owner, name):
    """What waitress has there itself, if a trampoline took its place."""
    found = vars(owner)[name]
    for (its_owner, its_name), a_seam in patching._seams.items():
        if its_owner is owner and its_name == name and a_seam.original:
            return a_seam.original
    return found


def patched(tell):
    """In its code are no other names than in waitress's own."""
    def add_task(self, task):
        tell(task)
        self.task_dispatcher.add_task(task)

    return add_task


class Wrapped(object):
    """As those of wrapt: it shows the code of what it wraps."""

    def __init__(self, function):
        self.__code__ = function.__code__
        self.__globals__ = getattr(function, '__globals__')
        self.__closure__ = None


@pytest.mark.parametrize('make', [
    patched, Wrapped, lambda own: functools.partial(own),
    lambda own: types.FunctionType(own.__code__, {})])
def test_a_patch_is_not_known(make):
    function = own(BaseWSGIServer, 'add_task')
    names = frozenset(['task_dispatcher', 'add_task'])
    assert is_own(function, BaseWSGIServer, names)
    assert not is_own(make(function), BaseWSGIServer, names)


def test_who_is_not_asked_by_its_loop_is_left_alone():
    server = Server()
    server._fileno = 7
    readable = seams.make_readable(Seam(
        lambda server: 'original', (Drain(), None, None)))
    assert readable(server) == 'original'


class Failing(Channel):
    """A worker has left it with SystemExit."""

    close_when_flushed = False

    def __init__(self, **locks):
        Channel.__init__(self, 2)
        self.__dict__.update(locks)
        self.closed = []
        for request in self.requests:
            request.close = partial(self.closed.append, request)
        self.server = self
        self.triggered = 0

    def pull_trigger(self):
        self.triggered += 1


class Logger(object):
    def __init__(self):
        self.said = []

    def exception(self, *args):
        self.said.append(args)


class ASeam(object):
    """Of a dispatcher's logger."""

    def __init__(self, filled):
        self.original, self.filled = Logger(), filled


@pytest.mark.parametrize('lock', ['requests_lock', 'task_lock'])
def test_a_failed_request_ends_its_connection(lock):
    a_part = Part('It', None, None)
    logger = seams.FailedTasks(ASeam(a_part))
    channel = Failing(**{lock: threading.Lock()})
    logger.exception('failed: %r', channel)
    assert (channel.requests, channel.close_when_flushed) == ([], True)
    assert len(channel.closed) == 2
    assert channel.triggered == 1
    assert logger.said == [('failed: %r', channel)]
    logger.exception('failed: %r', 'a task of somebody else')
    assert len(logger.said) == 2


def test_a_failed_request_while_no_view_is_served():
    channel = Failing(requests_lock=threading.Lock())
    seams.FailedTasks(ASeam(None)).exception('failed: %r', channel)
    assert len(channel.requests) == 2
