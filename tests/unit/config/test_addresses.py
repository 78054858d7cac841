"""config.addresses: where several processes listen."""
from __future__ import absolute_import, division, print_function

import os
import socket

import pytest

from Products.ZServerViews.config.values import address


class Bound(object):
    def __init__(self, name):
        self._name = name

    def getsockname(self):
        return self._name


def test_one_for_all_processes():
    found = address('127.0.0.1:0')
    assert not found.is_of_several
    assert found.choices() == [found]
    assert found.of(None) is found
    assert found.told(Bound(('127.0.0.1', 8090))) == '127.0.0.1:8090'


@pytest.mark.parametrize('host, family', [
    ('localhost', socket.AF_INET), ('[::1]', socket.AF_INET6)])
def test_several_ports(host, family):
    found = address(host + ':8091-8093')
    assert found.is_of_several and found.family == family
    assert found.text == host + ':8091-8093'
    assert [choice.text for choice in found.choices()] == [
        host + ':8091', host + ':8092', host + ':8093']
    assert [choice.address[1] for choice in found.choices()] == [
        8091, 8092, 8093]
    bound = Bound(('an address', 8092))
    assert found.of(bound) == address(host + ':8092')
    assert found.told(bound) == host + ':8092'
    # What a change of the configuration has left behind.
    assert found.of(Bound(('an address', 1))) is found
    assert found != address(host + ':8091-8094')
    assert found == address(host + ':8091-8093')


def test_the_number_of_the_process_in_a_path():
    found = address('/run/a.b-{pid}.sock')
    assert found.is_of_several and found.family == socket.AF_UNIX
    own = '/run/a.b-%d.sock' % os.getpid()
    assert found.choices() == [address(own)]
    assert found.of_pid(4711) == address('/run/a.b-4711.sock')
    assert found.told(Bound(own)) == own
    assert found.folder == '/run'
    for name, pid in (('a.b-1.sock', 1), ('a.b-.sock', None),
                      ('a.b-1.sock2', None), ('axb-1.sock', None),
                      ('a.b-x.sock', None), ('.b-1.sock', None)):
        assert found.pid_in(name) == pid
    assert found != address(own)


@pytest.mark.parametrize('text, words', [
    ('127.0.0.1:8098-8091', 'write the lower one first'),
    ('127.0.0.1:8091-8091', 'write 8091 alone'),
    ('127.0.0.1:0-8', '0 stands for any free port'),
    ('127.0.0.1:8000-8100', 'has 101 ports, and at most 100'),
    ('127.0.0.1:8091-', "'' is not a port: write a number"),
    ('127.0.0.1:8091-65536', "'65536' is not a port"),
    ('127.0.0.1:1-2-3', "'2-3' is not a port"),
    ('/run/{process}', 'only {pid} has a meaning'),
    ('/run/{pid}/{pid}', 'once and in the name'),
    ('/run/{pid}/views', 'in the name of the socket, not of its folder'),
    ('/' + 100 * 'x' + '{pid}', 'at most 107'),
])
def test_what_is_no_address_of_several(text, words):
    with pytest.raises(ValueError) as failure:
        address(text)
    assert words in str(failure.value)
