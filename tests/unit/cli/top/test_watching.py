"""What is asked of one instance, and what is made of it."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.cli.top import asking, judging
from Products.ZServerViews.cli.top.latency import Latency
from Products.ZServerViews.cli.top.same_line import same_line, telling
from tests.unit.cli.top import top_dummies as dummies
from tests.unit.cli.top.top_dummies import FRAMES, Clock, Suite, looked, stuck
from tests.waiting import awaited


def judged(found):
    return judging.judged(found, found.seen_at or 100.0)


def trouble(kind):
    return asking.Trouble(kind, u'it is so')


def test_an_instance_that_is_well():
    suite = Suite()
    found = dummies.watcher(suite)
    assert judged(found) == ('asked', [])
    found.look()
    assert judged(found) == ('ok', [])
    assert suite.names == ['workers', 'live', 'ready', 'requests', 'metrics']
    assert {timeout for _name, _query, timeout in suite.asked} == {1.5}
    found.look()
    assert suite.names[5:] == ['workers', 'live', 'ready', 'requests']


def test_stuck_workers():
    found = looked(**stuck())
    state, reasons = judged(found)
    assert state == 'stuck'
    assert reasons == [
        'not ready: the oldest request has waited 11.5 s',
        'no worker has taken a request for 12.0 s; 2 wait, the oldest for 11.5 s',
        u'the same line in 4 of 4: /srv/mysite/accounts.py:15 __call__']


def test_not_live_is_stuck_and_is_said_once():
    found = looked(live=dummies.health(u'blocked'), ready=dummies.health(
        u'blocked', u'draining'))
    assert judged(found) == ('stuck', ['not live: blocked',
                                       'not ready: draining'])


def test_states_in_between():
    assert judged(looked(ready=dummies.health(u'draining'))) == (
        'not ready', ['not ready: draining'])
    full = stuck(ready=dummies.health(), workers=dummies.workers(4, 4, 0))
    assert judged(looked(**full))[0] == 'full'
    # One has begun a moment ago.
    full['requests']['requests'][0]['worked_seconds'] = 0.2
    assert judged(looked(**full)) == ('ok', [])


def test_a_probe_that_does_not_say_why():
    found = looked(live={'status': 'fail'})
    assert judged(found) == ('stuck', ['not live'])


def test_requests_that_may_not_be_seen():
    hidden = trouble(asking.NO_ACCESS)
    found = looked(requests=hidden, workers=dummies.workers(4, 4, 1, 0, 12.0))
    state, reasons = judged(found)
    assert state == 'stuck'
    assert 'requests: it is so' in reasons
    found = looked(requests=hidden, workers=dummies.workers(4, 4, 1, 5, 12.0))
    assert judged(found)[0] == 'ok'


@pytest.mark.parametrize('kind, state', [
    (asking.DEAD, 'dead'), (asking.SILENT, 'silent'), (asking.ODD, 'odd'),
    (asking.BLOCKED, 'stuck'), (asking.NO_SUITE, 'no suite')])
def test_an_instance_that_does_not_answer(kind, state):
    suite = Suite(workers=trouble(kind))
    found = dummies.watcher(suite)
    found.look()
    assert judged(found) == (state, ['it is so'])
    assert suite.names == ['workers']


def test_health_is_told_without_access_to_more():
    found = looked(workers=trouble(asking.NO_ACCESS))
    assert judged(found) == ('no access', ['it is so'])
    found = looked(workers=trouble(asking.NO_ACCESS), live={'status': 'fail'})
    assert judged(found) == ('stuck', ['not live', 'it is so'])


def test_one_that_no_longer_answers():
    clock, suite = Clock(), Suite()
    found = dummies.watcher(suite, clock=clock)
    found.look()
    suite.documents['workers'] = trouble(asking.SILENT)
    clock.now += 12
    found.look()
    assert judged(found) == (
        'silent', ['it is so; the last one came 12.0 s ago'])
    assert found.answered.workers == dummies.workers()


def test_a_look_that_hangs():
    found = dummies.watcher(Suite())
    found.asking_since = 100.0
    assert judging.judged(found, 101.0) == ('asked', [])
    assert judging.judged(found, 104.0) == ('silent', ['no answer for 4.0 s'])


def test_all_questions_together_have_the_time():
    clock, suite = Clock(), Suite()
    found = dummies.watcher(suite, clock=clock)

    def ask(place, name, query='', timeout=None):
        clock.now += 1
        return suite.ask(place, name, query, timeout)

    found._ask_place = ask
    found.look()
    assert [timeout for _name, _query, timeout in suite.asked] == [1.5, 0.5]
    assert found.seen.missing['requests'].text == 'no answer within 1.5 s'


@pytest.mark.parametrize('document', [{}, {'busy': None}, dict(
    dummies.workers(), finished_by_seconds=[])])
def test_whoever_answers_something_else(document):
    state, reasons = judged(looked(workers=document))
    assert state == 'odd'
    assert 'not understood' in reasons[0]


def test_stacks_only_where_somebody_wants_them():
    suite = Suite()
    found = dummies.watcher(suite)
    found.wants_stacks = True
    found.look()
    assert 'threads' in suite.names


def test_it_looks_in_a_thread_of_its_own_and_at_once_when_told():
    suite = Suite()
    found = dummies.watcher(suite)
    found._interval = 3600
    found.start()
    awaited(lambda: found.seen)
    found.hurry()
    awaited(lambda: suite.names.count('workers') == 2)


def test_the_innermost_line_that_tells_something():
    assert telling(FRAMES) == FRAMES[1]
    assert telling(FRAMES[2:]) == FRAMES[2]
    assert telling(FRAMES[:1]) == FRAMES[0]


def test_the_same_line():
    many = [dummies.thread(ident, *FRAMES) for ident in range(3)]
    found = same_line(many, 5)
    assert (found.number, found.total, found.frame) == (3, 3, list(FRAMES[1]))
    others = [dummies.thread(ident, (u'/a.py', ident, u'f'))
              for ident in range(3)]
    assert same_line(many + others, 5).number == 3
    assert same_line(many[:2] + others, 5) is None
    assert same_line(many[:1], 5) is None
    assert same_line([], 5) is None
    assert same_line(many, 60) is None


def test_latency():
    latency = Latency()
    latency.read(dummies.metrics(10, 10, 10, 10), 0)
    assert (latency.p50, latency.p95) == (None, None)
    latency.read(dummies.metrics(20, 20, 20, 20), 5)
    assert (latency.p50, latency.p95) == (0.05, 0.095)
    # What was before the window no longer counts.
    latency.read(dummies.metrics(20, 30, 30, 30), 40)
    assert latency.p50 == 0.55
    latency.read(dummies.metrics(20, 30, 30, 40), 80)
    assert latency.p50 == 10
    # A new process.
    latency.read(dummies.metrics(1, 1, 1, 1), 90)
    assert latency.p50 is None
