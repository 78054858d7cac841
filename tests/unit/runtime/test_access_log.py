"""runtime.access_log: lines in the site's own format, by the site's own filter."""
from __future__ import absolute_import, division, print_function

import gc
import io
import logging
import sys
import time

import pytest
from paste.translogger import TransLogger

from Products.ZServerViews.runtime import access_log
from Products.ZServerViews.runtime.access_log import (
    WHOLE,
    AccessLog,
    find_translogger,
    write_together,
)
from tests.unit.dummies import LogQueue, ManualClock


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

    def __init__(self, inner):
        self.application = inner

    def __call__(self, environ, start_response):
        raise AssertionError('a filter is not called')


ENVIRON = {
    'REQUEST_METHOD': 'GET', 'SCRIPT_NAME': '/thr id', 'PATH_INFO': '',
    'QUERY_STRING': '', 'SERVER_PROTOCOL': 'HTTP/1.1',
    'REMOTE_ADDR': '192.0.2.1', 'HTTP_USER_AGENT': 'tester'}


def written(environ=None, status='200 OK', body_bytes=5, **options):
    lines = Lines()
    log = AccessLog(LogQueue())
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


@pytest.fixture
def searches(monkeypatch):
    """The applications that were searched for the filter."""
    found = []

    def search(application):
        found.append(application)
        return find_translogger(application)

    monkeypatch.setattr(access_log, 'find_translogger', search)
    return found


def test_the_filter_is_looked_for_once(searches):
    lines = Lines()
    pipeline = Filter(translogger(lines=lines))
    log = AccessLog(LogQueue())
    for _number in range(3):
        log.put(pipeline, ENVIRON, 0, '200 OK', 5)
    assert len(lines.lines) == 3
    assert searches == [pipeline]


def test_a_pipeline_may_be_made_with_the_first_request_for_the_site(searches):
    clock, lines, pipeline = ManualClock(), Lines(), Filter(None)
    log = AccessLog(LogQueue(), clock)
    for after, expected in (0, 1), (59, 1), (60, 2), (60, 2), (119, 2):
        clock.now = 1000.0 + after
        log.put(pipeline, ENVIRON, 0, '200 OK', 5)
        assert len(searches) == expected
    pipeline.application = translogger(lines=lines)
    clock.now += 1
    for _number in range(3):
        log.put(pipeline, ENVIRON, 0, '200 OK', 5)
    assert len(lines.lines) == len(searches) == 3


def test_lines_that_wait_for_a_search_wait_for_one(searches):
    later = Later()
    log = AccessLog(later)
    for _number in range(3):
        log.put(application, ENVIRON, 0, '200 OK', 5)
    later.write()
    assert searches == [application]


def test_a_line_that_comes_during_the_search_is_written(monkeypatch):
    lines, later = Lines(), Later()
    log, pipeline = AccessLog(later), Filter(translogger(lines=lines))

    def search(application):
        log.put(pipeline, ENVIRON, 0, '200 OK', 6)
        return find_translogger(application)

    monkeypatch.setattr(access_log, 'find_translogger', search)
    log.put(pipeline, ENVIRON, 0, '200 OK', 5)
    later.write()
    later.write()
    assert [line.split()[-3] for line in lines.lines] == ['5', '6'], lines.lines


def test_a_search_that_fails_is_not_made_for_each_line(monkeypatch, caplog):
    def fails(application):
        raise ZeroDivisionError

    monkeypatch.setattr(access_log, 'find_translogger', fails)
    later = Later()
    log = AccessLog(later)
    for _number in range(3):
        log.put(application, ENVIRON, 0, '200 OK', 5)
    later.write()
    assert [record.getMessage() for record in caplog.records] == [
        'A line was not logged']


class Hiding(Filter):
    pass


@pytest.mark.parametrize('pipelines, names', [
    ([Hiding(application), application, Hiding(None)],
     '{0}.Hiding, {0}.application'),
    ([application, Hiding(None)], '{0}.application')])
