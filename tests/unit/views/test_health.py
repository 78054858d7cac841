"""views.health: the verdicts, and who learns why."""
from __future__ import absolute_import, division, print_function

import json
import os

import pytest

from Products.ZServerViews.monitor.helperchecks import HelperChecks
from Products.ZServerViews.views.health import HealthView, LiveView, ready, startup
from tests.unit.monitor.monitor_dummies import Server, ask
from tests.unit.site_dummies import FAR, NEAR, TOKEN, Site

OK, FAILED = '200 OK', '503 Service Unavailable'


@pytest.fixture
def live():
    return LiveView()


# The line about the process.
ABOUT = u'pid %d' % os.getpid()


@pytest.fixture
def site():
    return Site(live_timeout=60.0, ready_max_wait=5.0, ready_max_queue=3)


def stuck(site, number=1):
    """A server whose one worker has a request, and so many wait."""
    requests = [site.recorder.received('GET', '/', None)
                for _number in range(number + 1)]
    site.recorder.begins(requests[0])
    return Server(requests, [1])


def status(view, site, server=None, **kw):
    return ask(view, site, server, **kw)[0]


@pytest.mark.parametrize('view', [LiveView(), ready, startup])
def test_who_may_not_see_more_than_the_status(site, view):
    server = Server()
    for query, body in (('', u'ok\n'), ('verbose', u'ok\n'),
                        ('format=json', u'{"status": "pass"}\n'),
                        ('format=health', u'{"status": "pass"}\n')):
        assert ask(view, site, server, query, **FAR)[2] == body
    passed_on = dict(NEAR, HTTP_X_FORWARDED_FOR='127.0.0.1')
    assert ask(view, site, server, 'verbose', **passed_on)[2] == u'ok\n'


@pytest.mark.parametrize('who', [NEAR, dict(FAR, **TOKEN)])
def test_details_for_operators(site, who):
    assert ask(ready, site, Server(), 'verbose', **who)[2].splitlines() == [
        u'[+]event-loop ok', u'[+]started ok', u'[+]not-draining ok',
        u'[+]wait ok', u'[+]queue ok', ABOUT, u'ok']
    assert ask(ready, site, Server(), **who)[2] == u'ok\n'
    assert ask(startup, site, None, 'verbose', **who)[2] == (
        u'[+]event-loop ok\n[+]started ok\n%s\nok\n' % ABOUT)


def test_by_accept(site):
    code, headers, body = ask(startup, site, HTTP_ACCEPT=(
        'application/health+json, */*;q=0.1'), **NEAR)
    assert headers['content-type'] == 'application/health+json'
    assert json.loads(body) == {'status': 'pass', 'pid': os.getpid(),
                                'worker': None,
                                'checks': {'event-loop': [{'status': 'pass'}],
                                           'started': [{'status': 'pass'}]}}
    assert headers['cache-control'] == 'no-store'


def test_methods(site):
    assert ask(ready, site, Server(), method='HEAD')[0] == OK
    code, headers, _body = ask(ready, site, Server(), method='POST')
    assert code == '405 Method Not Allowed'
    assert headers['allow'] == 'GET, HEAD, OPTIONS'


@pytest.mark.parametrize('view', [LiveView(), ready, startup])
def test_what_checkers_send(site, view):
    # OPTIONS is no question of its own: it gets the verdict, too.
    for method in 'GET', 'HEAD', 'OPTIONS':
        for query in '', '_=1', 'nocache=%FF&_', 'a&a':
            code, headers, body = ask(view, site, Server(), query, method)
            assert (code, body) == (OK, u'ok\n')
            assert headers.get('allow') == (
                'GET, HEAD, OPTIONS' if method == 'OPTIONS' else None)
    assert ask(view, site, Server(), 'verbose=x')[0] == '400 Bad Request'


def test_a_failed_check_is_one_for_every_method(site):
    site.drain.draining = True
    for method in 'GET', 'HEAD', 'OPTIONS':
        assert ask(ready, site, Server(), '_=1', method)[0] == FAILED


def test_startup(site):
    assert status(startup, site) == OK
    site.loops.all[0].turns = 0
    assert status(startup, site) == FAILED
    # Without the seams for it nobody counts turns.
    site.loops.all = ()
    assert status(startup, site) == OK


def test_ready_says_why_it_is_not(site):
    server = stuck(site, 4)
    site.clock.now += 6
    code, _headers, body = ask(ready, site, server, 'verbose', **NEAR)
    assert code == FAILED
    assert body.splitlines() == [
        u'[+]event-loop ok', u'[+]started ok', u'[+]not-draining ok',
        u'[-]wait failed: the oldest request has waited 6.0 s, at most 5.0 s',
        u'[-]queue failed: 4 requests wait, at most 3', ABOUT, u'failed']
    document = json.loads(ask(ready, site, server, 'format=json', **NEAR)[2])
    assert document['status'] == 'fail'
    assert document['checks']['queue'] == [
        {'status': 'fail', 'output': '4 requests wait, at most 3'}]
    assert document['checks']['started'] == [{'status': 'pass'}]


