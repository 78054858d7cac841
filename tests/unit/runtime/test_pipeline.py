"""runtime.pipeline: the filter is found wherever another one keeps it."""
from __future__ import absolute_import, division, print_function

import collections
import logging
import sys
import threading
import types
import weakref
from functools import partial, wraps

import pytest
from paste.translogger import TransLogger
from persistent import GHOST, Persistent

from Products.ZServerViews.runtime import pipeline
from Products.ZServerViews.runtime.pipeline import find_translogger, names, reached


def application(environ, start_response):
    raise AssertionError('the application is not called')


def zope():
    """As Zope's: a function of its publisher, which uses all of Zope."""
    def publish_module(environ, start_response):
        return whole_of_zope(environ, start_response)

    whole_of_zope = translogger()
    publish_module.__module__ = 'ZPublisher.WSGIPublisher'
    return publish_module


def translogger(inner=application):
    return TransLogger(inner, logger=logging.Logger('access'))


class Filter(object):

    def __init__(self, inner=None, attribute='application'):
        setattr(self, attribute, inner)

    def __call__(self, environ, start_response):
        raise AssertionError('a filter is not called')

    def serve(self, environ, start_response):
        raise AssertionError('a filter is not called')


class OldStyle:

    def __init__(self, inner):
        self.inner = inner

    def __call__(self, environ, start_response):
        raise AssertionError('a filter is not called')

    def __getattr__(self, name):
        raise AssertionError(name)


class Slots(object):
    __slots__ = '_next', 'other'

    def __init__(self, inner):
        self._next = inner

    __call__ = Filter.__dict__['__call__']


class Local(threading.local):

    def __init__(self, inner):
        self.inner = inner

    __call__ = Filter.__dict__['__call__']


class Foreign(object):
    """Runs code of its own at each look, and at each comparison."""

    def __init__(self, inner):
        object.__setattr__(self, 'inner', inner)

    def runs(self, *args):
        raise AssertionError('foreign code has run')

    application = property(runs)
    __class__ = property(runs)
    __call__ = __getattr__ = __getattribute__ = runs
    __len__ = __iter__ = __eq__ = __ne__ = __hash__ = __bool__ = runs
    __nonzero__ = runs

    def __repr__(self):
        return '<Foreign>'


def closure(inner, prefix=None):
    def filter_app(environ, start_response):
        return inner(environ, start_response, prefix)

    return filter_app


def unfinished_closure(inner):
    def filter_app(environ, start_response):
        return inner(environ, start_response, later)

    return filter_app
    later = None


def default(inner):
    def filter_app(environ, start_response, inner=inner):
        return inner(environ, start_response)

    return filter_app


def wrapped(inner):
    @wraps(inner, ())
    def filter_app(environ, start_response):
        raise AssertionError('a filter is not called')

    filter_app.__wrapped__ = inner  # Python 2.7 does not
    return filter_app


def a_filter(inner, environ, start_response):
    return inner(environ, start_response)


def by_keyword(environ, start_response, inner=None):
    return inner(environ, start_response)


Pair = collections.namedtuple('Pair', 'path inner')
KEPT = []  # what is referred to weakly


def kept(inner):
    KEPT.append(inner)
    return inner


@pytest.fixture(autouse=True)
def forget():
    yield
    del KEPT[:]


WRAPPERS = [
    lambda inner: inner,
    Filter,
    lambda inner: Filter(inner, 'wsgi'),
    lambda inner: Filter(inner, '__secret'),
    lambda inner: Filter(Filter(Filter(inner))),
    Slots,
    OldStyle,
    Local,
    Foreign,
    lambda inner: Foreign(Slots(Foreign(inner))),
    closure,
    unfinished_closure,
    default,
    wrapped,
    lambda inner: partial(a_filter, inner),
    lambda inner: partial(by_keyword, inner=inner),
    lambda inner: partial(Filter(inner)),
    lambda inner: closure(Filter(partial(a_filter, inner))),
    lambda inner: Filter(inner).serve,
    lambda inner: Filter([1, (None, inner)]),
    lambda inner: Filter({'/': {'app': inner}}),
    lambda inner: Filter(collections.OrderedDict([('app', inner)])),
    lambda inner: Filter(collections.deque([inner])),
    lambda inner: Filter([Pair('/', inner)]),
    lambda inner: Filter(iter([inner])),
    lambda inner: Filter(types.MethodType(inner, 1)),
    lambda inner: Filter(weakref.ref(kept(inner))),
    lambda inner: Filter(weakref.WeakKeyDictionary({kept(inner): 1})),
    lambda inner: weakref.proxy(kept(Filter(inner))),
]


