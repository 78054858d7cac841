"""accesslog: lines in the site's own format, by the site's own filter."""
from __future__ import absolute_import, division, print_function

import logging
import time
from functools import partial

import pytest
from paste.translogger import TransLogger

from Products.ZServerViews.accesslog import AccessLog, find_translogger

from .dummies import Journal


def application(environ, start_response):
    raise AssertionError('the application is not called')


class Lines(logging.Handler):

    def __init__(self):
        logging.Handler.__init__(self)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def translogger(inner=application, lines=None, **options):
    logger = logging.Logger('access')
    logger.addHandler(lines or Lines())
    return TransLogger(inner, logger=logger, **options)


class Filter(object):
    """As httpexceptions and its like are written."""

    def __init__(self, inner, attribute='application'):
        setattr(self, attribute, inner)

    def __call__(self, environ, start_response):
        raise AssertionError('a filter is not called')


def closure(inner, prefix=None):
    def filter_app(environ, start_response):
        return inner(environ, start_response, prefix)

    return filter_app


def unfinished_closure(inner):
    def filter_app(environ, start_response):
        return inner(environ, start_response, later)

    return filter_app
    later = None


class Methods(object):

    def __init__(self, inner):
        self.application = inner

    def serve(self, environ, start_response):
        return self.application(environ, start_response)


def a_filter(inner, environ, start_response):
    return inner(environ, start_response)


def by_keyword(environ, start_response, inner=None):
    return inner(environ, start_response)


WRAPPERS = [
    lambda inner: inner,
    Filter,
    lambda inner: Filter(inner, 'app'),
    lambda inner: Filter(inner, 'wsgi_app'),
    lambda inner: Filter(Filter(Filter(inner))),
    closure,
    unfinished_closure,
    lambda inner: partial(a_filter, inner),
    lambda inner: partial(by_keyword, inner=inner),
    lambda inner: partial(Filter(inner)),
    lambda inner: closure(Filter(partial(a_filter, inner))),
    lambda inner: Methods(inner).serve,
]


@pytest.mark.parametrize('wrap', WRAPPERS)
def test_the_filter_is_found_inside_others(wrap):
    inside = translogger()
    assert find_translogger(wrap(inside)) is inside


@pytest.mark.parametrize('wrap', WRAPPERS)
def test_there_may_be_none(wrap):
    assert find_translogger(wrap(application)) is None


def test_the_outermost_is_taken():
    outer = translogger(Filter(translogger()))
    assert find_translogger(outer) is outer


def test_filters_in_a_circle_are_no_trap():
    one = Filter(None)
    one.application = Filter(one)
    assert find_translogger(one) is None


def test_an_endless_pipeline_is_no_trap():
    class Endless(object):
        def __call__(self):
            raise AssertionError('not called')

        @property
        def application(self):
            return Endless()

    assert find_translogger(Endless()) is None


@pytest.mark.parametrize('half', [
    {'write_log': None, 'logger': 1}, {'logger': 1},
    {'write_log': lambda: None}])
def test_what_only_looks_like_it(half):
    candidate = Filter(application)
    candidate.__dict__.update(half)
    assert find_translogger(candidate) is None


ENVIRON = {
    'REQUEST_METHOD': 'GET', 'SCRIPT_NAME': '/thr id', 'PATH_INFO': '',
    'QUERY_STRING': '', 'SERVER_PROTOCOL': 'HTTP/1.1',
    'REMOTE_ADDR': '192.0.2.1', 'HTTP_USER_AGENT': 'tester'}


def written(environ=None, status='200 OK', body_bytes=5, **options):
    lines = Lines()
    log = AccessLog(Journal())
    log.put(Filter(translogger(lines=lines, **options)),
            dict(ENVIRON, **environ or {}), 784111777.5, status, body_bytes)
    return lines.lines


def test_a_line_of_the_sites_format():
    line, = written()
    when = time.strftime('%d/%b/%Y:%H:%M:%S', time.localtime(784111777.5))
    assert line.startswith('192.0.2.1 - - [%s ' % when)
    assert line.endswith('] "GET /thr%20id HTTP/1.1" 200 5 "-" "tester"')


def test_a_line_with_a_query_and_a_format_of_its_own():
    assert written({'QUERY_STRING': 'x=1'}, '404 Not Found', 0,
                   format='%(REQUEST_URI)s %(status)s %(bytes)s') == [
                       '/thr%20id?x=1 404 0']


def test_without_a_filter_nothing_is_written():
    journal = Journal()
    AccessLog(journal).put(application, ENVIRON, 0, '200 OK', 5)
    assert journal.logged == []


def test_the_filter_is_looked_for_once():
    class Counting(Filter):
        asked = 0

        @property
        def application(self):
            self.asked += 1
            return inner

        @application.setter
        def application(self, value):
            pass

    lines = Lines()
    inner = translogger(lines=lines)
    pipeline = Counting(None)
    log = AccessLog(Journal())
    for _number in range(3):
        log.put(pipeline, ENVIRON, 0, '200 OK', 5)
    assert len(lines.lines) == 3
    assert pipeline.asked == 1


def test_putting_a_line_does_not_write_it():
    class Waiting(object):
        def __init__(self):
            self.jobs = []

        def put_to(self, writer, item):
            self.jobs.append((writer, item))

    lines, waiting = Lines(), Waiting()
    AccessLog(waiting).put(translogger(lines=lines), ENVIRON, 0, '200 OK', 5)
    assert lines.lines == []
    (writer, item), = waiting.jobs
    writer([item, item])
    assert len(lines.lines) == 2


def test_where_nobody_writes_nothing_is_left():
    class Counting(Journal):
        put_items = 0

        def put_to(self, writer, item):
            self.put_items += 1
            Journal.put_to(self, writer, item)

    journal = Counting()
    log = AccessLog(journal)
    for _number in range(3):
        log.put(application, ENVIRON, 0, '200 OK', 5)
    assert journal.put_items == 1


def test_a_line_that_cannot_be_made_costs_no_other(caplog):
    class Held(Journal):
        def put_to(self, writer, item):
            self.item = item
            self.writer = writer

    journal, lines = Held(), Lines()
    AccessLog(journal).put(translogger(lines=lines), ENVIRON, 0, '200 OK', 5)
    broken = journal.item[:1] + ({},) + journal.item[2:]
    journal.writer([broken, journal.item])
    assert len(lines.lines) == 1
    assert [record.getMessage() for record in caplog.records] == [
        'A line was not logged']


def test_lines_that_wait_are_written_together(journal):
    sizes = []

    class Counting(AccessLog):
        def __call__(self, lines):
            sizes.append(len(lines))
            AccessLog.__call__(self, lines)

    lines = Lines()
    pipeline = translogger(lines=lines)
    log = Counting(journal)
    for _number in range(5):
        log.put(pipeline, ENVIRON, 0, '200 OK', 5)
    journal.start()
    assert journal.flush()
    assert sizes == [5]
    assert len(lines.lines) == 5
