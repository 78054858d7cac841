"""The companion: what answers while the process itself cannot."""
from __future__ import absolute_import, division, print_function

import json
import os
import re
import signal
import socket
import sys
import tempfile
import time
from contextlib import contextmanager

import pytest

from tests.checkout import free_port
from tests.functional.client import Connection
from tests.functional.harness import StartFailed
from tests.functional.test_health import SUITE
from tests.functional.test_listener import ask, with_settings
from tests.waiting import awaited

pytestmark = pytest.mark.skipif(
    sys.version_info[0] == 2 or not sys.platform.startswith('linux'),
    reason='the companion needs Linux and Python 3')

PROGRAM = 'ZServerViews/companion/__main__.py'

HELD = re.compile(r'interpreter held for \d+\.\d s\n\Z')


def children(pid):
    """{pid: (state, command line)} of the children of a process."""
    found = {}
    for name in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open('/proc/%s/stat' % name) as stat:
                fields = stat.read().rpartition(')')[2].split()
            with open('/proc/%s/cmdline' % name) as line:
                command = line.read().replace('\0', ' ')
        except EnvironmentError:
            continue  # it has ended meanwhile
        if int(fields[1]) == pid:
            found[int(name)] = fields[0], command
    return found


def companions(pid):
    """The numbers of all companions of a process that run."""
    return [child for child, (_state, command) in children(pid).items()
            if PROGRAM in command]


def companion_of(pid):
    """The number of the companion, once it is there."""
    return awaited(lambda: companions(pid))[0]


def exists(pid):
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


@pytest.fixture
def address():
    return '127.0.0.1', free_port()


@pytest.fixture
def start(make_instance):
    """start(address) starts an instance with a companion."""
    def start(address, *more, **kw):
        said = (address if isinstance(address, str)
                else '%s:%d' % address)
        instance = make_instance(with_settings(
            'listen ' + said, 'companion on', *SUITE + more), **kw).start()
        serving(instance, address)
        return instance

    return start


def serving(instance, address):
    assert instance.get('/v/hello').text == 'hello'
    assert ask(address, '/-/live').code == 200
    pid = companion_of(instance.pid)
    awaited(lambda: has_begun(pid))
    return pid


def has_begun(pid):
    """Whether it has mapped the page, for which all else must be there."""
    with open('/proc/%d/maps' % pid) as maps:
        return 'zserver-views-page' in maps.read()


@contextmanager
def held(instance, seconds):
    """C code keeps the lock of the interpreter."""
    with instance.connect(timeout=90) as connection:
        connection.request('/@@keep_lock?name=%d' % seconds)
        yield
        assert connection.response().text == 'kept'


@contextmanager
def stopped(pid):
    """All threads of it have been, so that none accepts a client any more."""
    os.kill(pid, signal.SIGSTOP)
    try:
        awaited(lambda: states_of_threads(pid) == {'T'})
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def states_of_threads(pid):
    states = set()
    for number in os.listdir('/proc/%d/task' % pid):
        try:
            with open('/proc/%d/task/%s/stat' % (pid, number)) as stat:
                states.add(stat.read().rpartition(')')[2].split()[0])
        except EnvironmentError:
            pass  # it has ended meanwhile
    return states


def unavailable(address):
    """Wait until the companion answers."""
    def look():
        try:
            return answer_of(address, '/-/live', 2).code == 503
        except socket.timeout:
            # The site has accepted it just before, and will answer it.
            return False

    awaited(look)


def answer_of(address, target, timeout):
    with Connection(address, timeout) as connection:
        return connection.get(target)


def test_the_interpreter_is_held(start, address):
    zope = start(address)
    with held(zope, 8):
        unavailable(address)
        for path in '/-/live', '/-/ready', '/v/hello', '/-/threads':
            answer = ask(address, path)
            assert answer.code == 503
            assert HELD.match(answer.text)
            assert answer.header('Retry-After') == '1'
            assert answer.header('Connection') == 'close'
            assert answer.header('Cache-Control') == 'no-store'
        assert ask(address, '/nothing').code == 404
        assert ask(address, '/@@echo').code == 404
    awaited(lambda: ask(address, '/-/live').code == 200)
    assert ask(address, '/v/hello').text == 'hello'


