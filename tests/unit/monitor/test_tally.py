"""monitor.tally: what is counted of finished requests."""
from __future__ import absolute_import, division, print_function

import threading

import pytest

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.monitor.requests import (
    PeekedRequest,
    RequestSeenByWorker,
)
from Products.ZServerViews.monitor.tally import (
    DURATIONS,
    MOST_CLASSES,
    Tally,
    grouped,
    named,
)
from tests.unit.dummies import ManualClock


class Site(object):
    """A recorder with a tally."""

    def __init__(self):
        self.clock = ManualClock()
        self.recorder = Recorder(self.clock)
        self.tally = self.recorder.tally = Tally(self.clock)

    def request(self, method='GET', status=b'200', waits=0, works=0,
                received=None):
        made = received or self.recorder.received(method, '/', None)
        self.clock.now += waits
        self.recorder.begins(made)
        made.status = status
        self.clock.now += works
        self.recorder.ends()
        return made


@pytest.fixture
def site():
    return Site()


def test_durations_by_method_and_status(site):
    site.request(waits=0.5, works=0.5)
    site.request(works=100)
    site.request('POST', '404')
    total = site.tally.total()
    assert set(total) == {('GET', b'200', True), ('POST', '404', True)}
    row = total['GET', b'200', True]
    assert row[DURATIONS.index(1)] == 1
    assert row[len(DURATIONS)] == 1
    assert (sum(row[:-1]), row[-1]) == (2, 101.0)


@pytest.mark.parametrize('method, status, key', [
    ('PROPFIND', b'207', ('_OTHER', b'207')), ('x' * 9999, b'200', (
        '_OTHER', b'200')), ('GET', None, ('GET', b'')),
    ('GET', b'<ht', ('GET', b'')), ('GET', b'', ('GET', b'')),
    ('', b'400', ('_OTHER', b'400'))])
def test_what_a_client_may_choose_makes_no_series(site, method, status, key):
    for _number in range(2):
        site.request(method, status)
    total = site.tally.total()
    assert dict(total) == {key + (True,): [2] + [0] * len(DURATIONS) + [0.0]}


def test_whether_somebody_was_logged_in(site):
    for user in None, 'ann', 'ben':
        request = site.recorder.received('GET', '/', None)
        request.user = user
        site.request(received=request)
    total = site.tally.total()
    assert sum(total['GET', b'200', False][:-1]) == 2
    assert sum(total['GET', b'200', True][:-1]) == 1
    assert {key: sum(row) for key, row in grouped(
        total, lambda key: key[:2]).items()} == {('GET', b'200'): 3}


def test_who_waited_and_for_how_long(site):
    site.request(waits=0.02)
    # Its worker was free when it came, and late for another reason.
    assert site.tally.total().waited == 0
    waits = [site.recorder.received('GET', '/', None) for _number in range(3)]
    site.request(works=2)
    for request in waits:
        site.request(received=request, works=1)
    total = site.tally.total()
    assert total.waited == 3
    assert (sum(total.waits[:-1]), total.waits[-1]) == (
        5, pytest.approx(0.02 + 2 + 3 + 4))


def test_bytes_and_clients_that_have_gone(site):
    request = site.recorder.received('GET', '/', None)
    request.sends(70)
    request.gone = True
    site.request(received=request)
    site.request()
    total = site.tally.total()
    assert (total.sent_bytes, total.gone) == (70, 1)


def test_a_request_that_only_its_worker_has_seen(site):
    request = RequestSeenByWorker('GET', '/', site.clock.now, None, None)
    request.in_transaction = True
    site.request(received=request, works=3)
    total = site.tally.total()
    assert sum(total['GET', b'200', True][:-1]) == 1
    assert (sum(total.waits), total.sent_bytes) == (0, 0)
    assert total.committed == 1


def test_a_request_whose_answer_nobody_sees(site):
    request = PeekedRequest('GET', '/', site.clock.now)
    request.gone = True
    site.request(received=request, waits=2)
    total = site.tally.total()
    assert (sum(total.waits[:-1]), total.waits[-1]) == (1, 2.0)
    assert (total.sent_bytes, total.gone) == (0, 0)


def failed(site, error_type, retried=False, request=None):
    site.tally.failed(request, error_type, retried)
    return dict(site.tally.errors.total())


class ConflictError(Exception):
    pass


class ReadConflictError(ConflictError):
    pass


class Transient(Exception):
    pass


def test_errors_conflicts_and_retries(site):
    request = site.recorder.received('GET', '/', None)
    request.in_transaction = True
    assert failed(site, ReadConflictError, True, request) == {
        ('aborted', ''): 1, ('conflict', 'read', True): 1,
        ('retry', 'conflict'): 1}
    assert not request.in_transaction
    failed(site, ConflictError)
    failed(site, Transient, True)
    assert failed(site, KeyError) == {
        ('aborted', ''): 4, ('conflict', 'read', True): 1,
        ('conflict', 'write', False): 1,
        ('retry', 'conflict'): 1, ('retry', 'other'): 1,
        ('error', 'ConflictError'): 1, ('error', 'KeyError'): 1}


class Old:  # on Python 2.7 without an order of its bases
    pass


def test_any_class_is_an_error(site):
    assert failed(site, Old) == {('aborted', ''): 1, ('error', 'Old'): 1}


def test_names_of_errors_are_bounded(site):
    for number in range(3 * MOST_CLASSES):
        found = failed(site, type('Error%d' % number, (Exception,), {}))
    assert len(found) <= MOST_CLASSES + 1
    assert sum(number for what, number in found.items()
               if what[0] == 'error') == 3 * MOST_CLASSES


def test_each_request_of_many_threads_is_counted():
    recorder = Recorder()
    tally = recorder.tally = Tally()
    ended = []

    def work():
        for _number in range(2000):
            request = recorder.received('GET', '/', None)
            recorder.begins(request)
            request.status = b'200'
            recorder.ends(request)
        ended.append(get_ident())

    def counted():
        return sum(sum(row[:-1]) for row in tally.total().values())

    threads = [threading.Thread(target=work) for _number in range(8)]
    for thread in threads:
        thread.start()
    last = 0
    while len(ended) < 8:
        now = counted()
        assert now >= last
        last = now
    for thread in threads:
        thread.join()
    assert counted() == recorder.finished.total() == 16000
    recorder.begin_anew()
    assert counted() == 0


def test_errors_of_a_kind_by_their_names(site):
    for error, retried in ((ConflictError, True), (ConflictError, False),
                           (ReadConflictError, False)):
        failed(site, error, retried)
    errors = site.tally.errors.total()
    assert named(errors, 'conflict') == {'write': 2, 'read': 1}
    assert named(errors, 'error') == {'ConflictError': 1,
                                      'ReadConflictError': 1}
    assert named(errors, 'other') == {}
