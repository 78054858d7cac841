"""servers.waitress: what it needs of waitress, and what becomes of a fault.

Each attribute of waitress that our source reads is removed in turn: hidden from
us alone, so that waitress itself goes on as if we looked for a name that it has
never had. Then real servers in one loop answer the site, and one line in the
log has that name.
"""
from __future__ import absolute_import, division, print_function

import gc
import os
import re
import socket
import sys
import threading
import time

import pytest
from waitress import server as server_library
from waitress import trigger as trigger_library
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ThreadedTaskDispatcher

import Products.ZServerViews
from Products.ZServerViews.config.values import Address
from Products.ZServerViews.runtime import patching
from Products.ZServerViews.servers import views_loop
from Products.ZServerViews.servers.waitress import probe
from Products.ZServerViews.service import Plan, Service
from tests.unit import dummies
from tests.unit.servers.attributes import read_of
from tests.unit.waitress_dummies import Dispatcher, zope
from tests.waiting import awaited

OURS = os.path.dirname(os.path.abspath(Products.ZServerViews.__file__))
NEW = hasattr(HTTPChannel, 'send_continue')

OWNERS = {'server': BaseWSGIServer, 'channel': HTTPChannel,
          'request': HTTPRequestParser, 'adj': Adjustments,
          'dispatcher': ThreadedTaskDispatcher,
          'trigger': trigger_library.trigger}

# What variables and attributes of this name are.
KINDS = {'channel': 'channel', 'channel_class': 'channel',
         'views_channel': 'channel', 'request': 'request', 'server': 'server',
         '_server': 'server', 'main': 'server', 'adj': 'adj',
         'task_dispatcher': 'dispatcher', 'dispatcher': 'dispatcher',
         'trigger': 'trigger'}
MIXINS = {'RecordedChannel': 'channel', 'RecordedChannel1': 'channel',
          'ViewChannel1': 'channel', 'ViewsServer': 'server'}

# Our own attributes on their objects, and what each object has.
NOT_THEIRS = ('_views', 'views_', '_held', '_site', '_failed', '_record',
              '_received', '_service', '_write_soon', '_begins', '__')

# Those that need not be there, and what is done without.
OPTIONAL = {
    ('request', 'request_uri'): 'before waitress 2.1 the first line has it',
    ('request', 'url_scheme'): "waitress's own environ is taken",
    ('request', 'query'): "waitress's own environ is taken",
    ('request', 'get_body_stream'): "waitress's own environ is taken",
    ('channel', 'check_client_disconnected'): "waitress's own environ is taken",
    ('server', 'TcpWSGIServer'): 'a name of the module',
    ('server', 'UnixWSGIServer'): 'a name of the module',
}
# Those of the other generation of waitress.
OTHERS = ({('channel', 'task_lock')} if NEW else
          {('channel', 'parser_class'), ('channel', 'requests_lock'),
           ('channel', 'send_continue')})

READ = sorted(pair for pair in read_of('waitress', KINDS, MIXINS, ['probe'])
              if not pair[1].startswith(NOT_THEIRS)
              and pair not in OPTIONAL and pair not in OTHERS
              # wasyncore.dispatcher, which is the class of channels.
              and pair != ('dispatcher', 'close'))


_NOTHING = object()


class Hidden(object):
    """In the place of an attribute: no module of ours finds it."""

    def __init__(self, owner, name):
        self.owner = owner
        self.name = name
        self.own = vars(owner).get(name, _NOTHING)

    def __get__(self, instance, owner=None):
        if sys._getframe(1).f_code.co_filename.startswith(OURS):
            raise AttributeError(self.name)
        if instance is not None and self.name in vars(instance):
            return vars(instance)[self.name]
        if self.own is _NOTHING:
            return getattr(super(self.owner, instance or owner), self.name)
        if hasattr(self.own, '__get__'):
            return self.own.__get__(instance, owner)
        return self.own

    def __set__(self, instance, value):
        vars(instance)[self.name] = value

    def __delete__(self, instance):
        del vars(instance)[self.name]


def view(environ, start_response):
    start_response('200 OK', [('Content-Length', '4')])
    return [b'view']


def later(environ, start_response):
    """Has nothing at first."""
    start_response('200 OK', [('Content-Length', '4')])
    return iter([b''] * 1000 + [b'late'])


