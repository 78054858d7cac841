"""What only ZServer has: its sections of zope.conf, its log, its parser.

None of these exists on another server.
"""
from __future__ import absolute_import, division, print_function

import ftplib
import json
import os
import re
import shutil
import socket
import tempfile
import time
from subprocess import PIPE, STDOUT, Popen

import pytest

from tests.functional.client import Connection
from tests.functional.harness import Instance
from tests.functional.harness.instance import SECTION
from tests.functional.harness.on_zserver import DEFAULT_LISTEN
from tests.functional.test_listener import with_settings
from tests.functional.test_overload import wait_until_waiting
from tests.waiting import awaited

pytestmark = pytest.mark.skipif(
    Instance.name != 'zserver',
    reason="the sections, the log and the parser are ZServer's own")

MEGABYTE = 1 << 20
# As in the product, which a server has and this process need not.
MOST_QUEUED = 100
HOST = b' HTTP/1.1\r\nHost: x\r\n'


def find_program(name):
    """Its path, or None; Python 2.7 has no shutil.which."""
    for folder in os.environ.get('PATH', '').split(os.pathsep):
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK):
            return path
    return None


AB = find_program('ab')
HTTP = """
<http-server>
    address 127.0.0.1:PORT
    %s
</http-server>
"""


# Sections of zope.conf

@pytest.mark.parametrize('line', [
    'fast-listen on', 'fast-listen off', 'force-connection-close off'])
def test_with_line(make_instance, line):
    zope = make_instance(listen=HTTP % line).start()
    with zope.connect() as connection:
        for _number in range(3):
            assert connection.get('/v/hello').text == 'hello'
            assert connection.get('/@@echo?name=z').text == 'echo z 0'


def test_several_servers(make_instance):
    zope = make_instance(listen=HTTP % 'fast-listen on'
                         + HTTP % 'fast-listen off'
                         + HTTP % 'force-connection-close on').start()
    assert len(zope.addresses) == 3
    threads = set()
    for listener, (_host, port) in enumerate(zope.addresses):
        with zope.connect(listener=listener) as connection:
            assert connection.get('/@@echo').text == 'echo  0'
        with zope.connect(listener=listener) as connection:
            threads.add(connection.get('/thr-id').text)
        with zope.connect(listener=listener) as connection:
            shown = connection.get('/v/environ').text
        assert '"SERVER_PORT": "%d"' % port in shown
    assert len(threads) == 1


def closes(zope, *paths):
    """Each answer ends its connection, though the client would keep it."""
    for path in paths:
        for version in '1.1', '1.0':
            with zope.connect() as connection:
                answer = connection.get(path, version=version, headers=[
                    ('Connection', 'keep-alive')])
                assert answer.header('Connection') == 'close'
                assert connection.is_closed()


def test_force_connection_close(make_instance):
    zope = make_instance(listen=HTTP % 'force-connection-close on').start()
    closes(zope, '/v/hello', '/v/parts', '/v/raises', '/@@echo')


def test_use_wsgi(make_instance):
    """Zope's side of it is experimental; the views do not depend on it."""
    zope = make_instance(listen=HTTP % 'use-wsgi on').start()
    with zope.connect() as connection:
        for _number in range(3):
            assert connection.get('/v/hello').text == 'hello'
            assert '"body": "abc"' in connection.get(
                '/v/environ', method='POST', body=b'abc').text
        connection.request('/@@echo?name=z')
        assert connection.read_to_end().startswith(b'HTTP/1.1 200 OK\r\n')


OTHERS = HTTP % '' + """
<webdav-source-server>
    address 127.0.0.1:PORT
</webdav-source-server>
<ftp-server>
    address 127.0.0.1:PORT
</ftp-server>
<icp-server>
    address 127.0.0.1:PORT
</icp-server>
"""


def test_other_servers_are_left_alone(make_instance):
    zope = make_instance(listen=OTHERS).start()
    assert zope.get('/v/hello').text == 'hello'
    # The page that this is on WebDAV's port has an X-Thread of Zope's.
    with zope.connect(listener=1) as connection:
        answer = connection.get('/thr-id')
        assert answer.code == 404
        assert answer.header('X-Thread')
    with zope.connect(listener=1) as connection:
        assert connection.get('/', method='OPTIONS').header('DAV')
    with zope.connect(listener=2) as connection:
        assert connection._line().startswith(b'220 ')
        connection.send(b'QUIT\r\n')
        assert connection._line().startswith(b'221 ')
    assert ask_icp(zope.addresses[3], b'http://x/thr-id')[:1] == ICP_MISS