@pytest.mark.parametrize('end', [lambda: application, zope])
@pytest.mark.parametrize('number', range(len(WRAPPERS)))
def test_the_filter_is_found_inside_others(number, end):
    inside = translogger(end())
    assert find_translogger(WRAPPERS[number](inside)) is inside


@pytest.mark.parametrize('number', range(len(WRAPPERS)))
def test_the_filter_is_known_by_where_it_leads(number):
    """There is another one, in a part of the program that is no site's."""
    right = translogger(WRAPPERS[number](zope()))
    assert find_translogger(Filter([translogger(), right])) is right


@pytest.mark.parametrize('end', [lambda: application, zope])
@pytest.mark.parametrize('number', range(len(WRAPPERS)))
def test_there_may_be_none(number, end):
    assert find_translogger(WRAPPERS[number](end())) is None


@pytest.mark.parametrize('end', [application, zope()])
def test_the_outermost_is_taken(end):
    outer = translogger(Filter(translogger(end)))
    assert find_translogger(outer) is outer
    assert find_translogger(Filter(outer)) is outer


def test_a_weak_reference_may_lead_nowhere():
    gone = [make(Filter()) for make in (weakref.ref, weakref.proxy)]
    objects = weakref.proxy(kept(Foreign(None)))
    inside = translogger()
    assert find_translogger(Filter(gone + [objects, inside])) is inside


# More than one pipeline

def test_the_pipeline_of_something_else_is_not_taken():
    others = [translogger(), Filter(translogger(closure(application)))]
    right = translogger(Filter(zope()))
    for apps in (others + [right], [right] + others):
        assert find_translogger(Filter(apps, 'applications')) is right


def test_a_site_without_a_log_beside_something_with_one():
    assert find_translogger(Filter([translogger(), Filter(zope())])) is None


def test_the_way_back_to_the_whole_leads_nowhere():
    whole = Filter([])
    whole.application += [translogger(Filter(whole, 'parent')),
                          Filter(zope())]
    assert find_translogger(whole) is None
    right = translogger(zope())
    whole.application.append(right)
    assert find_translogger(whole) is right


def test_what_zope_uses_is_not_looked_at():
    site = zope()
    assert list(reached(site)) == [site]
    assert list(reached(site, named=True)) == [site]


# What modules and classes have

def named_in_a_module(environ, start_response):
    return NAMED(environ, start_response)


class InAClass(object):
    inner = None

    def __call__(self, environ, start_response):
        raise AssertionError('a filter is not called')


class Asking(object):

    def __call__(self, environ, start_response):
        return named_in_a_module(environ, start_response)


NAMED = None


@pytest.mark.parametrize('wrap', [
    lambda: named_in_a_module, Asking, lambda: Asking().__call__,
    lambda: Filter(closure(named_in_a_module))])
def test_a_name_of_a_module_is_followed_to_zope(monkeypatch, wrap):
    right = translogger(zope())
    monkeypatch.setattr(sys.modules[__name__], 'NAMED', Filter(right))
    assert find_translogger(wrap()) is right


@pytest.mark.parametrize('wrap', [InAClass, lambda: InAClass])
def test_an_attribute_of_a_class_is_followed_to_zope(monkeypatch, wrap):
    right = translogger(zope())
    monkeypatch.setattr(InAClass, 'inner', right)
    assert find_translogger(wrap()) is right
    monkeypatch.setattr(InAClass, 'inner', staticmethod(right))
    assert find_translogger(wrap()) is right


