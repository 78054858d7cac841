"""The companion under servers that have no hook: gunicorn, bjoern and uWSGI."""
from __future__ import absolute_import, division, print_function

import os
import re
import select
import signal
import time

import pytest

from Products.ZServerViews.companion.memory_readers import output_of, path_of
from tests.checkout import is_listening
from tests.functional.client import Connection
from tests.functional.harness import on_others
from tests.functional.harness.instance import FIXTURE_SECTION
from tests.functional.test_companion import (
    HELD,
    ask,
    clock_ticks,
    companion_of,
    companions,
    exists,
    has_begun,
    proportional_kib,
    stopped,
    unavailable,
)
from tests.waiting import awaited

pytestmark = pytest.mark.servers

CONF = FIXTURE_SECTION.replace('</product-config>', '''
    monitor /-/   Products.ZServerViews.views.monitor
    fork    /fork fixture_companion.fork
</product-config>''')
# Seconds, so that there is time for questions on a slow machine too.
HOLD = 5
CLOSE = [('Connection', 'close')]
KILLED = 'killed by signal 9\n'


# The one worker is the one that is asked.

class Sync(on_others.Sync):
    SERVER = on_others.Sync.SERVER.replace('workers = 2', 'workers = 1')
    workers = 1


class UWSGI(on_others.UWSGI):
    OPTIONS = ['--master', '--processes', '1', '--threads', '2',
               '--die-on-term']
    workers = 2


KINDS = [on_others.GThread, Sync, on_others.Bjoern, UWSGI]
each_kind = {'params': KINDS, 'ids': [kind.name for kind in KINDS]}


class OnUnixSocket(on_others.GThread):
    """Its listener for views is one."""

    @property
    def addresses(self):
        return [('127.0.0.1', self.port), self._path('views')]

    def _configure(self, listen):
        super(OnUnixSocket, self)._configure(listen)
        self._edit('zope.conf', '    listen .*',
                   '    listen ' + self._path('views'))

    def _is_serving(self):
        return is_listening(self.port) and self.listener_answers()


def started(kind):
    zope = kind(CONF)
    zope._edit('zope.conf', '    listen ', '    companion on\n    listen ')
    zope.start()
    return zope


@pytest.fixture(scope='module', **each_kind)
def kept(request):
    """A server that outlives the tests."""
    zope = started(request.param)
    yield zope
    zope.stop()


@pytest.fixture(**each_kind)
def zope(request):
    """A server that does not."""
    zope = started(request.param)
    yield zope
    zope.stop()


def listener(zope):
    return zope.addresses[1]


def serving(zope, not_pid=None):
    """(pid, that of its companion) of the process that has the listener, once
    it is another than the one given."""

    def look():
        try:
            found = int(ask(listener(zope), '/v/pid').text)
        except (EnvironmentError, EOFError, ValueError):
            return None  # the one has gone, and the other has not come
        return found if found != not_pid else None

    pid = awaited(look)
    companion = companion_of(pid)
    awaited(lambda: has_begun(companion))
    return pid, companion


def refused(address):
    try:
        Connection(address).close()
    except OSError:
        return True
    return False


def test_a_regular_expression_holds_the_interpreter(kept):
    serving(kept)
    asked = []
    with kept.connect(timeout=90) as holds:
        holds.request('/@@match?seconds=%d' % HOLD, headers=CLOSE)
        unavailable(listener(kept))
        first = ask(listener(kept), '/-/ready')
        assert first.code == 503
        assert HELD.match(first.text)
        assert first.header('Retry-After') == '1'
        # Until the site goes on.
        while True:
            asked.append(Connection(listener(kept)))
            asked[-1].request('/v/hello', headers=CLOSE)
            if select.select([holds.socket], [], [], 0.1)[0]:
                break
        assert holds.response().text == 'matched'
    codes = []
    for connection in asked:
        codes.append(connection.response().code)
        connection.close()
    assert set(codes) <= {200, 503}
    awaited(lambda: ask(listener(kept), '/v/hello').text == 'hello')
    assert kept.get('/v/hello').text == 'hello'


def test_a_stopped_process(kept):
    pid, _companion = serving(kept)
    with stopped(pid):
        answer = ask(listener(kept), '/-/ready')
        assert (answer.code, answer.text) == (503, 'stopped\n')
    awaited(lambda: ask(listener(kept), '/-/ready').code == 200)
    assert kept.get('/v/hello').text == 'hello'


