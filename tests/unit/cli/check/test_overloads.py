"""What the overloads find out, on a server that is none."""
from __future__ import absolute_import, division, print_function

import contextlib

import pytest

from Products.ZServerViews.cli.check import client, overloads
from Products.ZServerViews.cli.check.ground import Ground
from tests.unit.cli.check.check_dummies import Connection, Instance, Pending, states

pytestmark = pytest.mark.usefixtures('no_sleep')


@pytest.fixture
def connections(monkeypatch):
    made = []

    def connect(address):
        made.append(Connection(broken=len(made) == 1))
        return made[-1]

    monkeypatch.setattr(client, 'connect', connect)
    return made


def test_requests_while_a_worker_is_in_c_code(pending):
    for finishes in True, False:
        pending[0].append(Pending(finishes=finishes))
        ground = Ground(None, '/v', Instance())
        with overloads.c_code(ground):
            pass
        assert bool(ground.problems) is not finishes


@pytest.mark.parametrize('instance, number', [(Instance(), 53), (None, 150)])
@pytest.mark.parametrize('scenario, sent', [
    (overloads.idle_connections, b''),
    (overloads.half_sent, b'GET /v HTTP/1.1\r\nHost: localhost\r\nX-')])
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
    with overloads.readers(ground):
        assert [one.sent.split()[1] for one in sound] == [
            b'/-check-/huge', b'/-check-/endless', b'/-check-/huge']
    assert ground.remarks == ['the memory grew by 2.0 MiB']


def test_readers_where_memory_is_not_told(sound):
    ground = Ground(None, '/v', Instance())
    ground.instance.memory = [None]
    with overloads.readers(ground):
        pass
    assert ground.remarks == []


def test_readers_of_a_running_server(sound):
    ground = Ground(None, '/v')
    with overloads.readers(ground):
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
    with overloads.log_locks(ground):
        assert instance.asked.count('log') == 20
    assert ground.remarks == ['%d of 20 records logged in the event loop '
                              'were written' % written]
    assert len(ground.problems) == problems


def test_fewer_descriptors_than_wanted():
    ground = Ground(None, '/v', Instance(open_files=[False],
                                         close_files=[True]))
    with overloads.many_descriptors(ground):
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
    with overloads.no_descriptors(ground):
        assert len(ground.problems) == problems
    assert [one.closed for one in sound] == [True] * 2
    assert instance.asked[-3:] == ['close_files', 'close_files', 'state']
