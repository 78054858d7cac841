"""Which requests reach a view, and which go on to Zope."""
from __future__ import absolute_import, division, print_function

import pytest


def is_view(response):
    return response.code == 200 and response.text.isdigit()


@pytest.mark.parametrize('target', [
    '/thr-id',
    '/thr-id?',
    '/thr-id?x=1',
    '/thr-id?x=/../?',
    'http://localhost/thr-id',
    'http://elsewhere.example:8080/thr-id?x=1',
])
def test_exact_path_is_a_view(zope, target):
    assert is_view(zope.get(target))


@pytest.mark.parametrize('target', [
    '/thr-id/fred',
    '/thr-id/',
    '//thr-id',
    '/THR-ID',
    '/thr-id;a',
    '/thr%2Did',
    '/thr-id%3Fx',
    '/x/thr-id',
    '/thr-i',
    'http://localhost/x/thr-id',
    # Proxies take these for paths.
    '/://localhost/thr-id',
    '/x://localhost/thr-id?x=%20',
    '/thr-id://localhost/thr-id',
    '/',
])
def test_anything_else_goes_to_zope(zope, target):
    response = zope.get(target)
    assert not is_view(response)
    assert response.header('X-Thread') or response.code == 404


def test_view_runs_in_one_thread_that_is_no_worker(zope):
    views = set(zope.get('/thr-id').text for _number in range(20))
    workers = set(zope.get('/@@echo').header('X-Thread')
                  for _number in range(20))
    assert len(views) == 1
    assert not views & workers


@pytest.mark.parametrize('method', ['GET', 'POST', 'PUT', 'DELETE', 'PURGE'])
def test_every_method_reaches_the_view(zope, method):
    with zope.connect() as connection:
        seen = connection.get('/v/environ', method=method)
        assert '"REQUEST_METHOD": "%s"' % method in seen.text


def test_zope_is_as_it_was(zope):
    front = zope.get('/')
    assert front.code == 200
    assert front.header('X-Thread')
    assert zope.get('/@@echo?name=n').text == 'echo n 0'


def test_a_body_for_zope_arrives_whole(zope):
    body = b'b' * 700000  # more than a server keeps in memory
    with zope.connect() as connection:
        response = connection.get('/@@echo', method='PUT', body=body,
                                  headers=[('Content-Type', 'text/plain')])
        assert response.text == 'echo  700000'
