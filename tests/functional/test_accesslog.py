"""The access log of the site has a line for each view, as for each page."""
from __future__ import absolute_import, division, print_function

import re


def test_lines(zope):
    with zope.connect() as connection:
        hello = connection.get('/v/hello?a=b', headers=[
            ('Referer', 'http://r/'), ('User-Agent', 'me')])
        error = connection.get('/v/error', method='POST', body=b'x')
        parts = connection.get('/v/parts', method='HEAD')
        raises = connection.get('/v/raises')
        nothing = connection.get('/v/no_content')
        connection.get('/echo?name=last')
    log = zope.wait_for_log(zope.ACCESS_LOG, 'GET /v/no_content')
    for line in (
            zope.access_line(r'GET /v/hello\?a=b', 200, 5, hello.size,
                             'http://r/', 'me'),
            zope.access_line('POST /v/error', 418, 6, error.size),
            zope.access_line('HEAD /v/parts', 200, 0, parts.size),
            zope.access_line('GET /v/raises', 500, len(raises.body),
                             raises.size),
            zope.access_line('GET /v/no_content', 204, 0, nothing.size)):
        assert len(re.findall(line, log)) == 1, (line, log)
    zope.wait_for_log(zope.ACCESS_LOG, zope.access_line(
        r'GET /echo\?name=last', 200, r'\d+', r'\d+'))


def test_off_for_one_view(zope):
    zope.get('/quiet')
    zope.get('/v/hello?behind-quiet')
    log = zope.wait_for_log(zope.ACCESS_LOG, 'behind-quiet')
    assert '/quiet' not in log


def test_an_answer_cut_short_has_a_line(zope):
    with zope.connect() as connection:
        connection.request('/v/raises_after_head')
        sent = connection.read_to_end()
    zope.wait_for_log(zope.ACCESS_LOG, zope.access_line(
        'GET /v/raises_after_head', 200, 5, len(sent)))


def test_a_client_that_went_has_a_line(zope):
    with zope.connect() as connection:
        connection.request('/v/endless?gone')
        connection.read_head()
    zope.wait_for_log(zope.ACCESS_LOG, zope.access_line(
        r'GET /v/endless\?gone', 200, r'\d+', r'\d+'))