@pytest.mark.parametrize('which', ['site', 'listener'])
def test_a_blocked_loop_is_not_the_companions(start, address, which):
    """It is said by the other loop, or by the watchdog."""
    zope = start(address)
    with (zope.connect() if which == 'site'
          else Connection(address)) as blocked:
        blocked.request('/v/blocks?10')
        zope.wait_for_output('the loop is blocked')
        # Longer than a process may be silent.
        end = time.time() + 3
        while time.time() < end:
            answer = ask(address, '/v/hello')
            assert answer.code == 503
            assert answer.text.startswith(
                '503 Service Unavailable\n\nViews run one at a time'
                if which == 'site' else "The server's loop has not moved")
            time.sleep(0.1)
        assert blocked.response().text == 'blocked'


def test_kinds_of_requests(start, address):
    zope = start(address)
    with held(zope, 8):
        unavailable(address)
        head = ask(address, '/-/ready', method='HEAD')
        assert (head.code, head.body) == (503, b'')
        assert int(head.header('Content-Length')) > 20
        options = ask(address, '/-/ready', method='OPTIONS', version='1.0')
        assert (options.version, options.code) == ('HTTP/1.0', 503)
        sent = ask(address, '/v/hello', method='POST', body=b'x' * 100000)
        assert sent.code == 503
        with Connection(address) as connection:
            connection.send(b'rubbish\r\n\r\n')
            assert connection.read_to_end().startswith(b'HTTP/1.0 400 ')


def test_nobody_who_asks_meanwhile_is_lost(start, address):
    zope = start(address)
    asked = []
    # It may wake late on a busy machine, and then trusts its clock no more.
    with held(zope, 8):
        for _number in range(45):
            asked.append(Connection(address))
            asked[-1].request('/v/hello', headers=[('Connection', 'close')])
            time.sleep(0.2)
    codes = [connection.response().code for connection in asked]
    assert set(codes) == {200, 503}
    assert codes[-1] == 200
    for connection in asked:
        connection.close()


def test_stacks_from_outside(start):
    address = os.path.join(tempfile.mkdtemp(prefix='zsv-'), 'views')
    zope = start(address)
    with held(zope, 8):
        unavailable(address)
        answer = ask(address, '/-/threads?limit=3')
        assert answer.code == 200
        assert 'interpreter held for' in answer.text
        assert re.search(r'fixture_zope/__init__\.py", line \d+ in ',
                         answer.text)
        assert 'most recent call first' in answer.text
        # Again, and not one behind the other.
        again = ask(address, '/-/threads').text
        assert again.count('most recent call first') == (
            answer.text.count('most recent call first'))
    assert zope.get('/v/hello').text == 'hello'


FOUND = [{'os_thread_id': 7, 'thread_name': 'waitress-0', 'owns_gil': True,
          'frames': [{'filename': 'a.py', 'line': 3, 'name': 'f'}]}]


def test_stacks_of_a_stopped_process(start, tmpdir):
    # If there is a real one, or Python has its own, that is asked first.
    program = tmpdir.join('py-spy')
    program.write('#!/bin/sh\ncat <<EOF\n%s\nEOF\n' % json.dumps(FOUND))
    program.chmod(0o700)
    address = os.path.join(tempfile.mkdtemp(prefix='zsv-'), 'views')
    zope = start(address, environ={
        'PATH': os.pathsep.join([str(tmpdir), os.environ['PATH']])})
    with stopped(zope.pid):
        awaited(lambda: ask(address, '/-/live').text == 'stopped\n')
        answer = ask(address, '/-/threads')
        assert answer.code == 200
        assert re.match(r'stopped; the stacks from outside, by '
                        r'(py-spy|profiling\.sampling):\n\n', answer.text)
        assert re.search(r'File ".*\.py", line \d+', answer.text)
        assert ask(address, '/-/live').text == 'stopped\n'
    assert zope.get('/v/hello').text == 'hello'