def test_names_are_not_followed_to_the_log_of_something_else(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], 'NAMED', translogger())
    assert find_translogger(named_in_a_module) is None
    near = translogger(closure(application))
    assert find_translogger(Filter([named_in_a_module, near])) is near


def test_what_a_module_has_besides_is_not_looked_at(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], 'KEPT', translogger(zope()))
    for start in Filter(named_in_a_module), Filter(sys.modules[__name__]):
        assert find_translogger(start) is None
        assert not any(thing is other for thing in reached(start, named=True)
                       for other in (globals(), KEPT))


# Bounds

def test_filters_in_a_circle_are_no_trap():
    one = Filter(None)
    one.application = Filter(one)
    assert find_translogger(one) is None


@pytest.mark.parametrize('named', [False, True])
def test_only_so_much_is_looked_at(monkeypatch, named):
    monkeypatch.setattr(pipeline, 'MOST', 50)
    chain = application
    for _number in range(100):
        chain = Filter(chain)
    assert len(list(reached(chain, named))) == 50


def test_what_holds_a_lot_beside_the_filter_does_not_hide_it(monkeypatch):
    monkeypatch.setattr(pipeline, 'MOST', 1000)
    inside = translogger()
    wide = Filter(Filter(Filter(inside)))
    wide.aside = [[object(), Numbers(number)] for number in range(300)]
    assert find_translogger(wide) is inside


class Numbers(object):

    def __init__(self, number):
        self.held = [[number, []] for _number in range(10)]


@pytest.mark.parametrize('kind', [list, tuple, set, frozenset, dict.fromkeys])
def test_a_large_container_is_no_pipeline(kind):
    large = [closure(number) for number in range(pipeline.MOST_ENTRIES)]
    assert len(list(reached(kind(large)))) > len(large)
    assert len(list(reached(kind(large + [closure(0)])))) == 1


class Jar(object):

    def __init__(self):
        self.loaded = []

    def setstate(self, thing):
        self.loaded.append(thing)


def ghost(jar):
    made = Document()
    made._p_jar, made._p_oid = jar, b'\0' * 8
    made._p_deactivate()
    return made


class Document(Persistent):

    def __call__(self):
        raise AssertionError('not called')


def test_objects_of_a_database_stay_as_they_are():
    jar = Jar()
    document = ghost(jar)
    inside = translogger()
    assert find_translogger(Filter([document, inside])) is inside
    assert document._p_state == GHOST and jar.loaded == []
    loaded = Document()
    loaded.inner = inside
    assert find_translogger(Filter(loaded)) is None


def test_loggers_and_threads_are_no_pipeline():
    class Handler(logging.Handler):
        pass

    class Thread(threading.Thread):
        pass

    for kept_by in Handler(), logging.Logger('x'), Thread():
        kept_by.application = translogger()
        assert find_translogger(Filter(kept_by)) is None


# For the log

@pytest.mark.parametrize('number', range(len(WRAPPERS)))
def test_the_names_of_filters(number):
    found = names(WRAPPERS[number](translogger(zope())))
    assert set(found[-2:]) == {'paste.translogger.TransLogger',
                               'ZPublisher.WSGIPublisher.publish_module'}
    assert len(found) <= 5


def test_only_the_outermost_are_named():
    site = application
    for _number in range(10):
        site = Filter(site)
    assert names(partial(site)) == [__name__ + '.Filter'] * 5


# What it is known by

@pytest.mark.parametrize('base, half', [
    (Filter, {'write_log': None, 'logger': 1}),
    (Filter, {'logger': 1}),
    (Filter, {'write_log': lambda self: None}),
    (object, {'write_log': lambda self: None, 'logger': 1})])
def test_what_only_looks_like_it(base, half):
    assert find_translogger(Filter(type('Half', (base,), half)())) is None


class Replacement(Filter):
    logger = None

    def write_log(self, *line):
        raise AssertionError('no line is written')


class OldReplacement(OldStyle):
    logger = None

    def write_log(self, *line):
        raise AssertionError('no line is written')


@pytest.mark.parametrize('kind', [Replacement, OldReplacement])
def test_a_replacement_serves_too(kind):
    inside = kind(closure(application))
    assert find_translogger(Filter(inside)) is inside
