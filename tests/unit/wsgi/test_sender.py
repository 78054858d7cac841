"""wsgi.sender: what it measures, and what comes of that."""
from __future__ import absolute_import, division, print_function

import socket
import threading

import pytest

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.wsgi import sender as sender_module
from Products.ZServerViews.wsgi.sender import Sender
from tests.unit import dummies


class Time(object):
    """The clock of the sender; views move it."""

    now = 0.0

    def __call__(self):
        return self.now


class Channel(object):
    """Takes everything; each send lasts for long."""

    def __init__(self, time):
        self._time = time
        self.sent = []
        self.broken = False

    def send(self, data):
        if self.broken:
            raise socket.error('broken')
        self._time.now += 1000
        self.sent.append(bytes(data))
        return len(data)


class Work(dummies.Iterable):
    """Parts that each take so many seconds, and so does the end."""

    def __init__(self, time, seconds, *parts):
        dummies.Iterable.__init__(self, *parts)
        self._time = time
        self._seconds = seconds

    def __next__(self):
        self._time.now += self._seconds
        return dummies.Iterable.__next__(self)

    next = __next__

    def close(self):
        self._time.now += self._seconds
        dummies.Iterable.close(self)


class Budget(object):
    """Keeps what it is told; sets the view aside if it has had enough."""

    def __init__(self):
        self.told = []
        self.measured = []
        self.enough = False
        self.keeps = True

    def spent(self, mount, seconds, measured):
        self.told.append((mount, round(seconds, 6)))
        self.measured.append(measured)
        mount.usage.is_offloaded = self.enough

    def keeps_offloaded(self, mount):
        return self.keeps

    def measure(self, usage):
        return Measured()


class Measured(object):
    """Counts what it measures."""

    calls = 0

    def watching(self, call):
        def counted():
            self.calls += 1
            return call()
        return counted


class World(object):
    """A site with one view."""

    def __init__(self, monkeypatch):
        self.time = Time()
        monkeypatch.setattr(sender_module, 'stopwatch', self.time)
        self.site = dummies.Site()
        self.site.budget = Budget()
        self.site.offloaded = self.offloaded
        self.channel = Channel(self.time)
        self.aside = []

    def offloaded(self, response):
        self.aside.append(response)
        return dummies.response(dummies.view(result=[b'aside']))

    def sender(self, seconds, *parts):
        self.parts = Work(self.time, seconds, *parts)
        response = dummies.response(dummies.view(result=self.parts))
        self.mount = response.mount
        return Sender(response, self.site)

    @property
    def seconds(self):
        assert all(mount is self.mount
                   for mount, _seconds in self.site.budget.told)
        return [seconds for _mount, seconds in self.site.budget.told]


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def test_the_time_of_the_view_is_told(world):
    sender = world.sender(0.008, b'one', b'two')
    assert sender.send(world.channel) is True
    # Three calls. What the socket has taken is not the view's.
    # The end is one more, which is told of by itself.
    assert sorted(world.seconds) == [0.008, 0.024]
    sender.close()
    assert len(world.seconds) == 2
    assert world.parts.closed == 1
    assert world.aside == []


class Decides(object):
    """A view that notes, whenever it is called, in which thread it is known
    to be; after each call it must be in none."""

    mount = None

    def __init__(self):
        self.seen = []

    def _look(self):
        self.seen.append(self.mount.usage.thread)

    def runs_aside_for(self, environ):
        self._look()
        return False

    def __call__(self, environ, start_response):
        self._look()
        start_response('200 OK', [])
        return self

    def __iter__(self):
        self._look()
        yield b'part'

    def close(self):
        self._look()


def test_the_thread_that_a_view_is_in_is_known(world):
    view = Decides()
    response = dummies.response(view)
    view.mount = response.mount
    world.site.offloaded_if_wanted = lambda response: (
        response.mount.is_offloaded_for({}, None), response)[1]
    sender = Sender(response, world.site)
    assert view.mount.usage.thread is None
    assert sender.send(world.channel)
    assert view.mount.usage.thread is None
    sender.close()
    assert view.mount.usage.thread is None
    assert view.seen == [get_ident()] * 4


def test_after_a_slow_part_others_are_served(world):
    sender = world.sender(0.05, b'one', b'two')
    for number in range(1, 4):
        assert sender.send(world.channel) is (number == 3)
        assert len(world.channel.sent) == number
    # Three parts, and the end.
    assert world.seconds == [0.05] * 4


def test_what_is_left_of_a_block_costs_the_view_nothing(world):
    sender = world.sender(0.05, b'one')
    world.channel.send = lambda data: 1
    sender.send(world.channel)
    sender.send(world.channel)
    assert world.seconds == [0.05]


def test_a_socket_that_fails_is_no_way_out(world):
    sender = world.sender(0.3, b'one')
    world.channel.broken = True
    world.site.budget.enough = True
    with pytest.raises(socket.error):
        sender.send(world.channel)
    assert world.seconds == [0.3]
    assert world.aside == []