def test_a_stopped_process(start, address):
    zope = start(address)
    with stopped(zope.pid):
        # Asked at once, it waits for its answer.
        answer = ask(address, '/-/ready')
        assert (answer.code, answer.text) == (503, 'stopped\n')
    awaited(lambda: ask(address, '/-/ready').code == 200)


def test_a_killed_process_and_the_next_one(start, address):
    zope = start(address)
    before = companion_of(zope.pid)
    os.kill(zope.pid, signal.SIGKILL)
    awaited(lambda: ask(address, '/-/live').text == 'killed by signal 9\n')
    assert ask(address, '/nothing').code == 404
    assert not zope.is_running()
    assert exists(before)
    zope.start()
    after = serving(zope, address)
    assert after != before
    assert 'Address already in use' not in zope.output()
    awaited(lambda: not exists(before))
    with stopped(zope.pid):
        assert ask(address, '/-/live').text == 'stopped\n'


def test_the_next_one_on_a_unix_socket(start):
    address = os.path.join(tempfile.mkdtemp(prefix='zsv-'), 'views')
    zope = start(address)
    before = companion_of(zope.pid)
    os.kill(zope.pid, signal.SIGKILL)
    awaited(lambda: ask(address, '/-/live').text == 'killed by signal 9\n')
    assert not zope.is_running()
    zope.start()
    serving(zope, address)
    awaited(lambda: not exists(before))


def test_it_does_not_stay(start, address):
    zope = start(address)
    pid = companion_of(zope.pid)
    os.kill(zope.pid, signal.SIGKILL)
    awaited(lambda: not exists(pid))
    with pytest.raises(socket.error):
        ask(address, '/-/live')


def test_a_forked_child_is_not_the_parent(start, address):
    zope = start(address, '<view /fork>', 'name fixture_companion.fork',
                 '</view>')
    pid = companion_of(zope.pid)
    child = int(zope.get('/fork').text)
    try:
        os.kill(zope.pid, signal.SIGKILL)
        awaited(lambda: ask(address, '/-/live').text
                == 'killed by signal 9\n')
        assert exists(child)
        awaited(lambda: not exists(pid))
        assert exists(child)
        with pytest.raises(socket.error):
            ask(address, '/-/live')  # the child has not kept the listener
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_an_orderly_end_leaves_nobody(start, address, number):
    zope = start(address)
    pid = companion_of(zope.pid)
    os.kill(zope.pid, number)
    awaited(lambda: not zope.is_running())
    assert not exists(pid)
    with pytest.raises(socket.error):
        ask(address, '/-/live')


def test_a_companion_that_is_killed(start, address):
    zope = start(address)
    pid = companion_of(zope.pid)
    os.kill(pid, signal.SIGKILL)
    zope.wait_for_log('event.log', r'The companion was killed by signal 9 \(')
    assert not exists(pid)  # nor is it a zombie
    assert not companions(zope.pid)
    assert ask(address, '/-/live').code == 200
    assert zope.get('/v/hello').text == 'hello'


def test_what_it_costs(start, address):
    zope = start(address)
    pid = companion_of(zope.pid)
    assert proportional_kib(pid) <= 8192
    before = clock_ticks(pid)
    time.sleep(5)
    assert clock_ticks(pid) - before <= 2


def proportional_kib(pid):
    """Its memory (PSS): of what it shares with others, its part."""
    with open('/proc/%d/smaps_rollup' % pid) as rollup:
        share, = [int(line.split()[1]) for line in rollup
                  if line.startswith('Pss:')]
    return share


def clock_ticks(pid):
    with open('/proc/%d/stat' % pid) as stat:
        fields = stat.read().rpartition(')')[2].split()
    return int(fields[11]) + int(fields[12])


def test_off_by_default(make_instance, address):
    zope = make_instance(with_settings('listen %s:%d' % address)).start()
    # The listener opens with the first iteration of the loop.
    assert zope.get('/v/hello').text == 'hello'
    assert ask(address, '/v/hello').text == 'hello'
    assert not children(zope.pid)


def test_without_a_listener(make_instance):
    zope = make_instance(with_settings('companion on'))
    with pytest.raises(StartFailed) as info:
        zope.start()
    assert 'set listen too' in str(info.value)
