"""What a ground finds out of requests for Zope, on a server that is none."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.cli.check.ground import Ground
from tests.unit.cli.check.check_dummies import Instance, Pending, states

pytestmark = pytest.mark.usefixtures('no_sleep')


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
        'workers have not finished']


def test_workers_do_not_take_up_work(pending, monkeypatch):
    pending[0].append(Pending())
    monkeypatch.setattr(Ground, 'wait_until', lambda self, name, reached: not
                        reached(1))
    ground = Ground(None, '/v', Instance(state=states('waiting', 0)))
    with ground.at_work('sleep'):
        pass
    assert ground.problems[0] == 'only 0 of 1 workers have begun to work'


def test_waiting_has_an_end():
    ground = Ground(None, '/v', Instance(state=states('waiting', 1)))
    assert not ground.wait_until('waiting', lambda found: False, -1)
