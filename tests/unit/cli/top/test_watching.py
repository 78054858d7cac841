"""What is asked of one instance, and what is made of it."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.cli.top import asking, judging
from Products.ZServerViews.cli.top.latency import Latency, reading_of
from tests.unit.cli.top import top_dummies as dummies
from tests.unit.cli.top.top_dummies import Clock, Suite, looked, stuck
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
        'silent', ['it is so; the last answer came 12.0 s ago'])
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


def read(latency, now, *counts, **kw):
    latency.read(reading_of(dummies.metrics(*counts, **kw)), now)


def test_latency():
    latency = Latency()
    read(latency, 0, 10, 10, 10, 10)
    assert (latency.p50, latency.p95) == (None, None)
    read(latency, 5, 20, 20, 20, 20)
    assert (latency.p50, latency.p95) == (0.05, 0.095)
    # What was before the window no longer counts.
    read(latency, 40, 20, 30, 30, 30)
    assert latency.p50 == 0.55
    read(latency, 80, 20, 30, 30, 40)
    assert latency.p50 == 10
    # A new process.
    read(latency, 90, 1, 1, 1, 1)
    assert latency.p50 is None


def test_latency_of_several_processes_at_one_address():
    latency = Latency()
    read(latency, 0, 900, 950, 1000, 1000, started=1.0)
    # Another one, which has answered more: there is no difference between the two.
    read(latency, 5, 2000, 2000, 2000, 2000, started=2.0)
    assert latency.p50 is None
    read(latency, 10, 900, 960, 1010, 1010, started=1.0)
    assert latency.p50 == 0.55
    read(latency, 15, 2090, 2090, 2090, 2090, started=2.0)
    assert latency.p50 < 0.1 and 0.1 < latency.p95
    # Those that have gone are forgotten.
    read(latency, 100, 1, 1, 1, 1, started=3.0)
    assert latency.p50 is None and len(latency._readings) == 1


def test_more_stuck_workers_than_requests_are_shown():
    suite = Suite(**stuck(
        workers=dummies.workers(1100, 1100, 50, 0, 60.0), requests=dict(
            dummies.requests(*[dummies.request(u'/report', 60.0, 60.0, ident)
                               for ident in range(1000)]), omitted_requests=150)))
    found = dummies.watcher(suite)
    found.look()
    assert judged(found)[0] == 'stuck'
    assert ('requests', '&limit=1000') in [asked[:2] for asked in suite.asked]
    suite = Suite(workers=dummies.workers(201, 256))
    dummies.watcher(suite).look()
    assert ('requests', '&limit=256') in [asked[:2] for asked in suite.asked]


@pytest.mark.parametrize('name, document', [
    ('live', {}), ('ready', {'status': 'fail', 'checks': [1]}),
    ('requests', {'requests': [{'path': u'/'}], 'omitted_requests': 0}),
    ('requests', {'requests': [dummies.request(age=u'old')],
                  'omitted_requests': 0}),
    ('requests', dummies.requests(dummies.request(worked=[]))),
    ('metrics', {'x': 1}), ('metrics', dummies.metrics(1, u'2', 3, 4)),
    ('threads', {'threads': [{}]}),
    ('threads', dummies.threads(dummies.thread(1, (None, 1, u'f'))))])
def test_one_document_of_another_version(name, document):
    found = dummies.watcher(Suite(**{name: document}))
    found.wants_stacks = True
    found.look()
    state, reasons = judged(found)
    assert state == 'ok'
    assert 'not understood' in found.seen.missing[name].text
    assert [reason.partition(':')[0] for reason in reasons] == (
        [] if name == 'metrics' else [name])


def test_a_suite_that_does_not_tell_what_was_asked_for():
    older = dummies.request(u'/page')
    del older['asked_host'], older['asked_path']
    assert looked(requests=dummies.requests(older)).seen.requests.all[
        0].title == u'GET /page'
