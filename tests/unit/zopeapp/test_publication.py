"""zopeapp.publication: what the publisher's events say of a request."""
from __future__ import absolute_import, division, print_function

import pytest
from zope.component import getGlobalSiteManager, handle
from ZPublisher.pubevents import PubAfterTraversal, PubBeforeAbort, PubStart

from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.monitor.requests import PUBLISHING, TRAVERSING, WAITING
from Products.ZServerViews.monitor.tally import Tally
from Products.ZServerViews.zopeapp.publication import Publication


class Site(object):

    recorder = record_of = None


class User(object):

    def __init__(self, name, ident='ident'):
        self._name = name
        self._ident = ident

    def getId(self):
        return self._ident

    def getUserName(self):
        return self._name


class ZopeRequest(object):
    """Its get() looks into the form, as Zope's does."""

    def __init__(self, **other):
        self.other = other

    def get(self, name):
        return User('from the form')


@pytest.fixture
def site():
    made = Site()
    made.recorder = Recorder()
    return made


@pytest.fixture
def publication(site):
    made = Publication(site)
    made.subscribe()
    yield made
    made.unsubscribe()


@pytest.fixture
def request_here(site, publication):
    request = site.recorder.received('GET', '/', None)
    site.recorder.begins(request)
    return request


def handlers():
    return len(list(getGlobalSiteManager().registeredHandlers()))


def test_phases(request_here):
    handle(PubStart(ZopeRequest()))
    assert request_here.phase == TRAVERSING
    handle(PubAfterTraversal(ZopeRequest()))
    assert (request_here.phase, request_here.user) == (PUBLISHING, None)
    # A conflict: the publisher begins anew.
    handle(PubStart(ZopeRequest()))
    assert request_here.phase == TRAVERSING


class ConflictError(Exception):
    pass


def abort(error_type, retry):
    handle(PubBeforeAbort(ZopeRequest(), (error_type, error_type(), None),
                          retry))


def test_what_is_aborted(site, request_here):
    abort(ConflictError, True)  # nobody counts it
    tally = site.recorder.tally = Tally()
    handle(PubStart(ZopeRequest()))
    assert request_here.in_transaction
    abort(ConflictError, True)
    assert not request_here.in_transaction
    handle(PubStart(ZopeRequest()))
    assert request_here.in_transaction
    abort(KeyError, False)
    assert tally.errors.total() == {
        ('aborted', ''): 2, ('conflict', 'write', True): 1, ('retry', 'conflict'): 1,
        ('error', 'KeyError'): 1}
    handle(PubBeforeAbort(ZopeRequest(), None, False))
    site.recorder = None
    abort(KeyError, False)


class Strange(object):
    """Raises for what a user and a request are asked."""

    @property
    def other(self):
        raise RuntimeError('other')

    def getId(self):
        raise RuntimeError('getId')


@pytest.mark.parametrize('user, expected', [
    (User('fred'), 'fred'), (User('Anonymous User', None), None),
    (User(u'fred'), u'fred'), (User(42), None), (None, None),
    ('a text', None), (Strange(), None)])
def test_the_name_of_the_user(request_here, user, expected):
    handle(PubAfterTraversal(ZopeRequest(AUTHENTICATED_USER=user)))
    assert request_here.user == expected
    # It stays known while Zope tries again.
    handle(PubStart(ZopeRequest()))
    assert (request_here.phase, request_here.user) == (TRAVERSING, expected)


def test_a_request_of_somebody_elses(request_here):
    handle(PubAfterTraversal(Strange()))
    assert (request_here.phase, request_here.user) == (PUBLISHING, None)


def test_no_request_in_this_thread(site, publication):
    request = site.recorder.received('GET', '/', None)
    handle(PubStart(ZopeRequest()))
    handle(PubAfterTraversal(ZopeRequest()))
    assert request.phase == WAITING
    # The recorder goes a moment later than the last request.
    site.recorder = None
    handle(PubStart(ZopeRequest()))
    handle(PubAfterTraversal(ZopeRequest()))


def test_subscribing_and_leaving(site):
    before = handlers()
    publication = Publication(site)
    publication.unsubscribe()
    assert handlers() == before
    for _time in range(2):
        publication.subscribe()
        publication.subscribe()
        assert handlers() == before + 3
        publication.unsubscribe()
        publication.unsubscribe()
        assert handlers() == before


def test_where_only_the_publisher_shows_that_a_worker_begins(
        site, publication):
    records = {}
    site.record_of = lambda zope_request: records[zope_request]
    zope_request = ZopeRequest()
    # One of somebody's own making, and one that nobody has recorded.
    handle(PubStart(zope_request))
    records[zope_request] = None
    handle(PubStart(zope_request))
    assert site.recorder.here() is None
    records[zope_request] = request = site.recorder.received('GET', '/', None)
    handle(PubStart(zope_request))
    assert site.recorder.here() is request
    started = request.started
    # A conflict: the publisher begins anew.
    request.publishes()
    handle(PubStart(zope_request))
    assert (request.started, request.phase) == (started, TRAVERSING)
    site.recorder.ends()