ICP_MISS = b'\x03'


def ask_icp(address, url):
    """The answer to an ICP query (RFC 2186), whose first byte is its code."""
    payload = b'\0' * 4 + url + b'\0'
    asked = (b'\x01\x02' + bytearray([0, 20 + len(payload)])
             + b'\0\0\0\x07' + b'\0' * 12 + payload)
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        client.settimeout(10)
        client.sendto(bytes(asked), address)
        return client.recv(4096)
    finally:
        client.close()


def test_configuration_changes_under_a_connection(zope):
    with zope.connect() as kept:
        assert kept.get('/late').code == 404
        assert kept.get('/v/hello').text == 'hello'
        zope.get('/@@add-view?key=late&entry=/late+fixture_views.hello')
        assert kept.get('/late').text == 'hello'
        assert kept.get('/v/text').text == u'gr\xfc\xdfe'
        assert kept.get('/@@echo?name=z').text == 'echo z 0'


# Memory

def test_400_mebibytes_in_flat_memory(zope):
    with zope.connect() as connection:
        connection.request('/v/huge')
        connection.read_head()
        connection.read(MEGABYTE)
        before = zope.resident_bytes()
        most = 0
        for _number in range(400):
            assert len(connection.read(MEGABYTE)) == MEGABYTE
            most = max(most, zope.resident_bytes())
    assert most < before + 16 * MEGABYTE


def test_a_slow_reader_in_flat_memory(zope):
    before = zope.resident_bytes()
    with zope.connect() as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.request('/v/huge')
        for _number in range(10):
            connection.read(10000)
            assert zope.get('/v/hello').text == 'hello'
        assert zope.resident_bytes() < before + 16 * MEGABYTE


# ApacheBench

@pytest.mark.skipif(AB is None, reason='ab of the package apache2-utils is '
                                       'not installed')
@pytest.mark.parametrize('path', ['/thr-id', '/v/hello', '/@@echo'])
@pytest.mark.parametrize('options', [[], ['-k']], ids=['new', 'kept'])
def test_apache_bench(zope, options, path):
    printed = apache_bench(zope, options + ['-n', '300', '-c', '10'], path)
    assert figure('Complete requests', printed) == 300, printed
    assert figure('Failed requests', printed) == 0, printed
    assert 'Non-2xx' not in printed
    if options:
        assert figure('Keep-Alive requests', printed) == 300, printed


def apache_bench(zope, options, path):
    """What ab prints; its own -s makes it give up."""
    command = [AB, '-q', '-s', '20'] + options + [
        'http://127.0.0.1:%d%s' % (zope.addresses[0][1], path)]
    child = Popen(command, stdout=PIPE, stderr=STDOUT)
    printed = child.communicate()[0].decode('latin-1')
    assert child.returncode == 0, printed
    return printed


def figure(name, printed):
    return int(re.search(r'%s: +(\d+)' % name, printed).group(1))


# The access log

def lines_of(zope, mark):
    """(status, bytes) of each line that has the mark in its request."""
    return re.findall(r'"[^"]*\b%s HTTP/1\.[01]" (\d+) (\d+) ' % mark,
                      zope.log(zope.ACCESS_LOG))


def wait_for_lines(zope, mark, number):
    awaited(lambda: len(lines_of(zope, mark)) >= number)
    # One too many would follow at once.
    time.sleep(0.2)
    return lines_of(zope, mark)


def test_one_line_for_each_answer(zope):
    sent = []
    with zope.connect() as connection:
        for path in 'hello', 'parts', 'many', 'raises', 'no_content':
            for method in 'GET', 'HEAD', 'POST':
                answer = connection.get('/v/%s?onelog' % path, method=method)
                sent.append((str(answer.code), str(answer.size)))
    assert wait_for_lines(zope, 'onelog', len(sent)) == sent


def test_pipelined_answers_have_their_own_lines(zope):
    names = ['/v/hello', '/@@echo', '/v/parts', '/@@echo', '/v/hello'] * 5
    with zope.connect() as connection:
        connection.send(b''.join(
            b'GET ' + name.encode('ascii') + b'?pipelog' + HOST + b'\r\n'
            for name in names))
        sizes = [str(connection.response().size) for _name in names]
    lines = wait_for_lines(zope, 'pipelog', len(names))
    assert sorted(lines) == sorted(('200', size) for size in sizes)


