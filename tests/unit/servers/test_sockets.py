"""servers.sockets: the socket for views alone."""
from __future__ import absolute_import, division, print_function

import errno
import logging
import os
import socket
import stat

import pytest

from Products.ZServerViews.config.addresses import Address
from Products.ZServerViews.config.values import address
from Products.ZServerViews.servers import sockets as sockets_module
from tests.unit.dummies import Site


@pytest.fixture
def path(tmpdir):
    return str(tmpdir.join('views'))


def test_tcp():
    sock = sockets_module.bind(address('127.0.0.1:0'))
    try:
        port = sock.getsockname()[1]
        socket.create_connection(('127.0.0.1', port)).close()
        with pytest.raises(socket.error):
            sockets_module.bind(address('127.0.0.1:%d' % port))
    finally:
        sock.close()


@pytest.mark.parametrize('text, remedy', [
    ('/no/such/folder/views', ': create the folder /no/such/folder. The'),
    ('192.0.2.1:0', ': this machine has no such address. The')])
def test_why_there_is_no_listener(text, remedy):
    site = Site()
    site.settings.listen = address(text)
    assert sockets_module.open_for(site) is None
    (_level, said, _exc_info), = site.log_queue.logged
    assert remedy in said


def test_somebodys_file_and_somebodys_port(path):
    with open(path, 'w') as somebodys:
        somebodys.write('a file')
    sock = sockets_module.bind(address('127.0.0.1:0'))
    try:
        taken = '127.0.0.1:%d' % sock.getsockname()[1]
        for text, remedy in ((path, ': that is a file and no socket'),
                             (taken, ': another process has it')):
            site = Site()
            site.settings.listen = address(text)
            assert sockets_module.open_for(site) is None
            (_level, said, _exc_info), = site.log_queue.logged
            assert remedy in said
    finally:
        sock.close()


def test_ipv6_only():
    sock = sockets_module.bind(address('[::1]:0'))
    assert sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    sock.close()


def test_it_does_not_block():
    sock = sockets_module.bind(address('127.0.0.1:0'))
    with pytest.raises(socket.error):
        sock.accept()
    sock.close()


def test_a_unix_socket_is_its_owners(path):
    sock = sockets_module.bind(address(path))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    # Somebody listens there.
    with pytest.raises(socket.error):
        sockets_module.bind(address(path))
    sock.close()
    # It was left behind.
    sockets_module.bind(address(path)).close()


def test_a_file_is_not_removed(path):
    with open(path, 'w') as somebodys:
        somebodys.write('text')
    with pytest.raises(socket.error):
        sockets_module.bind(address(path))
    with open(path) as somebodys:
        assert somebodys.read() == 'text'


def test_a_socket_that_does_not_answer_stays(path, monkeypatch):
    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()

    class Busy(object):
        def __init__(self, *args):
            pass

        def setblocking(self, flag):
            pass

        def connect(self, path):
            raise socket.error(errno.EAGAIN, 'its queue is full')

        def close(self):
            pass

    with monkeypatch.context() as patch:
        patch.setattr(socket, 'socket', Busy)
        sockets_module._remove_stale(path)
    assert os.path.exists(path)


# The companion of a process that was killed, see runtime/handover.py

@pytest.fixture
def taken(monkeypatch):
    """A socket that listens, a site that wants its address, and a list: of what
    a companion hands over, if anything."""
    sock = sockets_module.bind(address('127.0.0.1:0'))
    site = Site()
    site.settings.listen = address('127.0.0.1:%d' % sock.getsockname()[1])
    handed_over = []
    monkeypatch.setattr(
        sockets_module.handover, 'take',
        lambda wanted: handed_over and handed_over.pop() or None)
    yield sock, site, handed_over
    sock.close()


def test_the_listener_of_a_companion(taken):
    sock, site, handed_over = taken
    handed_over.append(sock)
    assert sockets_module.open_for(site) is sock
    (_level, text, _exc_info), = site.log_queue.logged
    assert 'also served at' in text


def test_an_address_that_somebody_else_has(taken):
    _sock, site, _handed_over = taken
    assert sockets_module.open_for(site) is None
    (_level, text, _exc_info), = site.log_queue.logged
    assert 'No listener for views' in text


def test_another_failure_is_no_matter_for_a_companion(taken, tmpdir):
    sock, site, handed_over = taken
    handed_over.append(sock)
    site.settings.listen = address(str(tmpdir.join('nowhere', 'views')))
    assert sockets_module.open_for(site) is None
    assert handed_over


