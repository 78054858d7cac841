"""The access log of the site has a line for each view, as for each page."""
from __future__ import absolute_import, division, print_function

import re

LINE = (r'127\.0\.0\.1 - - \[\d+/\w+/\d+:\d+:\d+:\d+ [+-]\d+\] '
        r'"%s HTTP/1\.[01]" %d %s "%s" "%s"\n')


def test_lines(zope):
    with zope.connect() as connection:
        connection.get('/v/hello?a=b', headers=[
            ('Referer', 'http://r/'), ('User-Agent', 'me')])
        connection.get('/v/error', method='POST', body=b'x')
        connection.get('/v/parts', method='HEAD')
        connection.get('/v/raises')
        connection.get('/v/no_content')
        connection.get('/@@echo?name=last')
    log = zope.wait_for_log('Z4.log', 'GET /v/no_content')
    for line in (
            LINE % (r'GET /v/hello\?a=b', 200, '5', 'http://r/', 'me'),
            LINE % ('POST /v/error', 418, '6', '-', '-'),
            LINE % ('HEAD /v/parts', 200, '0', '-', '-'),
            LINE % ('GET /v/raises', 500, r'\d+', '-', '-'),
            LINE % ('GET /v/no_content', 204, '0', '-', '-')):
        assert len(re.findall(line, log)) == 1, (line, log)
    zope.wait_for_log('Z4.log', LINE % (r'GET /%40%40echo\?name=last', 200,
                                        r'\d+', '-', '-'))


def test_off_for_one_view(zope):
    zope.get('/quiet')
    zope.get('/v/hello?behind-quiet')
    log = zope.wait_for_log('Z4.log', 'behind-quiet')
    assert '/quiet' not in log


def test_an_answer_cut_short_has_a_line(zope):
    with zope.connect() as connection:
        connection.request('/v/raises_after_head')
        connection.read_to_end()
    zope.wait_for_log('Z4.log', LINE % ('GET /v/raises_after_head', 200, '5',
                                        '-', '-'))


def test_a_client_that_went_has_a_line(zope):
    with zope.connect() as connection:
        connection.request('/v/endless?gone')
        connection.read_head()
    zope.wait_for_log('Z4.log', LINE % (r'GET /v/endless\?gone', 200, r'\d+',
                                        '-', '-'))
