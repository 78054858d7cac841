"""servers.zserver.log: the bytes of ZServer's access log, one line or many."""
from __future__ import absolute_import, division, print_function

import base64
import gc
import io
import logging

import pytest

from Products.ZServerViews.runtime.log_queue import LOGGER_NAME, attempt
from Products.ZServerViews.servers.zserver.log import LineProducer, Lines

http_server = pytest.importorskip('ZServer.medusa.http_server')

from ZServer.AccessLogger import AccessLogger  # noqa: E402
from ZServer.medusa.logger import unresolving_logger  # noqa: E402


class LogQueue(object):
    """Does what it has when it is told to."""

    def __init__(self):
        self.jobs, self.items = [], {}

    def put(self, job):
        self.jobs.append(job)

    def put_to(self, writer, item):
        self.items.setdefault(writer, []).append(item)

    def write(self):
        for job in self.jobs:
            attempt(job)
        for writer, items in self.items.items():
            writer(items)
        self.__init__()


class Server(object):
    pass


class Channel(object):
    addr = '10.0.0.1', 4711

    def __init__(self, access_log):
        self.server = Server()
        self.server.logger = unresolving_logger(access_log)


class Records(logging.Handler):

    def __init__(self):
        logging.Handler.__init__(self)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


@pytest.fixture
def access_log(monkeypatch):
    made = AccessLogger()
    monkeypatch.setattr(made.logger, 'handlers', [])
    monkeypatch.setattr(made.logger, 'filters', [])
    monkeypatch.setattr(made.logger, 'level', logging.WARNING)
    monkeypatch.setattr(made.logger, 'disabled', False)
    return made


@pytest.fixture
def stream(access_log):
    """What a log file would have, with ZServer's format."""
    made = io.BytesIO()
    handler = logging.StreamHandler(made)
    handler.setFormatter(logging.Formatter('%(message)s'))
    access_log.logger.addHandler(handler)
    return made


NOW = 1e9


@pytest.fixture
def lines(monkeypatch):
    monkeypatch.setattr(http_server.time, 'time', lambda: NOW)
    made = Lines(LogQueue())
    made.prepare()
    return made


def write(lines, *answered):
    """As a channel does; then the log queue writes what it has."""
    for request, sent in answered:
        if not lines.put(request, sent):
            request.log(sent)
    lines._log_queue.write()


def request_for(access_log, header=(), line='GET /v HTTP/1.1', code=200):
    request = http_server.http_request(
        Channel(access_log), line, 'get', '/v', '1.1', list(header))
    request.reply_code = code
    return request


def basic(text):
    return 'Authorization: Basic ' + base64.b64encode(text)


HEADERS = [
    [],
    ['User-Agent: one', 'user-agent: two', 'Referer: http://a/?b: c'],
    ['User-Agent:no blank', 'Referer: ', 'Host: x'],
    [basic('me:secret')], [basic('nobody')], ['Authorization: Basic %%%'],
    ['Authorization: Basic a'], ['authorization: Digest x'],
    ['X-Forwarded-For: 1.1.1.1, 2.2.2.2'], ['X-Forwarded-For: 1.1.1.1, '],
    ['User-Agent: \xe4\xff'], ['no colon'],
]


@pytest.mark.parametrize('proxies', [[], ['10.0.0.1']])
@pytest.mark.parametrize('header', HEADERS)
def test_the_same_line_as_by_medusa(lines, access_log, stream, header,
                                    proxies, monkeypatch):
    monkeypatch.setattr(http_server, 'trusted_proxies', proxies)
    request = request_for(access_log, header)
    request.log(7)
    written = stream.getvalue()
    stream.truncate(0)
    stream.seek(0)
    write(lines, (request, 7))
    assert stream.getvalue() == written


def test_many_at_once_are_the_same_bytes(lines, access_log, stream):
    requests = [request_for(access_log, line='GET /%d%% HTTP/1.0' % number)
                for number in range(10)]
    for number, request in enumerate(requests):
        request.log(number)
    written = stream.getvalue()
    stream.truncate(0)
    stream.seek(0)
    write(lines, *[(request, number) for number, request in enumerate(requests)])
    assert stream.getvalue() == written
    assert written.count(b'\n') == 10


def test_the_time_is_that_of_the_answer(lines, access_log, stream,
                                        monkeypatch):
    for now in NOW, NOW + 0.5, NOW + 1, NOW:
        monkeypatch.setattr(http_server.time, 'time', lambda: now)
        lines.put(request_for(access_log), 1)
    lines._log_queue.write()
    first, same, later, again = stream.getvalue().splitlines()
    assert first == same == again != later


def test_what_waits_keeps_no_request(lines, access_log):
    request = request_for(access_log)
    before = gc.get_referrers(request)
    lines.put(request, 1)
    assert gc.get_referrers(request) == before
    (item,), = lines._log_queue.items.values()
    assert not gc.is_tracked(item)


@pytest.fixture
def records(access_log):
    made = Records()
    access_log.logger.addHandler(made)
    return made


def test_a_handler_that_is_not_a_files_gets_each_line(lines, access_log,
                                                      records, stream):
    write(lines, *[(request_for(access_log), number)
                   for number in range(3)])
    assert len(records.messages) == 3
    assert stream.getvalue().count(b'\n') == 3


def emitted(access_log):
    """How many records the only handler, that of a file, gets."""
    handler, = access_log.logger.handlers
    counted = []
    handler.acquire = lambda: counted.append(1)
    handler.release = lambda: None
    return counted