def test_it_is_said_once_that_views_have_no_lines(pipelines, names):
    log_queue, clock = LogQueue(), ManualClock()
    log = AccessLog(log_queue, clock)
    for pipeline in pipelines * 2:
        log.put(pipeline, ENVIRON, 0, '200 OK', 5)
        clock.now += 100
    (level, text, exc_info), = log_queue.logged
    assert level == logging.WARNING and exc_info is None
    assert text == access_log.HIDDEN % names.format(__name__)
    assert 'translogger first' in text and 'access-log=off' in text


def test_without_paste_nothing_is_said(monkeypatch):
    monkeypatch.delitem(sys.modules, 'paste.translogger')
    log_queue = LogQueue()
    AccessLog(log_queue).put(application, ENVIRON, 0, '200 OK', 5)
    assert log_queue.logged == []


def test_where_lines_are_written_nothing_is_said():
    log_queue = LogQueue()
    AccessLog(log_queue).put(translogger(), ENVIRON, 0, '200 OK', 5)
    assert log_queue.logged == []


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
    class Counting(LogQueue):
        put_items = 0

        def put_to(self, writer, item):
            self.put_items += 1
            LogQueue.put_to(self, writer, item)

    log_queue = Counting()
    log = AccessLog(log_queue)
    for _number in range(3):
        log.put(application, ENVIRON, 0, '200 OK', 5)
    assert log_queue.put_items == 1


def test_a_line_that_cannot_be_made_costs_no_other(caplog):
    class Held(LogQueue):
        def put_to(self, writer, item):
            self.item = item
            self.writer = writer

    log_queue, lines = Held(), Lines()
    AccessLog(log_queue).put(translogger(lines=lines), ENVIRON, 0, '200 OK', 5)
    broken = log_queue.item[:1] + ({},) + log_queue.item[2:]
    log_queue.writer([broken, log_queue.item])
    assert len(lines.lines) == 1
    assert [record.getMessage() for record in caplog.records] == [
        'A line was not logged']


def test_lines_that_wait_are_written_together(log_queue):
    sizes = []

    class Counting(AccessLog):
        def __call__(self, lines):
            sizes.append(len(lines))
            AccessLog.__call__(self, lines)

    lines = Lines()
    pipeline = translogger(lines=lines)
    log = Counting(log_queue)
    for _number in range(5):
        log.put(pipeline, ENVIRON, 0, '200 OK', 5)
    log_queue.start()
    assert log_queue.flush()
    assert sizes == [5]
    assert len(lines.lines) == 5


# Texts that the loop makes

class Later(LogQueue):
    """Keeps what is put until it is told to write."""

    def __init__(self):
        LogQueue.__init__(self)
        self.waiting = []

    def put_to(self, writer, item):
        self.waiting.append((writer, item))

    def write(self):
        waiting, self.waiting = self.waiting, []
        writers = [writer for writer, _item in waiting]
        for writer in sorted(set(writers), key=writers.index):
            writer([item for one, item in waiting if one is writer])


def put(log, pipeline, number=1, environ=ENVIRON):
    for body_bytes in range(number):
        log.put(pipeline, environ, 784111777.5, '200 OK', body_bytes)


@pytest.fixture
def later():
    return Later()


@pytest.fixture
def stream():
    return io.StringIO() if str is not bytes else io.BytesIO()


def file_logger(stream):
    """As a site's zope.ini has it: a file that has messages alone."""
    logger = logging.Logger('access')
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter('%(message)s'))
    logger.addHandler(handler)
    return logger


@pytest.fixture
def pipeline(stream):
    return TransLogger(application, logger=file_logger(stream))


@pytest.fixture
def log(later, pipeline):
    """It has looked for the filter already."""
    made = AccessLog(later)
    put(made, pipeline)
    later.write()
    return made


def emptied(stream):
    found = stream.getvalue()
    stream.truncate(0)
    stream.seek(0)
    return found


def counted(logger):
    """How often the only handler is called."""
    handler, = logger.handlers
    calls = []
    handler.acquire = lambda: calls.append(1)
    handler.release = lambda: None
    return calls


def test_many_at_once_are_the_same_bytes(log, later, pipeline, stream):
    emptied(stream)
    first = AccessLog(later)
    put(first, pipeline, 5)
    later.write()
    expected = emptied(stream)
    assert expected.count('\n') == 5
    calls = counted(pipeline.logger)
    put(log, pipeline, 5)
    assert stream.getvalue() == ''
    later.write()
    assert stream.getvalue() == expected
    assert len(calls) < 4