def test_a_view_that_is_too_slow_goes_on_aside(world):
    sender = world.sender(0.3, b'one', b'two')
    response = sender.response
    world.site.budget.enough = True
    assert sender.send(world.channel) is False
    assert world.aside == []
    assert sender.send(world.channel) is True
    assert world.aside == [response]
    assert sender.response is not response
    assert [sent[-3:] for sent in world.channel.sent] == [b'e\r\n', b'ide']


def test_a_view_whose_hour_is_over_is_asked_in_the_loop(world):
    sender = world.sender(0.0, b'one')
    world.mount.usage.is_offloaded = True
    world.site.budget.keeps = False
    assert sender.send(world.channel) is True
    assert world.aside == []


def test_nothing_is_measured_of_a_view_that_was_never_slow(world):
    sender = world.sender(0.3, b'one', b'two')
    sender.send(world.channel)
    sender.close()
    assert world.site.budget.measured == [None, None]


def test_the_calls_of_a_view_that_was_slow_are_measured(world):
    """Those of a step together; sending is not the view's."""
    sender = world.sender(0.008, b'one', b'two')
    world.mount.usage.is_measured = True
    sender.send(world.channel)
    sender.close()
    assert sorted(measured.calls
                  for measured in world.site.budget.measured) == [1, 3]
    assert world.parts.closed == 1


def test_a_clock_that_is_set_back_takes_no_time(world):
    sender = world.sender(-5.0, b'one')
    sender.send(world.channel)
    sender.close()
    assert world.seconds == [0.0]


def test_a_view_that_has_nothing_for_long_is_offloaded(world):
    """The loop would ask it again and again, and do nothing else."""
    sender = world.sender(0.0, *[b''] * 1000)
    response = sender.response
    for _time in range(sender_module.MOST_EMPTY):
        assert sender.send(world.channel) is False
    assert world.aside == []
    assert sender.send(world.channel) is False
    assert world.aside == [response]
    assert sender.response is not response


def test_what_a_view_takes_is_counted_for_metrics(world):
    sender = world.sender(0.008, b'one', b'two')
    sender.send(world.channel)
    sender.close()
    assert world.mount.usage.counts.total() == {}
    world.site.metrics = object()
    sender = world.sender(0.008, b'one', b'two')
    sender.send(world.channel)
    sender.close()
    counts = world.mount.usage.counts.total()
    assert counts == {'calls': 1, 'seconds': pytest.approx(0.032)}


class Loop(object):
    """Keeps what it is woken for."""

    def __init__(self, ended=False):
        self.woken, self.ended = [], ended

    def __call__(self, *work):
        self.woken.append(work)
        return not self.ended

    def turn(self):
        for work in self.woken[:]:
            self.woken.remove(work)
            for call in work:
                call()


@pytest.fixture
def loop(world):
    return Loop()


def sender_in(world, loop, patience=None, result=None, mount=None):
    view = dummies.view(result=[b'body'] if result is None else result)
    response = dummies.response(view, wake=loop)
    response.mount = mount or response.mount
    return Sender(response, world.site, patience)


def test_while_another_loop_has_a_view_the_answer_waits(world, loop):
    calls = world.site.view_calls
    assert calls.acquire(False)
    sender = sender_in(world, loop)
    assert not sender.waits() and not calls.is_wanted
    assert sender.send(world.channel) is False
    assert sender.waits() and calls.is_wanted
    # As waitress 1 may do.
    assert sender.send(world.channel) is False
    assert world.channel.sent == [] and loop.woken == []
    calls.release()
    assert loop.woken == [()] and not sender.waits() and not calls.is_wanted
    assert sender.send(world.channel) is True
    assert world.channel.sent[0].endswith(b'body')
    assert calls.acquire(False)


def test_it_may_be_free_again_before_anybody_waits(world, loop):
    sender = sender_in(world, loop)
    sender._wait()
    assert loop.woken == [()] and not sender.waits()


def test_the_suite_waits_for_nothing(world, loop):
    from Products.ZServerViews.runtime.routes import NOT_FOUND
    assert world.site.view_calls.acquire(False)
    sender = sender_in(world, loop, mount=NOT_FOUND)
    assert sender.send(world.channel) is True


def test_who_waits_for_too_long_is_told_why(world, loop, monkeypatch):
    now = dummies.ManualClock()
    monkeypatch.setattr(sender_module, 'monotonic', now)
    calls = world.site.view_calls
    assert calls.acquire(False)
    sender = sender_in(world, loop, 1.0)
    assert sender.send(world.channel) is False
    now.now += 0.9
    assert sender.waits()
    now.now += 0.1
    assert not sender.waits() and not calls.is_wanted
    assert sender.send(world.channel) is True
    status, headers, body = dummies.split(world.channel.sent[0])
    assert status == 'HTTP/1.1 503 Service Unavailable'
    assert headers['retry-after'] == '1'
    assert b'Views run one at a time' in body
    assert sender.response.environ is not None