def test_clients_that_went_have_a_line(zope):
    """The bytes are those that the client's side has taken, not all."""
    for _number in range(3):
        with zope.connect() as connection:
            connection.request('/v/big?wentlog')
            connection.read_head()
    for status, size in wait_for_lines(zope, 'wentlog', 3):
        assert status == '200'
        assert 0 < int(size) < 64 * MEGABYTE


def test_a_client_that_went_before_its_turn_has_no_line(zope):
    zope.get('/v/close_gate')
    with zope.connect() as connection:
        connection.send(b'GET /@@wait?before' + HOST + b'\r\n'
                        b'GET /v/hello?turnlog' + HOST + b'\r\n')
        wait_until_waiting(zope, 1)
    zope.get('/v/open_gate')
    wait_for_lines(zope, r'wait\?before', 1)
    assert lines_of(zope, 'turnlog') == []
    assert zope.get('/v/hello').text == 'hello'


# Bodies and request lines

def test_a_body_in_a_file(zope):
    """Above 512 KiB ZServer keeps a body in a temporary file."""
    for size in 524287, 524288, 524289, 3 * MEGABYTE:
        with zope.connect() as connection:
            answer = connection.get('/v/environ', method='POST',
                                    body=b'b' * size)
            assert '"body": "%s"' % ('b' * size) in answer.text
            assert connection.get('/@@echo?name=z').text == 'echo z 0'


def test_a_failing_view_with_a_body_in_a_file(zope):
    with zope.connect() as connection:
        answer = connection.get('/v/raises', method='POST',
                                body=b'b' * MEGABYTE)
        assert answer.code == 500
        assert connection.get('/v/hello').text == 'hello'


def test_pipelined_behind_a_body_in_a_file(zope):
    with zope.connect() as connection:
        connection.send(
            b'POST /v/text' + HOST + b'Content-Length: 600000\r\n\r\n'
            + b'b' * 600000 + b'GET /@@echo?name=z' + HOST + b'\r\n'
            b'GET /v/hello' + HOST + b'\r\n')
        for text in u'gr\xfc\xdfe', u'echo z 0', u'hello':
            assert connection.response().text == text


def test_a_header_line_without_a_colon(zope):
    """Refused; the connection goes on, and nobody else notices."""
    for path in b'/v/hello', b'/@@echo':
        with zope.connect() as connection:
            connection.send(b'GET ' + path + HOST + b'rubbish\r\n\r\n')
            assert connection.response().code in (400, 500)
            assert connection.get('/v/hello').text == 'hello'


def test_a_header_line_without_a_colon_before_a_body(zope):
    """The view is not called; ZServer itself says nothing and closes."""
    with zope.connect() as connection:
        connection.send(b'POST /v/hello' + HOST + b'rubbish\r\n'
                        b'Connection: close\r\nContent-Length: 3\r\n\r\nabc')
        answer = connection.read_to_end()
    assert not answer or re.match(br'HTTP/1\.[01] [45]\d\d ', answer)
    assert zope.get('/v/hello').text == 'hello'


def test_a_request_line_without_a_version(zope):
    for path in 'hello', 'parts', 'raises':
        with zope.connect() as connection:
            connection.send(b'GET /v/%s\r\n\r\n' % path.encode('ascii'))
            answer = connection.response()
            assert answer.version == 'HTTP/1.0'
            assert answer.header('Connection') == 'close'
            assert connection.is_closed()


def test_a_request_line_without_a_version_behind_others(zope):
    with zope.connect() as connection:
        connection.send(b'GET /@@echo?name=z' + HOST + b'\r\n'
                        b'GET /v/hello\r\n\r\n')
        assert connection.response().text == 'echo z 0'
        assert connection.response().text == 'hello'
        assert connection.is_closed()


# Order

def test_pipelined_behind_a_slow_one(zope):
    """Neither of two requests of Zope overtakes, nor does the view."""
    zope.get('/v/close_gate')
    with zope.connect(timeout=60) as connection:
        connection.send(b''.join(
            b'GET ' + path + HOST + b'\r\n' for path in (
                b'/@@wait?name=slow', b'/@@wait?name=next', b'/v/hello',
                b'/@@echo?name=z', b'/v/parts')))
        wait_until_waiting(zope, 1)
        # One request of a connection at a time is in work.
        for _number in range(20):
            assert zope.get('/v/count_waiting').text == '1'
        zope.get('/v/open_gate')
        for text in ('waited slow', 'waited next', 'hello', 'echo z 0',
                     'one two three'):
            assert connection.response().text == text


