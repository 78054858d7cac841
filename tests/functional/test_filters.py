"""Lines of views, whatever stands before TransLogger in the pipeline."""
from __future__ import absolute_import, division, print_function

import re

import pytest

TWO = """
[composite:main]
use = egg:Paste#urlmap
/other = other
/ = site

[pipeline:other]
pipeline = otherlog otherapp

[filter:otherlog]
use = egg:Paste#translogger
setup_console_handler = False
logger_name = other

[app:otherapp]
paste.app_factory = fixture_filters:other

[pipeline:site]
"""

NO_LINES = (r'Views have no lines in the access log: .* found there: .*'
            r'fixture_filters\.hidden\. Put')


@pytest.fixture
def behind(make_instance):
    """Starts an instance with a filter before all others."""
    def start(name):
        zope = make_instance()
        zope.edit_ini(r'pipeline =\n', 'pipeline =\n    first\n')
        zope.edit_ini(r'\[pipeline:main\]',
                      '[filter:first]\n'
                      'paste.filter_factory = fixture_filters:%s\n\n'
                      '[pipeline:main]' % name)
        return zope.start()
    return start


def test_no_name_tells_what_a_filter_keeps(behind):
    zope = behind('keeping')
    hello = zope.get('/v/hello?behind')
    zope.get('/echo?name=last')
    line = zope.access_line(r'GET /v/hello\?behind', 200, 5, hello.size)
    zope.wait_for_log(zope.ACCESS_LOG, line)
    log = zope.wait_for_log(zope.ACCESS_LOG, zope.access_line(
        r'GET /echo\?name=last', 200, r'\d+', r'\d+'))
    assert len(re.findall(line, log)) == 1
    assert 'no lines' not in zope.log('event.log')


def test_the_log_of_something_else_is_not_taken(make_instance):
    zope = make_instance()
    zope.edit_ini(r'\n\[pipeline:main\]\n', TWO)
    zope.start()
    assert zope.get('/other/page').text == 'other'
    hello = zope.get('/v/hello?mine')
    zope.wait_for_log('event.log', 'GET /other/page')
    zope.wait_for_log(zope.ACCESS_LOG, zope.access_line(
        r'GET /v/hello\?mine', 200, 5, hello.size))
    assert 'GET /v/hello' not in zope.log('event.log')
    assert '/other/page' not in zope.log(zope.ACCESS_LOG)


def test_it_is_said_that_views_have_no_lines(behind):
    zope = behind('hiding')
    for number in range(3):
        assert zope.get('/v/hello?%d' % number).text == 'hello'
        zope.wait_for_log('event.log', NO_LINES)
    zope.get('/echo?name=last')
    log = zope.wait_for_log(zope.ACCESS_LOG, 'name=last')
    assert '/v/hello' not in log
    assert len(re.findall(NO_LINES, zope.log('event.log'))) == 1


def test_of_views_without_lines_nothing_is_said(behind):
    zope = behind('hiding')
    assert zope.get('/quiet').text == 'hello'
    zope.get('/echo?name=last')
    zope.wait_for_log(zope.ACCESS_LOG, 'name=last')
    assert 'no lines' not in zope.log('event.log')