# Several processes

def logged(site):
    (level, text, _exc_info), = site.log_queue.logged
    return level, text


def a_range(sock, number):
    """The address of so many ports, from that of a socket on."""
    port = sock.getsockname()[1]
    return address('127.0.0.1:%d-%d' % (port, port + number - 1))


@pytest.fixture
def ports():
    """Two sockets that listen at neighbouring ports."""
    for _attempt in range(100):
        first = sockets_module.bind(address('127.0.0.1:0'))
        try:
            second = sockets_module.bind(address(
                '127.0.0.1:%d' % (first.getsockname()[1] + 1)))
        except (socket.error, ValueError):
            first.close()
            continue
        break
    yield first, second
    first.close()
    second.close()


def test_the_first_free_port(ports):
    first, second = ports
    site = Site()
    site.settings.listen = a_range(first, 2)
    where = second.getsockname()[1]
    second.close()
    assert sockets_module.open_for(site).getsockname()[1] == where
    assert logged(site) == (
        logging.INFO, 'Views are also served at 127.0.0.1:%d' % where)
    site.views_socket.close()


@pytest.mark.parametrize('expected', [False, True])
def test_no_port_is_free(ports, expected):
    site = Site()
    site.settings.listen = a_range(ports[0], 2)
    for _time in range(2):
        assert sockets_module.open_for(site, expected) is None
    level, text = logged(site)
    assert level == (logging.WARNING if expected else logging.ERROR)
    assert ('all addresses of 127.0.0.1:' in text) == expected


def test_another_process_is_expected_there(ports):
    site = Site()
    site.settings.listen = address('127.0.0.1:%d'
                                   % ports[0].getsockname()[1])
    assert sockets_module.open_for(site, True) is None
    level, text = logged(site)
    assert level == logging.INFO and text.endswith(
        'another process listens there; trying again every 2 s')


def test_another_failure_is_never_expected(tmpdir):
    for name in 'a', '{pid}':
        site = Site()
        site.settings.listen = address(str(tmpdir.join('nowhere', name)))
        assert sockets_module.open_for(site, True) is None
        assert logged(site)[0] == logging.ERROR


def ended():
    """The number of a process that is no more."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def test_sockets_that_the_dead_have_left(tmpdir):
    dead = ended()

    def left(name):
        sock = sockets_module.bind(address(str(tmpdir.join(name))))
        sock.close()

    for name in ('a-%d' % dead, 'a-1', 'b-%d' % dead, 'a-%d' % 10 ** 30):
        left(name)
    # Somebody answers there, from another namespace.
    answers = sockets_module.bind(address(str(tmpdir.join('a-0%d' % dead))))
    with open(str(tmpdir.join('a-00%d' % dead)), 'w'):
        pass
    site = Site()
    site.settings.listen = address(str(tmpdir.join('a-{pid}')))
    own = sockets_module.open_for(site)
    assert sorted(os.listdir(str(tmpdir))) == sorted([
        'a-1', 'b-%d' % dead, 'a-0%d' % dead, 'a-00%d' % dead,
        'a-%d' % os.getpid()])
    own.close()
    answers.close()


def test_a_socket_that_another_process_has_removed(tmpdir, monkeypatch):
    dead = ended()
    sockets_module.bind(address(str(tmpdir.join('a-%d' % dead)))).close()

    def gone(path):
        raise OSError(errno.ENOENT, 'gone')

    monkeypatch.setattr(os, 'unlink', gone)
    sockets_module.remove_those_of_the_dead(address(str(tmpdir.join(
        'a-{pid}'))))


def test_whether_an_address_is_free(tmp_path, monkeypatch):
    path = str(tmp_path / 'socket')
    for family, where in ((socket.AF_INET, ('127.0.0.1', 0)),
                          (socket.AF_UNIX, path)):
        listening = socket.socket(family)
        listening.bind(where)
        listening.listen(1)
        taken = Address(family, listening.getsockname(), '')
        assert not sockets_module.is_free(taken)
        listening.close()
        assert sockets_module.is_free(taken)
    os.unlink(path)
    assert sockets_module.is_free(taken)

    def no_socket(*args):
        raise socket.error('no descriptor')

    monkeypatch.setattr(sockets_module.socket, 'socket', no_socket)
    assert not sockets_module.is_free(taken)