WAIT = b'GET /@@wait?name=w' + HOST + b'\r\n'
VIEW = b'GET /v/hello' + HOST + b'\r\n'
BAD = HOST + b'rubbish\r\nContent-Length: 3\r\n\r\n'
REFUSED = {
    'view': (b'GET /v/hello' + HOST + b'rubbish\r\n\r\n', 500),
    'zope': (b'GET /@@echo' + HOST + b'rubbish\r\n\r\n', 500),
    'view with a body': (b'POST /v/hello' + BAD + b'abc', 500),
    'zope with a body': (b'POST /@@echo' + BAD + b'abc', 500),
}


@pytest.mark.parametrize('kind', sorted(REFUSED))
def test_refused_behind_a_view_that_waits(zope, kind):
    """What medusa itself answers does not overtake; what follows goes on."""
    refused, code = REFUSED[kind]
    zope.get('/v/close_gate')
    with zope.connect(timeout=60) as connection:
        connection.send(WAIT + VIEW + refused + VIEW + refused
                        + b'GET /@@echo?name=z' + HOST + b'\r\n')
        wait_until_waiting(zope, 1)
        zope.get('/v/open_gate')
        assert connection.response().text == 'waited w'
        assert connection.response().text == 'hello'
        assert connection.response().code == code
        assert connection.response().text == 'hello'
        assert connection.response().code == code
        assert connection.response().text == 'echo z 0'
        assert connection.get('/@@echo?name=y').text == 'echo y 0'


@pytest.mark.parametrize('kind', sorted(REFUSED))
def test_refused_behind_a_view_that_is_being_answered(zope, kind):
    refused, code = REFUSED[kind]
    with zope.connect() as connection:
        connection.request('/v/big')
        connection.read_head()
        connection.send(refused + VIEW)
        assert connection.read(64 * MEGABYTE) == b'x' * (64 * MEGABYTE)
        assert connection.response().code == code
        assert connection.response().text == 'hello'


@pytest.mark.parametrize('kind', ['view', 'view with a body'])
def test_a_view_refused_behind_a_slow_request(zope, kind):
    refused, code = REFUSED[kind]
    zope.get('/v/close_gate')
    with zope.connect(timeout=60) as connection:
        connection.send(WAIT + refused + VIEW)
        wait_until_waiting(zope, 1)
        zope.get('/v/open_gate')
        assert connection.response().text == 'waited w'
        assert connection.response().code == code
        assert connection.response().text == 'hello'


@pytest.mark.parametrize('last, code', [
    (b'rubbish\r\n\r\n', 400),
    (b'GET /v/hello' + HOST + b'rubbish\r\nConnection: close\r\n\r\n', 500),
    (b'\r\n\r\n', None)], ids=['line', 'header', 'nothing'])
def test_refused_with_a_close_behind_a_view_that_waits(zope, last, code):
    """Medusa closes for it, but not before all that was asked is answered."""
    zope.get('/v/close_gate')
    with zope.connect(timeout=60) as connection:
        connection.send(WAIT + VIEW + last + VIEW)
        wait_until_waiting(zope, 1)
        zope.get('/v/open_gate')
        assert connection.response().text == 'waited w'
        assert connection.response().text == 'hello'
        if code is not None:
            assert connection.response().code == code
        assert connection.is_closed()


def test_a_rubbish_line_behind_a_view_that_is_being_answered(zope):
    with zope.connect() as connection:
        connection.request('/v/big')
        connection.read_head()
        connection.send(b'rubbish\r\n\r\n')
        assert connection.read(64 * MEGABYTE) == b'x' * (64 * MEGABYTE)
        assert connection.response().code == 400
        assert connection.is_closed()


# The monitor suite

MONITOR = SECTION % '''
    fixture /v  fixture_views.suite
    monitor /-/ Products.ZServerViews.views.monitor
'''
WEBDAV = """
<webdav-source-server>
    address 127.0.0.1:PORT
</webdav-source-server>
"""
FTP = """
<ftp-server>
    address 127.0.0.1:PORT
</ftp-server>
"""


def told(zope, name):
    return json.loads(zope.get('/-/%s?format=json' % name).text)


def test_a_request_of_webdav_is_told(make_instance):
    zope = make_instance(MONITOR, HTTP % '' + WEBDAV).start()
    zope.get('/v/close_gate')
    with zope.connect(listener=1) as connection:
        connection.request('/@@wait?x=1', method='POST', body=b'body')
        wait_until_waiting(zope, 1)
        row, = told(zope, 'requests')['requests']
        assert (row['method'], row['path'], row['phase']) == (
            'POST', '/@@wait', 'publishing')
        assert re.match(r'worker-\d+\Z', row['worker_name'])
        assert row['worker_name'] in [
            thread['name'] for thread in told(zope, 'threads')['threads']]
        zope.get('/v/open_gate')
        assert connection.response().code == 200
    awaited(lambda: told(zope, 'requests')['requests'] == [])
    awaited(lambda: told(zope, 'workers')['finished'] == 1)


