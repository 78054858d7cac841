"""The environ of a view: PEP 3333, and what its server gives to Zope."""
from __future__ import absolute_import, division, print_function

import json

PEP_3333 = '''
REQUEST_METHOD SCRIPT_NAME PATH_INFO QUERY_STRING SERVER_NAME SERVER_PORT
SERVER_PROTOCOL wsgi.version wsgi.url_scheme wsgi.input wsgi.errors
wsgi.multithread wsgi.multiprocess wsgi.run_once
'''.split()

# They name what views read of this product: a public name each.
OURS = {'zserverviews.peer', 'zserverviews.reserved', 'zserverviews.server',
        'zserverviews.site'}


def seen(zope, target, **kw):
    return json.loads(zope.get(target, **kw).text)


def test_all_keys_are_there_without_query_or_body(zope):
    environ = seen(zope, '/v/environ')
    assert set(PEP_3333) | set(zope.ENVIRON_KEYS) <= set(environ['keys'])
    assert environ['QUERY_STRING'] == ''
    assert environ['body'] == ''
    assert environ['wsgi.version'] == [1, 0]
    assert {key for key in environ['keys']
            if key.startswith('zserverviews')} == OURS


def test_names_and_query(zope):
    environ = seen(zope, '/v/environ?a=b&c=%20d')
    assert environ['SCRIPT_NAME'] == '/v/environ'
    assert environ['PATH_INFO'] == ''
    assert environ['QUERY_STRING'] == 'a=b&c=%20d'
    assert environ['REQUEST_URI'] == '/v/environ?a=b&c=%20d'
    assert environ['SERVER_PORT'] == str(zope.addresses[0][1])
    assert environ['SERVER_PROTOCOL'] == 'HTTP/1.1'
    assert environ['REMOTE_ADDR'] == '127.0.0.1'


def test_headers_and_body(zope):
    environ = seen(zope, '/v/environ', method='POST', body=b'the body',
                   headers=[('X-One', '1'), ('Content-Type', 'text/x'),
                            ('Cookie', 'c=d')])
    assert environ['HTTP_X_ONE'] == '1'
    assert environ['HTTP_COOKIE'] == 'c=d'
    assert environ['CONTENT_TYPE'] == 'text/x'
    assert environ['CONTENT_LENGTH'] == '8'
    assert environ['body'] == 'the body'


def test_version_1_0(zope):
    environ = seen(zope, '/v/environ', version='1.0')
    assert environ['SERVER_PROTOCOL'] == 'HTTP/1.0'
