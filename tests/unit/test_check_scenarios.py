"""What the scenarios find out, on a server that is none."""
from __future__ import absolute_import, division, print_function

import contextlib
import socket

import pytest

from Products.ZServerViews.check import client, scenarios
from Products.ZServerViews.check.scenarios import (
    SCENARIOS, Ground, Scenario, named)


class Pending(object):
    """A request for Zope."""

    def __init__(self, early=False, finishes=True):
        self.is_answered = lambda: early
        self.finish = lambda seconds: finishes
        self.closed = False

    def close(self):
        self.closed = True


class Connection(object):
    def __init__(self, broken=False):
        self.broken = broken
        self.sent = b''
        self.closed = False

    def sendall(self, data):
        if self.broken:
            raise socket.error('broken')
        self.sent += data

    def close(self):
        self.closed = True


class Instance(object):
    """``told``: name -> what each call gets, in turn; the last for good."""

    threads = 2
    connection_limit = 3

    def __init__(self, **told):
        self.told = dict({'open_gate': [True], 'close_gate': [True]}, **told)
        self.asked = []
        self.memory = [0]

    def control(self, name, connection=None):
        self.asked.append(name)
        told = self.told[name.partition('?')[0]]
        answer = told.pop(0) if len(told) > 1 else told[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def resident_bytes(self):
        return self.memory.pop(0)


def states(name, *values):
    return [{name: value} for value in values]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(scenarios.time, 'sleep', lambda seconds: None)


@pytest.fixture
def connections(monkeypatch):
    made = []

    def connect(address):
        made.append(Connection(broken=len(made) == 1))
        return made[-1]

    monkeypatch.setattr(client, 'connect', connect)
    return made


@pytest.fixture
def pending(monkeypatch):
    """(what will become of requests for Zope, those that were made)"""
    given = []
    made = []

    def make(address, path):
        made.append((path, given.pop(0)))
        return made[-1][1]

    monkeypatch.setattr(client, 'Pending', make)
    return given, made


def test_at_work(pending):
    pending[0].extend([Pending(), Pending(), Pending()])
    instance = Instance(state=states('waiting', 0, 1, 2, 1, 0))
    ground = Ground(None, '/v', instance)
    with ground.at_work('logs', 'sleep', 'sleep'):
        assert instance.asked == ['close_gate'] + ['state'] * 3
    assert instance.asked[4:] == ['open_gate', 'open_gate', 'state', 'state']
    assert [path for path, _made in pending[1]] == [
        '/-check-/work/logs', '/-check-/work/sleep', '/-check-/work/sleep']
    assert ground.problems == []
    assert ground.remarks == [
        '3 of 3 requests for Zope were answered in the end']
    assert all(made.closed for _path, made in pending[1])


def test_at_work_all_goes_wrong(pending, monkeypatch):
    pending[0].extend([Pending(early=True), Pending(finishes=False)])
    ground = Ground(None, '/v', Instance(state=states('waiting', 1, 2)))
    with ground.at_work('sleep', 'sleep'):
        monkeypatch.setattr(Ground, 'wait_until',
                            lambda self, name, reached: False)
    assert ground.problems == [
        '1 requests for Zope were answered too early',
        '1 of 2 requests for Zope were answered in the end',
        'workers have not come back']


def test_workers_do_not_take_up_work(pending, monkeypatch):
    pending[0].append(Pending())
    monkeypatch.setattr(Ground, 'wait_until', lambda self, name, reached: not
                        reached(1))
    ground = Ground(None, '/v', Instance())
    with ground.at_work('sleep'):
        pass
    assert ground.problems[0] == 'fewer than 1 workers have taken up work'


def test_waiting_has_an_end():
    ground = Ground(None, '/v', Instance(state=states('waiting', 1)))
    assert not ground.wait_until('waiting', lambda found: False, -1)


def test_requests_while_a_worker_is_in_c_code(pending):
    for finishes in True, False:
        pending[0].append(Pending(finishes=finishes))
        ground = Ground(None, '/v', Instance())
        with scenarios.c_code(ground):
            pass
        assert bool(ground.problems) is not finishes


@pytest.mark.parametrize('instance, number', [(Instance(), 53), (None, 150)])
@pytest.mark.parametrize('scenario, sent', [
    (scenarios.idle_connections, b''),
    (scenarios.half_sent, b'GET /v HTTP/1.1\r\nHost: localhost\r\nX-')])
@pytest.mark.parametrize('settles', [True, False])
def test_connections(connections, monkeypatch, scenario, sent, instance,
                     number, settles):
    def ask(address, path):
        if not settles:
            raise client.Lost('no')

    monkeypatch.setattr(client, 'ask', ask)
    ground = Ground(None, '/v', instance)
    with scenario(ground):
        assert [one.closed for one in connections] == [False] * number
    assert connections[0].sent == sent
    assert [one.closed for one in connections] == [True] * number
    assert ground.remarks == ['%d connections' % number]


@pytest.fixture
def sound(monkeypatch):
    """Connections of which none is broken."""
    made = []
    monkeypatch.setattr(client, 'connect', lambda address: (
        made.append(Connection()) or made[-1]))
    return made


def test_readers(sound):
    ground = Ground(None, '/v', Instance())
    ground.instance.memory = [1 << 20, 3 << 20]
    with scenarios.readers(ground):
        assert [one.sent.split()[1] for one in sound] == [
            b'/-check-/huge', b'/-check-/endless', b'/-check-/huge']
    assert ground.remarks == ['the memory grew by 2.0 MiB']


def test_readers_where_memory_is_not_told(sound):
    ground = Ground(None, '/v', Instance())
    ground.instance.memory = [None]
    with scenarios.readers(ground):
        pass
    assert ground.remarks == []


def test_readers_of_a_running_server(sound):
    ground = Ground(None, '/v')
    with scenarios.readers(ground):
        assert len(sound) == 3
        assert sound[0].sent == client.request('/v') * 50
    assert ground.remarks == []


@pytest.mark.parametrize('written, problems', [(20, 0), (19, 1)])
def test_records(monkeypatch, written, problems):
    monkeypatch.setattr(Ground, 'at_work',
                        lambda self, *kinds: contextlib.closing(Connection()))
    monkeypatch.setattr(Ground, 'wait_until',
                        lambda self, name, reached: reached(5 + written))
    instance = Instance(state=states('logged', 5, 5 + written), log=[True])
    ground = Ground(None, '/v', instance)
    with scenarios.log_locks(ground):
        assert instance.asked.count('log') == 20
    assert ground.remarks == ['%d of 20 records logged in the loop meanwhile '
                              'were written' % written]
    assert len(ground.problems) == problems


def test_fewer_descriptors_than_wanted():
    ground = Ground(None, '/v', Instance(open_files=[False],
                                         close_files=[True]))
    with scenarios.many_descriptors(ground):
        assert ground.instance.asked == ['open_files?1100']
    assert 'not tried' in ground.remarks[0]
    assert ground.instance.asked[-1] == 'close_files'


@pytest.mark.parametrize('turns, problems', [(400, 0), (401, 1)])
def test_a_loop_that_spins(sound, turns, problems):
    instance = Instance(state=states('turns', *[0] * 2 + [turns] * 30),
                        use_up_files=[True],
                        close_files=[client.Lost('gone'), True])
    ground = Ground(None, '/v', instance)
    ground.kept = [Connection()]
    with scenarios.no_descriptors(ground):
        assert len(ground.problems) == problems
    assert [one.closed for one in sound] == [True] * 2
    assert instance.asked[-3:] == ['close_files', 'close_files', 'state']


def test_names():
    names = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == 13
    assert [one.name for one in named([])] == names
    assert [one.name for one in named(['readers', 'baseline'])] == [
        'baseline', 'readers']
    assert all(isinstance(one, Scenario) and one.title for one in SCENARIOS)
    with pytest.raises(ValueError):
        named(['readers', 'rain'])


def test_those_for_a_running_server_need_no_instance():
    harmless = [one.name for one in SCENARIOS if one.harmless]
    assert harmless == ['baseline', 'idle-connections', 'half-sent', 'readers']
