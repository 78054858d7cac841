"""The listener for views alone (setting ``listen``)."""
from __future__ import absolute_import, division, print_function

import os
import socket
import stat
import tempfile

import pytest

from tests.checkout import free_port
from tests.functional.client import Connection
from tests.functional.harness.instance import FIXTURE_SECTION
from tests.functional.test_overload import sleeping_workers

TYPED = """
%%import Products.ZServerViews
<zserver-views process>
    %s
</zserver-views>
"""


def with_settings(*lines):
    return FIXTURE_SECTION + TYPED % '\n    '.join(lines)


@pytest.fixture(scope='module', params=['tcp', 'unix'])
def listening(request):
    """(instance, address of its listener for views)"""
    from tests.functional.harness import Instance
    if request.param == 'tcp':
        address = ('127.0.0.1', free_port())
        said = '%s:%d' % address
    else:
        said = address = os.path.join(tempfile.mkdtemp(prefix='zsv-'), 'views')
    instance = Instance(with_settings('listen ' + said),
                        **Instance.limited_to(20))
    instance.start()
    # It opens with the first turn of the loop.
    assert instance.get('/v/hello').code == 200
    yield instance, address
    assert instance.is_running(), instance.output()
    instance.stop()


def ask(address, target, **kw):
    with Connection(address) as connection:
        return connection.get(target, **kw)


def test_views_and_nothing_else(listening):
    zope, address = listening
    assert ask(address, '/v/hello').text == 'hello'
    # On ZServer it has the event loop of the site.
    assert ((ask(address, '/thr-id').text == zope.get('/thr-id').text)
            is (zope.name == 'zserver'))
    for target in '/', '/@@echo', '/v/hello/', '/manage', 'http://localhost':
        answer = ask(address, target)
        assert answer.code == 404
        assert answer.header('X-Thread') is None
    assert ask(address, '/', method='HEAD').body == b''
    assert ask(address, '/v/environ', method='POST', body=b'x').code == 200


def test_keep_alive_and_pipelining(listening):
    _zope, address = listening
    with Connection(address) as connection:
        for _number in range(5):
            connection.request('/v/hello')
            connection.request('/nothing')
            connection.request('/v/parts')
        for _number in range(5):
            assert connection.response().text == 'hello'
            assert connection.response().code == 404
            assert connection.response().text == 'one two three'


def test_rubbish_does_no_harm(listening):
    zope, address = listening
    for sent in b'rubbish\r\n\r\n', zope.REFUSED, b'\0' * 100 + b'\r\n\r\n':
        with Connection(address) as connection:
            connection.send(sent)
            first_line = connection.read_to_end().partition(b'\r\n')[0]
            assert first_line.split(b' ')[1] in (b'400', b'404')
    assert ask(address, '/v/hello').text == 'hello'


def test_it_answers_while_the_site_is_full(listening):
    zope, address = listening
    with sleeping_workers(zope, 30):
        idle = [Connection(address) for _number in range(10)]
        for _number in range(40):
            assert ask(address, '/v/hello').text == 'hello'
        for connection in idle:
            connection.close()


def test_it_has_few_connections_itself(listening):
    zope, address = listening
    connections = [Connection(address) for _number in range(100)]
    assert ask(address, '/v/hello').text == 'hello'
    assert connections[0].is_closed()
    assert connections[-1].get('/v/hello').text == 'hello'
    for connection in connections:
        connection.close()
    assert zope.get('/@@echo?name=x').text == 'echo x 0'


def test_who_may_use_the_unix_socket(listening):
    _zope, address = listening
    if isinstance(address, str):
        assert stat.S_IMODE(os.stat(address).st_mode) == 0o600


def test_its_requests_are_told_apart(listening):
    zope, address = listening
    assert '"zserverviews.reserved": true' in ask(address, '/v/environ').text
    assert '"zserverviews.reserved": false' in zope.get('/v/environ').text


def test_a_taken_address_does_not_stop_the_site(make_instance):
    taken = socket.socket()
    taken.bind(('127.0.0.1', 0))
    taken.listen(1)
    try:
        port = taken.getsockname()[1]
        zope = make_instance(
            with_settings('listen 127.0.0.1:%d' % port)).start()
        assert zope.get('/v/hello').text == 'hello'
        assert zope.get('/@@echo?name=x').text == 'echo x 0'
        log = zope.wait_for_log('event.log', 'No listener for views')
        assert '127.0.0.1:%d' % port in log
        assert 'in use' in log
    finally:
        taken.close()


def test_a_unix_socket_left_behind_is_replaced(make_instance):
    path = os.path.join(tempfile.mkdtemp(prefix='zsv-'), 'views')
    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()
    zope = make_instance(with_settings('listen ' + path)).start()
    assert zope.get('/v/hello').text == 'hello'
    assert ask(path, '/v/hello').text == 'hello'


@pytest.mark.parametrize('value, words', [
    ('8090', 'is not an address'),
    ('example.org:80', 'is not a literal address'),
    ('127.0.0.1:port', 'is not a port'),
])
def test_a_mistake_stops_the_start(make_instance, value, words):
    from tests.functional.harness.instance import StartFailed
    with pytest.raises(StartFailed) as failure:
        make_instance(with_settings('listen ' + value)).start()
    assert words in str(failure.value)
