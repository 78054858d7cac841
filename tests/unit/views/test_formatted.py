"""views.formatted: what all views of the suite share."""
from __future__ import absolute_import, division, print_function

import json
import os

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.base import ViewError
from Products.ZServerViews.http.query import Flag, read
from Products.ZServerViews.interfaces import IView
from Products.ZServerViews.views import formatted
from Products.ZServerViews.views.formatted import CONTENT_TYPES, MonitorView, facts
from tests.unit import dummies
from tests.unit.monitor.monitor_dummies import Server


class Example(MonitorView):
    """Tells what it was asked."""

    name = 'example'
    formats = ('text', 'json', 'collapsed', 'health')
    parameters = (Flag('fail'),)
    methods = ('GET', 'HEAD', 'POST')

    def collect(self, asked):
        self.asked = asked
        if asked.values['fail']:
            raise ViewError('409 Conflict', u'gr\xfc\xdfe', [('X-A', 'b')])
        return asked.method

    def as_text(self, found):
        return u'm\xfcde %s\n' % found

    as_collapsed = as_text

    def document(self, found):
        return {'method': found}

    as_health = MonitorView.as_json


def ask(view=None, method='GET', query='', **environ):
    """(status, {header: value}, body) of an answer."""
    environ.update(REQUEST_METHOD=method, QUERY_STRING=query)
    driver = dummies.Driver(view or Example(), dummies.request(), environ)
    status, headers, body = dummies.split(driver.run())
    assert driver.reports == []
    assert headers['cache-control'] == 'no-store'
    assert headers['x-content-type-options'] == 'nosniff'
    assert headers['content-length'] == str(len(body))
    return status.partition(' ')[2], headers, body


def test_the_contract():
    assert verifyObject(IView, Example())


@pytest.mark.parametrize('query, accept, content_type, body', [
    ('', '', 'text/plain; charset=utf-8', u'm\xfcde GET\n'.encode('utf-8')),
    ('', 'application/json', 'application/json', b'{"method": "GET"}\n'),
    ('format=json', 'text/plain', 'application/json',
     b'{"method": "GET"}\n'),
    ('format=text', 'application/json', 'text/plain; charset=utf-8',
     u'm\xfcde GET\n'.encode('utf-8')),
    ('', 'application/health+json', 'application/health+json',
     b'{"method": "GET"}\n'),
    ('format=collapsed', '', 'text/plain; charset=utf-8',
     u'm\xfcde GET\n'.encode('utf-8')),
])
def test_the_format(query, accept, content_type, body):
    status, headers, answered = ask(query=query, HTTP_ACCEPT=accept)
    assert (status, headers['content-type'], answered) == (
        '200 OK', content_type, body)


def test_head_is_get_and_post_is_post():
    assert ask(method='HEAD')[2] == ask(method='GET')[2]
    assert ask(method='POST')[2] == u'm\xfcde POST\n'.encode('utf-8')


def test_other_methods():
    for accept, expected in ('', b'This view answers GET, HEAD, POST.\n'), (
            'application/json',
            b'{"error": "This view answers GET, HEAD, POST."}\n'):
        status, headers, body = ask(method='DELETE', HTTP_ACCEPT=accept)
        assert status == '405 Method Not Allowed'
        assert headers['allow'] == 'GET, HEAD, POST'
        assert body == expected


def test_a_bad_query():
    status, headers, body = ask(query='x')
    assert status == '400 Bad Request'
    assert b'  format: one of text, json, collapsed, health\n' in body
    assert b'  fail: 1 or 0' in body
    status, headers, body = ask(query='x', HTTP_ACCEPT='application/json')
    assert headers['content-type'] == 'application/json'
    assert 'Known parameters' in json.loads(body.decode('ascii'))['error']


def test_what_collect_refuses():
    status, headers, body = ask(query='fail')
    assert (status, headers['x-a']) == ('409 Conflict', 'b')
    assert body == u'gr\xfc\xdfe'.encode('utf-8')
    assert headers['content-type'] == 'text/plain; charset=utf-8'
    status, headers, body = ask(query='fail&format=health')
    assert headers['content-type'] == 'application/json'
    assert json.loads(body.decode('ascii')) == {'error': u'gr\xfc\xdfe'}


def test_what_is_asked():
    view, site, server = Example(), object(), Server()
    environ = {'zserverviews.site': site, 'zserverviews.server': server}
    ask(view, **environ)
    asked = view.asked
    assert (asked.site, asked.server) == (site, server)
    assert (asked.format, asked.values) == ('text', {'fail': False})
    assert (asked.pid, asked.worker) == (os.getpid(), None)
    ask(view)
    assert view.asked.server is None


def test_the_status_of_a_view():
    view = Example()
    view.status = lambda found: '503 ' + found
    assert ask(view)[0] == '503 GET'


def test_what_a_view_must_have():
    view = MonitorView()
    for call in view.collect, view.as_text, view.document, view.as_json:
        with pytest.raises(NotImplementedError):
            call(None)
    assert set(view.formats) <= set(CONTENT_TYPES)


def test_facts():
    assert facts([(u'a', 1), (u'long', None), (u'', u'x')]) == (
        u'a     1\nlong  -\n      x\n')


def test_the_query_is_read_once(monkeypatch):
    """Also where it has decided whether the view is offloaded."""
    queries = []
    monkeypatch.setattr(formatted, 'read', lambda query, known, ignore: (
        queries.append(query), read(query, known))[1])
    view = Example()
    environ = {'REQUEST_METHOD': 'GET', 'QUERY_STRING': 'format=json'}
    assert view.values(environ)['format'] == 'json'
    assert view.values(environ)['format'] == 'json'
    view(environ, lambda status, headers: None)
    assert queries == ['format=json']


class Needs(Example):
    needs_recorder = True

    def collect(self, asked):
        return asked.site.recorder.now()


class Parts(object):
    recorder = None


def test_a_view_that_is_taken_out_while_it_is_asked():
    code, _headers, body = ask(Needs(), **{'zserverviews.site': Parts()})
    assert code == '404 Not Found'
    assert b'taken out' in body


def test_a_view_that_fails_by_itself():
    site = Parts()
    site.recorder = object()
    with pytest.raises(AttributeError):
        Needs()({'REQUEST_METHOD': 'GET', 'QUERY_STRING': '',
                 'zserverviews.site': site}, None)