class Running(object):
    """A server with our service; the test's thread is its event loop."""

    def __init__(self):
        self.service = Service()
        self.site = self.service.site
        self.site.log_queue = dummies.LogQueue()
        self.site.log_queue.dropped = 0
        self.site.watchdog.start = self.site.watchdog.stop = lambda: None
        self.site.signals.install = lambda drains: None
        self.map, self.workers, self.clients = {}, Dispatcher(), []
        self.server = create_server(zope, map=self.map, listen='127.0.0.1:0',
                                    _dispatcher=self.workers)
        self.plan = Plan([dummies.mount('/view', view, access_log='off'),
                          dummies.mount('/later', later, access_log='off')],
                         dummies.Site().settings)
        self.plan.settings.listen = Address(
            socket.AF_INET, ('127.0.0.1', 0), 'here')

    def serve(self):
        self.service.serve(self.plan)

    def leave(self):
        self.service.serve(Plan([], dummies.Site().settings))

    def turn(self, times=4):
        for _time in range(times):
            wasyncore.poll(0.002, self.map)
            self.workers.run()

    def connect(self, address=None):
        client = socket.create_connection(
            address or self.server.socket.getsockname()[:2])
        client.settimeout(10)
        self.clients.append(client)
        return client

    def ask(self, path, client=None):
        """The body of the answer."""
        client = client or self.connect()
        client.sendall(b'GET ' + path + b' HTTP/1.1\r\nHost: localhost\r\n\r\n')
        self.turn(8)
        return client.recv(10000).partition(b'\r\n\r\n')[2]

    def settled(self):
        """Wait for the end of the loop that has the listener."""
        awaited(lambda: not [thread for thread in threading.enumerate()
                             if thread.name == views_loop.NAME])
        assert self.site.views_socket is self.site.views_loop is None

    @property
    def lines(self):
        """What was logged, but for what says that all is well."""
        return [message for _level, message, _exc_info
                in self.site.log_queue.logged
                if not message.startswith('Views ')]

    def close(self):
        self.leave()
        self.turn(2)
        self.settled()
        self.server.close()
        wasyncore.close_all(self.map)
        for client in self.clients:
            client.close()


@pytest.fixture
def running():
    made = Running()
    yield made
    made.close()


def answered(running, path):
    """Whether it is a view that answers; nothing is lost in any case."""
    body = running.ask(path)
    assert body in (b'view', b'zope:' + path)
    return body == b'view'


def test_the_list_is_found_by_itself():
    assert {('channel', 'requests'), ('channel', 'last_activity'),
            ('server', 'next_channel_cleanup'), ('request', 'headers'),
            ('adj', 'connection_limit'), ('trigger', '_fileno')} <= set(READ)
    assert len(READ) > 50


@pytest.mark.parametrize('kind, name', READ)
def test_an_attribute_that_is_gone(running, monkeypatch, kind, name):
    owner = OWNERS[kind]
    is_class_attribute = name in vars(owner)
    monkeypatch.setattr(owner, name, Hidden(owner, name),
                        raising=is_class_attribute)
    running.serve()
    reasons = running.service._unserved._reasons
    for _time in range(2):
        running.turn()
        assert running.ask(b'/page') == b'zope:/page'
        is_served = answered(running, b'/view')
    # Either there are no views, or no admission control and no listener.
    lines = running.lines if is_served else reasons
    said = [line for line in lines if re.search(
        r'\b%s\.%s\b' % (probe.CLASSES[kind], name), line)]
    assert len(said) == 1, (lines, reasons)
    assert probe.version() in said[0] or name == 'send_continue'
    assert running.site.views_socket is None
    if is_served:
        assert len(lines) == 1


@pytest.mark.parametrize('kind, name', sorted(OPTIONAL))
def test_an_attribute_that_need_not_be_there(running, monkeypatch, kind, name):
    if kind == 'server':
        monkeypatch.delattr(server_library, name)
        running.serve()
        running.turn()
    else:
        owner = OWNERS[kind]
        monkeypatch.setattr(owner, name, Hidden(owner, name), raising=False)
        running.serve()
    for _time in range(2):
        assert running.ask(b'/page') == b'zope:/page'
        assert answered(running, b'/view')


def test_nothing_is_missing(running):
    running.serve()
    assert answered(running, b'/view')
    assert running.ask(b'/page') == b'zope:/page'
    assert running.site.views_socket is not None
    assert [line for line in running.lines if 'no' in line.split()] == []


def open_files():
    gc.collect()
    return len(os.listdir('/proc/self/fd'))