def test_what_has_begun_waits_for_its_next_part(world, loop, monkeypatch):
    """Nothing true could follow."""
    now = dummies.ManualClock()
    monkeypatch.setattr(sender_module, 'monotonic', now)
    calls = world.site.view_calls

    def parts():
        yield b'one'
        calls.acquire(False)
        yield b'two'

    sender = sender_in(world, loop, 1.0, parts())
    world.channel.send = lambda data: len(data)
    assert sender.send(world.channel) is True
    sender = sender_in(world, loop, 1.0, iter([b'one', b'two']))
    monkeypatch.setattr(sender_module, 'BLOCKS_AT_ONCE', 1)
    assert sender.send(world.channel) is False
    assert calls.acquire(False)
    assert sender.send(world.channel) is False
    now.now += 1000
    assert sender.waits()
    calls.release()
    assert not sender.waits()


def test_the_end_of_an_answer_waits_too(world, loop):
    calls, result = world.site.view_calls, dummies.Iterable(b'one')
    sender = sender_in(world, loop, None, result)

    def send(data):
        calls.acquire(False)  # another loop, between two steps
        return len(data)

    world.channel.send = send
    # Of its last part, and of the end.
    for _time in range(2):
        assert sender.send(world.channel) is False
        assert result.closed == 0 and sender.waits()
        calls.release()
    assert sender.send(world.channel) is True
    assert result.closed == 1


def left(world, loop, result):
    """A sender whose client has gone in the midst of its answer."""
    sender = sender_in(world, loop, None, result)
    world.channel.send = lambda data: 0
    assert sender.send(world.channel) is False
    return sender


def in_another_thread(call):
    thread = threading.Thread(target=call)
    thread.start()
    thread.join()


@pytest.mark.parametrize('ended', [False, True])
def test_a_view_is_told_later_that_its_client_has_gone(world, loop, ended):
    loop.ended = ended
    calls, result = world.site.view_calls, dummies.Iterable(b'one', b'two')
    sender = left(world, loop, result)
    assert calls.acquire(False)
    sender.close()
    assert result.closed == 0
    in_another_thread(calls.release)
    # In its own loop, if that is there.
    assert result.closed == ended
    loop.turn()
    assert result.closed == 1


@pytest.mark.parametrize('when', ['before', 'behind'])
def test_it_is_told_though_it_is_free_again_by_then(world, loop, when):
    calls, result = world.site.view_calls, dummies.Iterable(b'one', b'two')
    sender, wait = left(world, loop, result), calls.wait

    def slow_wait(waiting):
        calls.wait = wait
        if when == 'behind':
            wait(waiting)
        in_another_thread(calls.release)
        if when == 'before':
            wait(waiting)

    assert calls.acquire(False)
    calls.wait = slow_wait
    sender.close()
    loop.turn()
    assert result.closed == 1
    assert not calls.is_wanted and calls.acquire(False)


def test_a_loop_that_works_does_not_wake_itself(world, loop):
    """Waitress and ZServer hold a lock for what they have been woken for."""
    calls = world.site.view_calls
    results = [dummies.Iterable(b'one', b'two') for _number in range(500)]
    senders = [left(world, loop, result) for result in results]
    assert calls.acquire(False)
    for sender in senders:
        sender.close()
    calls.release()
    assert loop.woken == []
    assert [result.closed for result in results] == [1] * 500


def test_a_loop_that_cannot_be_woken_harms_nobody(world):
    def wake():
        raise ValueError('its server has been closed')

    calls = world.site.view_calls
    for loop in wake, None:
        assert calls.acquire(False)
        sender = sender_in(world, loop)
        sender.send(world.channel)
        calls.release()
        assert not sender.waits()


def test_whether_a_view_is_offloaded_is_asked_by_one_loop(world, loop):
    view, calls = Decides(), world.site.view_calls
    response = dummies.response(view, wake=loop)
    view.mount = response.mount
    world.site.offloaded_if_wanted = lambda response: (
        response.mount.is_offloaded_for({}, None), response)[1]
    assert calls.acquire(False)
    sender = Sender(response, world.site)
    assert sender.send(world.channel) is False
    assert view.seen == []
    calls.release()
    assert sender.send(world.channel) is True
    assert view.seen == [get_ident()] * 4


def test_an_offloaded_view_has_a_thread_and_needs_no_loop(world, loop):
    calls = world.site.view_calls
    assert calls.acquire(False)
    sender = sender_in(world, loop)
    assert sender.send(world.channel) is False
    sender.response.mount.usage.is_offloaded = True

    def offloaded(response):
        found = dummies.response(dummies.view(result=[b'aside']))
        found.is_offloaded = True
        return found

    world.site.offloaded = offloaded
    assert sender.send(world.channel) is True
    assert world.channel.sent[0].endswith(b'aside')
    assert not calls.is_wanted and not sender.waits()


def test_two_threads_never_have_a_view_at_once(world):
    inside, seen, senders = [], [], []

    def view(environ, start_response):
        inside.append(1)
        seen.append(len(inside))
        start_response('200 OK', [])
        inside.pop()
        return [b'body']

    class Quiet(object):
        def send(self, data):
            return len(data)

    def run():
        for _time in range(200):
            sender = Sender(dummies.response(view), world.site)
            while not sender.send(Quiet()):
                pass
            senders.append(sender)

    threads = [threading.Thread(target=run) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(senders) == 600 and set(seen) == {1}