def test_what_waits_keeps_no_environ(log, later, pipeline):
    put(log, pipeline)
    (_writer, item), = later.waiting
    assert type(item) is str and not gc.is_tracked(item)


def test_a_line_that_the_loop_cannot_make(log, later, pipeline, stream,
                                          caplog):
    emptied(stream)
    put(log, pipeline, environ={})
    put(log, pipeline)
    later.write()
    assert stream.getvalue().count('\n') == 1
    assert [record.getMessage() for record in caplog.records] == [
        'A line was not logged']


@pytest.fixture
def made(monkeypatch):
    """What lines were made of."""
    calls, write_line = [], access_log.write_line

    def counting(translogger, *given):
        calls.append(given)
        write_line(translogger, *given)

    monkeypatch.setattr(access_log, 'write_line', counting)
    return calls


def texts(later):
    found = [item for _writer, item in later.waiting]
    later.waiting = []
    return found


class Shown(str):
    """Equal to a text, and written otherwise."""

    def __str__(self):
        return 'shown otherwise'


def test_within_a_second_the_same_line_is_made_once(log, later, pipeline,
                                                    made):
    for started in 784111777.0, 784111777.9, 784111778.0, 784111777.0:
        for _time in range(3):
            log.put(pipeline, dict(ENVIRON), started, '200 OK', 5)
    found = texts(later)
    assert len(found) == 12 and len(made) == 3
    now, later_on = found[0], found[6]
    assert found == [now] * 6 + [later_on] * 3 + [now] * 3 and now != later_on


@pytest.mark.parametrize('key, value', [
    ('REMOTE_ADDR', '192.0.2.2'), ('REMOTE_USER', 'fred'),
    ('REMOTE_USER', Shown('tester')), ('REMOTE_USER', 5),
    ('REQUEST_METHOD', 'HEAD'), ('SCRIPT_NAME', '/other'),
    ('PATH_INFO', '/more'), ('QUERY_STRING', 'a=b'),
    ('SERVER_PROTOCOL', 'HTTP/1.0'), ('HTTP_REFERER', 'http://a/'),
    ('HTTP_USER_AGENT', 'another'), ('HTTP_X_FORWARDED_FOR', '198.51.100.1'),
    ('HTTP_HOST', 'not in the line'), (None, None)])
def test_each_line_says_what_paste_would(log, later, pipeline, key, value):
    lines = Lines()
    plain = translogger(lines=lines)
    for environ in [ENVIRON, dict(ENVIRON, REMOTE_USER='tester'),
                    dict(ENVIRON, **{key: value} if key else {})] * 2:
        for status, body_bytes in [('200 OK', 5), ('404 Gone', 5),
                                   ('200 OK', 6)]:
            log.put(pipeline, environ, 784111777.5, status, body_bytes)
            access_log.write_line(plain, environ, 784111777.5, status,
                                  body_bytes)
    assert texts(later) == lines.lines and len(lines.lines) == 18


def test_few_lines_are_remembered(log, later, pipeline, made):
    for _time in range(2):
        put(log, pipeline, access_log.MOST_LINES + 10)
    assert len(made) == access_log.MOST_LINES + 20
    assert len(set(texts(later))) == access_log.MOST_LINES + 10


def test_a_line_of_a_value_that_has_no_hash(log, later, pipeline, stream):
    emptied(stream)
    put(log, pipeline, environ=dict(ENVIRON, REMOTE_USER=['fred']))
    later.write()
    assert "['fred']" in emptied(stream)


class OwnFilter(TransLogger):

    def write_log(self, *line):
        self.said.append(line)


class OwnLogger(logging.Logger):
    pass


@pytest.mark.parametrize('whose', ['filter', 'instance', 'logger'])
def test_code_of_somebody_elses_runs_in_the_helper_thread(later, stream,
                                                          whose):
    logger = file_logger(stream)
    if whose == 'logger':
        logger.__class__ = OwnLogger
    pipeline = (OwnFilter if whose == 'filter' else TransLogger)(
        application, logger=logger)
    pipeline.said = []
    if whose == 'instance':
        pipeline.write_log = lambda *line: pipeline.said.append(line)
    log = AccessLog(later)
    for _time in range(2):
        put(log, pipeline)
        assert pipeline.said == [] and stream.getvalue() == ''
        assert [writer for writer, _item in later.waiting] == [log]
        later.write()
        emptied(stream)
        pipeline.said = []