@pytest.mark.skipif(not os.path.isdir('/proc/self/fd'),
                    reason='the system does not tell')
def test_a_probe_leaves_nothing_and_takes_no_time(running):
    look = probe.look_at if NEW else probe.look_at_old
    before = open_files(), dict(running.map)
    threads = set(threading.enumerate())
    began = time.time()
    for _time in range(100):
        assert look(server_library).reason is None
    # A millisecond each; leave room for a machine that has other work.
    assert time.time() - began < 1.0
    assert (open_files(), running.map) == before
    # Those of other tests may end meanwhile.
    assert set(threading.enumerate()) <= threads
    assert running.lines == []


# Coming and going

@pytest.mark.skipif(not os.path.isdir('/proc/self/fd'),
                    reason='the system does not tell')
def test_views_come_and_go_and_leave_nothing(running):
    def state():
        return (open_files(), threading.active_count(), len(running.map),
                dict(vars(BaseWSGIServer)), dict(vars(wasyncore)))

    running.turn()
    without, client = state(), running.connect()
    states = []
    for number in range(10):
        running.serve()
        running.turn()
        assert running.ask(b'/view', client) == b'view'
        assert running.ask(b'/page', client) == b'zope:/page'
        running.leave()
        running.turn()
        assert running.ask(b'/view', client) == b'zope:/view'
        running.settled()
        states.append(state())
    # The client and its channel are more; what other tests have left may end.
    assert states[-1][0] <= without[0] + 2
    assert states[-1][1] <= without[1]
    assert states[-1][2] == without[2] + 1
    assert states[-1][3:] == states[0][3:]
    assert running.service.hooks[-1]._admissions == []


def in_a_thread(call):
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


def test_what_belongs_to_the_loop_is_undone_in_it(running):
    running.serve()
    running.turn()
    listener = running.site.views_socket
    in_a_thread(running.leave)
    # Nobody has touched what the loop may be about to ask for.
    assert running.site.views_socket is listener
    assert not running.site.views_loop.ends
    running.turn(1)
    running.settled()


def test_views_that_come_again_before_the_loop_has_done_it(running):
    running.serve()
    running.turn()
    listener = running.site.views_socket
    for _time in range(3):
        in_a_thread(running.leave)
        in_a_thread(running.serve)
    running.turn()
    assert running.site.views_socket is listener
    assert answered(running, b'/view')
    in_a_thread(running.leave)
    running.turn()
    running.settled()
    assert running.ask(b'/view') == b'zope:/view'


def test_who_waits_for_room_does_not_wait_for_ever(running):
    running.serve()
    running.turn()
    admission = running.server._views_admission
    admission.limit = admission.headroom.limit = 5
    clients = [running.connect() for _number in range(16)]
    for client in clients:
        client.sendall(b'GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n')
    for _time in range(40):
        wasyncore.poll(0.002, running.map)
    assert 0 < len(running.workers.tasks) < 16
    in_a_thread(running.leave)
    running.turn()
    for client in clients:
        assert client.recv(1000).endswith(b'zope:/page')


def test_a_closed_server_is_not_woken(running):
    running.serve()
    running.turn()
    loop, = running.site.loops.of_servers
    assert loop.wake() is True
    running.server.close()
    # Its descriptors are those of other files now.
    ends = [os.pipe() for _number in range(4)]
    assert loop.wake() is False
    os.write(ends[0][1], b'end')
    assert os.read(ends[0][0], 10) == b'end'
    for end in sum(ends, ()):
        os.close(end)


# Faults of ours

@pytest.fixture
def faulty(running):
    running.serve()
    running.turn()
    hook, = [hook for hook in running.service.hooks if hook.installed]
    running.hook = hook
    return running


def fail(*args, **kw):
    raise ZeroDivisionError('a fault of ours')


def told_once(running, part):
    found = [(message, exc_info) for _level, message, exc_info
             in running.site.log_queue.logged if 'failed' in message]
    assert len(found) == 1, found
    assert found[0][0].startswith(part)
    assert found[0][1][0] is ZeroDivisionError
    return True


def test_a_fault_at_a_request_for_the_site(faulty):
    faulty.site.recorder = object()
    faulty.hook._recording.note = fail
    for _time in range(3):
        assert faulty.ask(b'/page') == b'zope:/page'
    assert told_once(faulty, 'The views on waitress')
    assert not faulty.hook.installed
    assert faulty.ask(b'/view') == b'zope:/view'
    faulty.settled()
    # The configuration is read again.
    faulty.site.recorder = None
    faulty.serve()
    assert answered(faulty, b'/view')