def test_lines_are_handed_over_together(lines, access_log, stream):
    counted = emitted(access_log)
    write(lines, *[(request_for(access_log), number)
                   for number in range(20)])
    assert len(counted) < 4
    assert stream.getvalue().count(b'\n') == 20


@pytest.mark.parametrize('change', ['format', 'filter', 'own filter'])
def test_whatever_else_looks_at_records_gets_each_line(
        lines, access_log, stream, change):
    handler, = access_log.logger.handlers
    if change == 'format':
        handler.setFormatter(logging.Formatter('<%(message)s>'))
    elif change == 'filter':
        access_log.logger.addFilter(logging.Filter('access'))
    else:
        handler.addFilter(logging.Filter('access'))
    counted = emitted(access_log)
    write(lines, *[(request_for(access_log), number)
                   for number in range(5)])
    assert len(counted) >= 5
    assert stream.getvalue().count(b'\n') == 5


def test_without_a_handler_there_is_no_line(lines, access_log, monkeypatch):
    handled = []
    # It would say that there is no handler, as ZServer's own does not.
    monkeypatch.setattr(access_log.logger, 'handle', handled.append)
    write(lines, *[(request_for(access_log), 1)] * 2)
    assert handled == []
    access_log.logger.addHandler(Records())
    write(lines, *[(request_for(access_log), 1)] * 2)
    assert handled


def test_a_level_that_leaves_them_out(lines, access_log, stream):
    access_log.logger.setLevel(logging.ERROR)
    write(lines, *[(request_for(access_log), 1)] * 2)
    assert stream.getvalue() == b''


def test_another_log_gets_what_medusa_says(lines, access_log, stream):
    said = []

    class Other(object):
        def log(self, origin, message):
            said.append((origin, message))

    other = request_for(access_log)
    other.channel.server.logger = Other()
    plain = request_for(access_log)
    write(lines, (plain, 1), (other, 2), (plain, 3))
    assert [origin for origin, _message in said] == ['10.0.0.1']
    assert stream.getvalue().count(b'\n') == 2


def test_a_line_that_cannot_be_made_costs_no_other(lines, access_log, stream,
                                                   monkeypatch):
    own, complaints = logging.getLogger(LOGGER_NAME), Records()
    monkeypatch.setattr(own, 'handlers', [complaints])
    monkeypatch.setattr(own, 'propagate', False)
    broken = request_for(access_log, code=None)
    good = request_for(access_log)
    write(lines, (good, 1), (broken, 2), (good, 3))
    assert stream.getvalue().count(b'\n') == 2
    assert complaints.messages == ['A line was not logged']


class OneLine(logging.Formatter):
    """Reads the line, as one that makes JSON of it does."""

    def format(self, record):
        if '\n' in record.getMessage():
            raise ValueError('more than one line')
        return record.getMessage()


def test_a_format_that_reads_the_line(lines, access_log, stream):
    handler, = access_log.logger.handlers
    handler.setFormatter(OneLine())
    write(lines, *[(request_for(access_log), number)
                   for number in range(3)])
    assert stream.getvalue().count(b'\n') == 3


def test_a_line_that_cannot_be_written_costs_no_other(lines, access_log,
                                                      stream, monkeypatch):
    class Picky(object):
        def filter(self, record):
            if ' 200 2 ' in record.getMessage():
                raise ValueError('not this one')
            return True

    monkeypatch.setattr(logging.getLogger(LOGGER_NAME), 'propagate', False)
    handler, = access_log.logger.handlers
    handler.addFilter(Picky())
    write(lines, *[(request_for(access_log), number)
                   for number in range(4)])
    assert stream.getvalue().count(b'\n') == 3


@pytest.mark.parametrize('owner', [AccessLogger, unresolving_logger])
def test_a_patch_of_a_logger_has_its_way(lines, access_log, stream, owner,
                                         monkeypatch):
    said = []
    monkeypatch.setattr(owner, 'log', lambda *args: said.append(args))
    write(lines, *[(request_for(access_log), number)
                   for number in range(3)])
    assert len(said) == 3
    assert stream.getvalue() == b''


# The lines of Zope's requests

def test_the_line_of_a_request_for_zope_is_left_to_the_log_queue(
        lines, access_log, stream):
    request = request_for(access_log)
    producer = LineProducer(lines, request, 7)
    assert producer.more() == ''
    assert stream.getvalue() == b''
    # Or they would keep each other alive.
    assert request not in vars(producer).values()
    lines._log_queue.write()
    assert stream.getvalue().count(b'\n') == 1


@pytest.mark.parametrize('owner', [http_server.http_request, None])
def test_what_somebody_has_put_in_the_place_of_medusas_writes_the_line(
        lines, access_log, stream, owner, monkeypatch):
    said = []

    def log(request, sent):
        said.append(sent)

    request = request_for(access_log)
    if owner is None:
        class Own(http_server.http_request):
            pass

        owner = request.__class__ = Own
    monkeypatch.setattr(owner, 'log', log, raising=False)
    LineProducer(lines, request, 7).more()
    assert said == [7]
    assert not lines.put(request, 8)
    lines._log_queue.write()
    assert said == [7] and stream.getvalue() == b''


@pytest.mark.parametrize('log', [[].append, abs])
def test_a_log_that_is_no_method_writes_the_line(lines, access_log, log):
    request = request_for(access_log)
    request.log = log
    assert LineProducer(lines, request, 7).more() == ''
    assert lines._log_queue.items == {}


def test_a_line_by_another_method(lines, access_log):
    said = []
    request = request_for(access_log)
    request.tell = said.append
    assert LineProducer(lines, request, 7, 'tell').more() == ''
    assert said == [7] and lines._log_queue.items == {}