class Picky(object):
    """A filter that fails for one line."""

    def filter(self, record):
        if ' 200 2 ' in record.getMessage():
            raise ValueError('not this one')
        return True


class OneLine(logging.Formatter):

    def format(self, record):
        if '\n' in record.getMessage():
            raise ValueError('more than one line')
        return record.getMessage()


def change(logger, what):
    """Have it be one that must get each line by itself."""
    handler, = logger.handlers
    if what == 'format':
        handler.setFormatter(logging.Formatter('%(module)s %(funcName)s '
                                               '%(message)s'))
    elif what == 'format that reads':
        handler.setFormatter(OneLine())
    elif what == 'filter':
        logger.addFilter(Picky())
    elif what == 'own filter':
        handler.addFilter(Picky())
    elif what == 'terminator':
        handler.terminator = ';\n'
    elif what == 'parent':
        logger.parent = logging.Logger('parent')
        logger.parent.addHandler(Lines())
    else:
        handler.emit = lambda record: handler.stream.write(
            handler.format(record) + '\n')


@pytest.mark.parametrize('what, expected', [
    ('format', 4), ('format that reads', 4), ('filter', 3), ('own filter', 3),
    ('terminator', 4), ('parent', 4), ('emit', 4)])
def test_whatever_else_looks_at_records_gets_each_line(
        log, later, pipeline, stream, what, expected):
    change(pipeline.logger, what)
    emptied(stream)
    put(log, pipeline, 4)
    later.write()
    assert stream.getvalue().count('\n') == expected
    if what == 'format':
        assert stream.getvalue().count('translogger write_log 192.') == 4
    if what == 'parent':
        assert len(pipeline.logger.parent.handlers[0].lines) == 4


@pytest.mark.skipif(str is bytes, reason='files take bytes on Python 2')
def test_a_line_that_cannot_be_encoded_costs_no_other(later, monkeypatch):
    monkeypatch.setattr(logging, 'raiseExceptions', False)
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, 'ascii')
    pipeline = TransLogger(application, logger=file_logger(stream))
    log = AccessLog(later)
    put(log, pipeline)
    later.write()
    for agent in u'one', u'\xe4', u'two':
        put(log, pipeline, environ=dict(ENVIRON, HTTP_USER_AGENT=agent))
    later.write()
    assert raw.getvalue().count(b'\n') == 3


@pytest.mark.parametrize('lengths, records', [
    ([1000] * 4, 1), ([WHOLE - 1, 1], 2), ([WHOLE - 3, 1], 1),
    ([10, WHOLE * 2, 10], 3), ([100] * 100, 100 * 101 // (WHOLE // 101 * 101)
                               + 1)])
def test_what_one_write_takes_whole_is_a_record(stream, lengths, records):
    """A pipe may be several processes'."""
    logger, handled = file_logger(stream), []
    handle = logger.handle

    def counted(record):
        handled.append(record.getMessage())
        handle(record)

    logger.handle = counted
    lines = ['x' * length for length in lengths]
    assert write_together(logger, logging.INFO, lines)
    assert len(handled) == records
    assert all(len(text) < WHOLE or '\n' not in text for text in handled)
    assert stream.getvalue().splitlines() == lines


@pytest.mark.skipif(str is not bytes, reason='lines are text on Python 3')
@pytest.mark.parametrize('lines', [[u'\xe4', b'\xe4'], [u'\xe4', u'b']])
def test_text_and_bytes_are_not_mixed(stream, lines):
    logger = file_logger(stream)
    assert not write_together(logger, logging.INFO, lines)
    assert stream.getvalue() == b''
    assert write_together(logger, logging.INFO, [b'\xe4', b'b'])
    assert stream.getvalue() == b'\xe4\nb\n'


def test_a_level_that_leaves_them_out(later, pipeline, stream):
    log = AccessLog(later)
    pipeline.logger.setLevel(logging.ERROR)
    for number in 1, 1, 2:
        put(log, pipeline, number)
        later.write()
    assert stream.getvalue() == ''