@pytest.mark.parametrize('view', [LiveView(), ready, startup])
def test_a_loop_of_the_site_that_stands_still(site, view):
    """Asked on the listener, which has a loop of its own."""
    site.watchdog.stands_for = 3.25
    code, _headers, body = ask(view, site, Server(), 'verbose', **NEAR)
    assert code == FAILED
    assert body.startswith(u'[-]event-loop failed: the event loop has been '
                           u'blocked for 3.2')
    site.watchdog.stands_for = None
    assert status(view, site, Server()) == OK


def test_workers_that_are_all_busy_are_no_reason(site):
    server = stuck(site, 0)
    site.clock.now += 1000
    assert status(ready, site, server) == OK


def test_ready_recovers_at_once(site):
    server = stuck(site, 1)
    site.clock.now += 6
    assert status(ready, site, server) == FAILED
    server.all[1].start(site.clock.now, 1)
    site.recorder.current[1] = server.all[1]
    assert status(ready, site, server) == OK


def test_requests_behind_others_of_their_connection_do_not_count(site, live):
    server = stuck(site, 9)
    for request in server.all[1:]:
        request.behind = True
    site.clock.now += 1000
    assert status(ready, site, server) == OK
    assert status(live, site, server) == OK


def test_what_is_not_known_is_not_said(site, live):
    """How many requests wait; on a server without a hook nobody knows."""
    site.loops.all[0].is_for_views = True
    assert ask(ready, site, None, 'verbose', **NEAR)[2].splitlines() == [
        u'[+]started ok', u'[+]not-draining ok', ABOUT, u'ok']
    assert ask(live, site, None, 'verbose', **NEAR)[2] == (
        u'%s\nok\n' % ABOUT)
    site.drain.hold()
    assert status(ready, site) == FAILED


def test_a_server_that_tells_nothing(site, live):
    assert status(ready, site) == status(live, site) == OK


def test_draining_is_seen_at_once(site):
    server = stuck(site, 1)
    site.drain.hold()
    code, _headers, body = ask(ready, site, server, 'verbose', **NEAR)
    assert code == FAILED
    assert u'[-]not-draining failed: draining, 2 in flight' in body
    site.drain.release()
    assert status(ready, site, server) == OK


def test_further_checks(site):
    site.checks = HelperChecks({'mine': lambda: None})
    code, _headers, body = ask(ready, site, Server(), 'verbose', **NEAR)
    assert code == FAILED
    assert u'[-]mine failed: has not run yet' in body
    assert status(startup, site) == OK


def test_live_until_its_time_is_over(site, live):
    server = stuck(site)
    for _look in range(6):
        assert status(live, site, server) == OK
        site.clock.now += 10
    code, _headers, body = ask(live, site, server, 'verbose', **NEAR)
    assert code == FAILED
    assert body == (u'[+]event-loop ok\n'
                    u'[-]progress failed: requests wait, and none has '
                    u'finished for 1 min 0 s\n%s\nfailed\n' % ABOUT)


def test_a_request_that_finishes_shows_life(site, live):
    server = stuck(site)
    site.clock.now += 59
    assert status(live, site, server) == OK
    site.recorder.finished.add()
    site.clock.now += 59
    assert status(live, site, server) == OK
    site.clock.now += 1
    assert status(live, site, server) == FAILED


def test_clients_that_give_up_do_not_hide_a_stall(site, live):
    server = stuck(site)
    statuses = []
    for _look in range(8):
        site.clock.now += 10
        # Another one instead of the one that waited.
        server.all[1] = site.recorder.received('GET', '/', None)
        statuses.append(status(live, site, server))
    assert statuses == [OK] * 6 + [FAILED] * 2


def test_who_takes_a_long_time_while_nobody_waits_is_alive(site, live):
    server = stuck(site, 0)
    site.clock.now += 1000
    assert status(live, site, server) == OK


def test_what_each_kind_of_health_must_have():
    with pytest.raises(NotImplementedError):
        HealthView().checks(None)


def test_the_number_of_the_worker(site):
    server = Server()
    server.worker = 2
    assert ask(startup, site, server, 'verbose', **NEAR)[2] == (
        u'[+]event-loop ok\n[+]started ok\n%s, worker 2\nok\n' % ABOUT)
    document = json.loads(ask(startup, site, server, 'format=json',
                              **NEAR)[2])
    assert (document['pid'], document['worker']) == (os.getpid(), 2)


def test_one_that_is_asked_while_it_is_taken_out(live):
    site = Site(live_timeout=60.0)
    site.recorder = None
    assert status(live, site) == '404 Not Found'
