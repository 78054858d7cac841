"""config.networks: literal ones and nothing that only looks like one."""
from __future__ import absolute_import, division, print_function

import ipaddress
import socket

import pytest

from Products.ZServerViews.config import networks


@pytest.mark.parametrize('text, expected', [
    ('127.0.0.1', (32, 0x7f000001)),
    ('0.0.0.0', (32, 0)),
    ('255.255.255.255', (32, 0xffffffff)),
    ('192.0.2.10', (32, 0xc000020a)),
    (u'192.0.2.10', (32, 0xc000020a)),
    ('::', (128, 0)),
    ('::1', (128, 1)),
    ('2001:DB8::a', (128, 0x20010db8 << 96 | 10)),
    # Mapped ones are the IPv4 addresses that they mean; other ones are not.
    ('::ffff:127.0.0.1', (32, 0x7f000001)),
    ('::FFFF:7f00:1', (32, 0x7f000001)),
    ('0:0:0:0:0:ffff:127.0.0.1', (32, 0x7f000001)),
    ('::127.0.0.1', (128, 0x7f000001)),
    ('64:ff9b::127.0.0.1', (128, 0x64ff9b << 96 | 0x7f000001)),
])
def test_literal_addresses(text, expected):
    found = networks.address(text)
    assert (found.max_prefixlen, int(found)) == expected


@pytest.mark.parametrize('text', [
    '', ' ', '127.0.0.1 ', ' 127.0.0.1', '127.0.0.1\n', '127.0.0.1.',
    # What inet_aton() and browsers take for 127.0.0.1:
    '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.0.0.1',
    '0177.0.0.1', '0177.1', '017700000001', '127.0.0.01', '127.0.0.0x1',
    '00127.0.0.1',
    u'\uff11\uff12\uff17.0.0.1', u'127\u30020.0.1', u'\u0661.0.0.1',
    '256.0.0.1', '127.0.0.256', '1.2.3', '1.2.3.4.5', '-1.0.0.1', '+1.0.0.1',
    'localhost', 'example.org', '[::1]', '::1%lo', 'fe80::1%eth0', '1::2::3',
    '::g', ':::', '::1/128', '1:2:3:4:5:6:7', '::ffff:0177.0.0.1',
    '::ffff:127.1', '::ffff:256.0.0.1', '1.2.3.4::', '::1\x00',
])
def test_what_is_none(text):
    with pytest.raises(ValueError):
        networks.address(text)


def test_a_mapped_address_as_it_is_written():
    assert networks.literal('::ffff:127.0.0.1').version == 6
    assert networks.literal('127.0.0.1').version == 4


@pytest.mark.parametrize('text, canonical, inside, outside', [
    ('127.0.0.0/8', None, ['127.0.0.0', '127.255.255.255',
                           '::ffff:127.0.0.1'],
     ['126.255.255.255', '128.0.0.0', '::1', '::127.0.0.1']),
    ('192.0.2.1', '192.0.2.1/32', ['192.0.2.1'], ['192.0.2.0', '192.0.2.2']),
    ('192.0.2.1/32', None, ['192.0.2.1'], ['192.0.2.0']),
    ('10.128.0.0/9', None, ['10.128.0.0', '10.255.0.1'], ['10.127.0.1']),
    ('0.0.0.0/0', None, ['0.0.0.0', '255.255.255.255'], ['::1']),
    ('::1', '::1/128', ['::1'], ['::', '::2', '0.0.0.1', '127.0.0.1']),
    ('::/0', None, ['::', '2001:db8::1'], ['127.0.0.1']),
    ('fd00::/8', None, ['fd00::1', 'fdff::'], ['fc00::1', 'fe00::']),
    ('::ffff:10.0.0.0/104', '10.0.0.0/8', ['10.1.2.3', '::ffff:10.1.2.3'],
     ['11.0.0.0']),
    ('::ffff:0:0/96', '0.0.0.0/0', ['192.0.2.1'], ['::1']),
])
def test_networks(text, canonical, inside, outside):
    network, = networks.networks(text)
    assert str(network) == (canonical or text)
    for literal in inside:
        assert networks.address(literal) in network, literal
    for literal in outside:
        assert networks.address(literal) not in network, literal


def test_several_networks_and_none():
    found = networks.networks(' 127.0.0.0/8\t::1\n10.0.0.0/8 ')
    assert [str(one) for one in found] == ['127.0.0.0/8', '::1/128',
                                           '10.0.0.0/8']
    assert found[:2] == networks.LOOPBACK
    assert networks.networks('none') == networks.networks(' NONE ') == ()


@pytest.mark.parametrize('text, remedy', [
    ('', 'or the word none'),
    ('localhost', "'localhost' is not a network: write 127.0.0.0/8 ::1"),
    ('127.0.0.0/8 none', "'none' is not a literal address"),
    ('127.0.0.1,::1', 'is not a literal address'),
    ('127.0.0.0/', 'the prefix length'),
    ('127.0.0.0/33', 'a number up to 32'),
    ('::/129', 'a number up to 128'),
    ('127.0.0.0/255.0.0.0', 'the prefix length'),
    ('127.0.0.0/-1', 'the prefix length'),
    ('127.0.0.1/8', 'its network is 127.0.0.0/8'),
    ('fd00::1/8', 'its network is fd00::/8'),
    ('::ffff:0.0.0.0/95', 'is at least 96'),
])
def test_no_networks(text, remedy):
    with pytest.raises(ValueError) as refused:
        networks.networks(text)
    assert remedy in str(refused.value)


def test_names_of_hosts():
    assert networks.host_names(u' Zope1.Example.org\tzope_1 a-b ') == (
        'zope1.example.org', 'zope_1', 'a-b')
    assert networks.host_names('') == ()
    assert all(type(name) is str for name in networks.host_names(u'a b'))


@pytest.mark.parametrize('text, remedy', [
    ('zope1.', 'without a port, a trailing dot or *'),
    ('zope1:8080', 'without a port'),
    ('*.example.org', 'write each name in full'),
    ('.example.org', 'is not a host name'), ('a..b', 'is not a host name'),
    ('-a', 'is not a host name'), ('a-', 'is not a host name'), ('a/b', 'is not a host name'),
    ('[::1]', 'is not a host name'), ('http://a', 'is not a host name'),
    ('\xfc.example.org', 'is not a host name'), ('a,b', 'is not a host name'),
    ('127.0.0.1', 'looks like one'), ('127.1', 'looks like one'),
    ('2130706433', 'looks like one'), ('0x7f000001', 'looks like one'),
    ('example.0x1', 'looks like one'), ('0177.0.0.1', 'looks like one'),
])
def test_no_names_of_hosts(text, remedy):
    with pytest.raises(ValueError) as refused:
        networks.host_names('good ' + text)
    assert remedy in str(refused.value)


@pytest.mark.parametrize('text', [
    '127.0.0.01', '::ffff:127.0.0.01', '::ffff:127.00.0.1', 'fe80::1%eth0',
    '::ffff:127.0.0.1%1'])
def test_a_library_that_takes_more_is_not_asked(monkeypatch, text):
    # Some have taken leading noughts, and newer ones take zones.
    monkeypatch.setattr(ipaddress, 'ip_address', lambda text: 1)
    with pytest.raises(ValueError):
        networks.literal(text)


def test_nothing_is_resolved(monkeypatch):
    for name in 'getaddrinfo', 'gethostbyname', 'gethostbyname_ex':
        monkeypatch.setattr(socket, name, None)
    assert networks.networks('10.0.0.0/8')
    assert networks.host_names('localhost')