def test_what_it_costs(kept):
    _pid, companion = serving(kept)
    assert proportional_kib(companion) <= 8192
    before = clock_ticks(companion)
    time.sleep(5)
    assert clock_ticks(companion) - before <= 2


# The last one with this server: none is started for a minute.
def test_a_companion_that_is_killed(kept):
    pid, companion = serving(kept)
    os.kill(companion, signal.SIGKILL)
    kept.wait_for_log('event.log', r'The companion was killed by signal 9 \(')
    assert not exists(companion)  # nor is it a zombie
    assert not companions(pid)
    assert ask(listener(kept), '/v/hello').text == 'hello'
    assert kept.get('/v/hello').text == 'hello'
    assert kept.is_running()


def test_a_process_that_is_killed(zope):
    pid, companion = serving(zope)
    if zope.has_workers:
        # Else its worker would be there again too soon for a question.
        with stopped(zope.pid):
            os.kill(pid, signal.SIGKILL)
            awaited(lambda: ask(listener(zope), '/-/live').text == KILLED)
            assert ask(listener(zope), '/nothing').code == 404
            waits = Connection(listener(zope))
            waits.request('/v/hello', headers=CLOSE)
    else:
        os.kill(pid, signal.SIGKILL)
        awaited(lambda: ask(listener(zope), '/-/live').text == KILLED)
        assert not zope.is_running()
        zope.start()
        waits = Connection(listener(zope))
        waits.request('/v/hello', headers=CLOSE)
    with waits:
        # By whoever has the listener by now.
        assert waits.response().code in (200, 503)
    _pid, another = serving(zope, not_pid=pid)
    assert another != companion
    awaited(lambda: not exists(companion))
    assert 'Address already in use' not in zope.log('event.log')
    assert zope.get('/v/hello').text == 'hello'


def test_a_restart(zope):
    pid, companion = serving(zope)
    if zope.has_workers:
        os.kill(zope.pid, signal.SIGHUP)
    else:
        zope.end()
        zope.start()
    _pid, another = serving(zope, not_pid=pid)
    assert another != companion
    awaited(lambda: not exists(companion))
    assert zope.get('/v/hello').text == 'hello'


def test_an_orderly_end(zope):
    _pid, companion = serving(zope)
    zope.end()
    # A worker ends it; where SIGTERM just ends the process, it does so itself.
    if zope.has_workers:
        assert not exists(companion)
    awaited(lambda: not exists(companion))
    assert refused(listener(zope))


def test_a_forked_child_is_not_the_worker(zope):
    pid, companion = serving(zope)
    child = int(ask(listener(zope), '/fork').text)
    try:
        assert not companions(child)
        os.kill(pid, signal.SIGKILL)
        awaited(lambda: not exists(companion))
        assert exists(child)
        if zope.has_workers:
            serving(zope, not_pid=pid)
        else:
            # The child has not kept the listener.
            assert refused(listener(zope))
    finally:
        os.kill(child, signal.SIGKILL)


def test_py_spy_tells_who_holds_the_interpreter_of_a_stopped_process():
    program = path_of('py-spy')
    if program is None or output_of(
            [program, 'dump', '--json', '--nonblocking', '--pid',
             str(os.getpid())], time.monotonic, patience=60) is None:
        pytest.skip('there is no py-spy that may look into a process')
    zope = started(OnUnixSocket)
    try:
        pid, _companion = serving(zope)
        with zope.connect(timeout=90) as holds:
            holds.request('/@@match?seconds=%d' % HOLD, headers=CLOSE)
            unavailable(listener(zope))
            written = ask(listener(zope), '/-/threads').text
            with stopped(pid):
                read = ask(listener(zope), '/-/threads').text
            assert holds.response().text == 'matched'
        assert 'outside, by faulthandler:' in written
        assert read.startswith('stopped; the stacks from outside, by ')
        holder = re.search(r'(?s), which holds the interpreter \(.*?\n\n',
                           read).group()
        assert 'fixture_zope/__init__.py' in holder
        assert '"zserver-views-watchdog" (most recent' in read
        assert zope.get('/v/hello').text == 'hello'
    finally:
        zope.stop()