def test_a_fault_at_a_request_for_a_view(faulty):
    faulty.hook._answering.begin = fail
    assert faulty.ask(b'/view') == b'zope:/view'
    assert told_once(faulty, 'The views on waitress')


@pytest.mark.skipif(not NEW, reason='waitress 1 answers behind its hand-over')
def test_nothing_follows_a_part_of_an_answer(faulty, monkeypatch):
    monkeypatch.setattr(
        'Products.ZServerViews.servers.waitress.answering.Answering.leave',
        fail)
    client = faulty.connect()
    assert faulty.ask(b'/view', client) == b'view'
    faulty.turn()
    assert client.recv(1) == b''
    assert told_once(faulty, 'The views on waitress')
    assert faulty.ask(b'/page') == b'zope:/page'


@pytest.mark.parametrize('method', ['readable', 'writable'])
def test_a_fault_while_a_view_is_answered(faulty, monkeypatch, method):
    """Around these wasyncore has no net: the server would end."""
    # In what stands for the channel, and in that method first.
    connection = ('Products.ZServerViews.servers.waitress.connection.'
                  'ViewConnection.')
    monkeypatch.setattr(connection + '_view_works', fail)
    if method == 'writable':
        monkeypatch.setattr(connection + '_stays', lambda self: True)
    channels = len(faulty.map)
    client = faulty.connect()
    client.sendall(b'GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n')
    faulty.turn(20)
    while client.recv(1000):
        pass  # until it is closed
    assert told_once(faulty, 'The views on waitress')
    assert faulty.ask(b'/page') == b'zope:/page'
    assert len(faulty.map) <= channels + 1


@pytest.mark.parametrize('break_it', [
    lambda admission: setattr(admission, 'look_around', fail),
    lambda admission: setattr(admission, 'loop', None),
])
def test_a_fault_in_each_iteration(faulty, break_it):
    admission = faulty.server._views_admission
    loop = admission.loop
    break_it(admission)
    faulty.server.next_channel_cleanup = 0
    admission.leave, leave = None, admission.leave
    admission.leave = lambda work: (setattr(admission, 'loop', loop),
                                    leave(work))
    faulty.turn()
    (message,) = [line for line in faulty.lines if 'failed' in line]
    assert message.startswith('Admission control and the listener')
    # Views are served without.
    faulty.turn()
    assert answered(faulty, b'/view')
    assert faulty.ask(b'/page') == b'zope:/page'
    faulty.settled()
    assert loop.running is False


def test_a_fault_of_the_listener(faulty):
    views_loop = faulty.site.views_loop
    views_loop.listener.views_headroom.may_accept = fail
    awaited(lambda: views_loop.wake() is not True
            or [line for line in faulty.lines if 'failed' in line])
    faulty.turn()
    assert told_once(faulty, 'Admission control and the listener')
    faulty.settled()
    assert answered(faulty, b'/view')


def test_a_fault_while_the_listener_opens(running, monkeypatch):
    monkeypatch.setattr('Products.ZServerViews.servers.waitress.listener.'
                        '_make_server', fail)
    running.serve()
    running.turn()
    assert told_once(running, 'Admission control and the listener')
    assert running.site.views_socket is None
    assert answered(running, b'/view')


# Other products

def test_a_patch_of_somebody_else_over_each_seam(running, monkeypatch):
    """Put over ours, and below: both see what they saw before."""
    seen = []

    def over(owner, name):
        before = vars(owner)[name]

        def method(server, *args):
            seen.append(name)
            return before(server, *args)

        monkeypatch.setattr(owner, name, method)

    running.serve()
    running.turn()
    for name in 'add_task', 'readable', 'accept':
        over(BaseWSGIServer, name)
    for _time in range(3):
        assert answered(running, b'/view')
        assert running.ask(b'/page') == b'zope:/page'
        assert {'add_task', 'readable', 'accept'} <= set(seen)
        running.leave()
        running.turn()
        del seen[:]
        assert running.ask(b'/view') == b'zope:/view'
        assert {'add_task', 'readable', 'accept'} <= set(seen)
        running.serve()
        running.turn()
    chain = [key for key in patching._seams if key[0] is BaseWSGIServer]
    assert sorted(name for _owner, name in chain) == [
        'accept', 'add_task', 'channel_class', 'readable']