def test_ftp_goes_on_as_ever(make_instance):
    zope = make_instance(MONITOR, HTTP % '' + FTP).start()
    ftp = ftplib.FTP()
    ftp.connect(*zope.addresses[1])
    ftp.login('admin', 'admin')
    assert 'acl_users' in ftp.nlst()
    workers = told(zope, 'workers')
    assert (workers['busy'], workers['workers']) == (0, 4)
    # The one that asks is the other.
    assert workers['connections'] == 2
    ftp.quit()


def test_a_request_whose_client_has_gone_waits_still(make_instance):
    zope = make_instance(MONITOR).start()
    zope.get('/v/close_gate')
    connections = [zope.connect(timeout=60) for _number in range(6)]
    for number, connection in enumerate(connections):
        connection.request('/@@wait?name=%d' % number)
        wait_until_waiting(zope, min(number + 1, 4))
    connections[5].close()
    awaited(lambda: sum(row['client_gone'] for row in told(
        zope, 'requests')['requests']) == 1)
    rows = told(zope, 'requests')['requests']
    assert [row['client_gone'] for row in rows] == [False] * 5 + [True]
    zope.get('/v/open_gate')
    for connection in connections[:5]:
        assert connection.response().code == 200
        connection.close()
    awaited(lambda: told(zope, 'workers')['finished'] == 6)


def test_who_pipelines_thousands_makes_no_view_slow(make_instance):
    """What waits is bounded, and so is what views look at; nothing is lost."""
    zope = make_instance(MONITOR).start()
    zope.get('/v/close_gate')
    asked = b'GET /@@echo?name=z' + HOST + b'\r\n'
    with zope.connect(timeout=60) as connection:
        # Less than the sockets' buffers.
        connection.send(WAIT + asked * 2000)
        wait_until_waiting(zope, 1)
        rows = told(zope, 'requests')['requests']
        # One read brings 4 KiB.
        assert MOST_QUEUED <= len(rows) <= MOST_QUEUED + 4096 // len(asked) + 1
        zope.get('/v/open_gate')
        assert connection.response().text == 'waited w'
        for _number in range(2000):
            assert connection.response().text == 'echo z 0'


def test_use_wsgi_is_recorded(make_instance):
    zope = make_instance(MONITOR, HTTP % 'use-wsgi on').start()
    zope.get('/v/close_gate')
    with zope.connect(timeout=60) as connection:
        connection.request('/@@wait')
        wait_until_waiting(zope, 1)
        row, = told(zope, 'requests')['requests']
        assert (row['path'], row['phase']) == ('/@@wait', 'publishing')
        zope.get('/v/open_gate')
        assert connection.read_to_end().endswith(b'waited ')
    awaited(lambda: told(zope, 'workers')['finished'] == 1)


CLOCK = DEFAULT_LISTEN + """
<clock-server>
    method /@@wait
    period 1
</clock-server>
"""


def test_requests_of_a_clock_server_have_their_age_at_the_first_look(
        make_instance):
    zope = make_instance(MONITOR, CLOCK).start()
    zope.get('/v/close_gate')
    # All workers have one, and these wait. No view has looked at them.
    awaited(lambda: int(zope.get('/v/count_queued').text) >= 3)
    found = told(zope, 'workers')
    assert found['waiting'] >= 3 and found['oldest_wait_seconds'] > 1
    ages = [row['age_seconds'] for row in told(zope, 'requests')['requests']]
    assert ages == sorted(ages, reverse=True) and ages[0] > ages[-1] + 3
    zope.get('/v/open_gate')


def test_while_it_drains_no_connection_is_kept(make_instance):
    folder = tempfile.mkdtemp(prefix='zsv-')
    own = os.path.join(folder, 'views')
    zope = make_instance(MONITOR + with_settings('listen ' + own).partition(
        '</product-config>')[2]).start()
    assert zope.get('/v/hello').code == 200
    with Connection(own) as operator:
        assert operator.get('/-/drain', method='POST').code == 200
    closes(zope, '/v/hello', '/@@echo')
    with Connection(own) as operator:
        assert operator.get('/-/drain', method='DELETE').code == 200
    with zope.connect() as connection:
        for _number in range(2):
            assert connection.get('/@@echo').code == 200
    shutil.rmtree(folder)
