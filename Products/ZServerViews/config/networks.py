"""Literal IP addresses, networks and names of hosts, taken strictly.

What a resolver or a browser would also take for an address (``127.1``,
``0177.0.0.1``, ``2130706433``) is none here. Nothing is ever resolved.

Addresses and networks are those of `ipaddress`. The converters `networks` and
`host_names` are for component.xml.
"""
from __future__ import absolute_import, division, print_function

import ipaddress
import re

from Products.ZServerViews._compat import text_type

_NAME = (r'(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*'
         r'[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\Z')
# With such a last label, a name is an address for browsers (WHATWG URL).
_NUMBER = r'(?:0x[0-9a-f]*|[0-9]+)\Z'


def literal(text):
    """A literal address -> ipaddress.IPv4Address or IPv6Address.

    Raises ValueError for anything else, zone and brackets included.
    """
    # PY2: the backport takes a nought in front of a digit up to 7.
    quad = text.rpartition(':')[2] if '.' in text else '0'
    try:
        if '%' in text or re.search('(?:^|[.])0[0-9]', quad):
            raise ValueError
        return ipaddress.ip_address(text_type(text))
    except ValueError:
        raise ValueError('%r is not a literal address' % str(text))


def address(text):
    """The same; an IPv4-mapped one, such as ``::ffff:127.0.0.1`` (RFC 4291,
    section 2.5.5.2), is the IPv4 address that it means."""
    found = literal(text)
    return getattr(found, 'ipv4_mapped', None) or found


def network(text):
    """``10.0.0.0/8``, ``192.0.2.1``, ``fd00::/8`` -> IPv4Network or
    IPv6Network; one of IPv4-mapped addresses is that of IPv4."""
    if text == 'localhost':
        raise ValueError("'localhost' is not a network: write 127.0.0.0/8 ::1")
    first, slash, given = text.partition('/')
    found = address(first)
    most = literal(first).max_prefixlen
    if not slash:
        given = str(most)
    # ipaddress takes masks too.
    if not re.match(r'[0-9]{1,3}\Z', given) or int(given) > most:
        raise ValueError('%r: the prefix length after the slash must be a '
                         'number up to %d' % (str(text), most))
    # An IPv4-mapped address has 96 bits in front of those that count.
    length = int(given) - (most - found.max_prefixlen)
    if length < 0:
        raise ValueError('%r: the prefix length of an IPv4-mapped network is '
                         'at least 96'
                         % str(text))
    made = ipaddress.ip_network(u'%s/%d' % (found, length), strict=False)
    if made.network_address != found:
        raise ValueError('%r is not a network, since its address has bits set '
                         'after the first %s; its network is %s'
                         % (str(text), given, made))
    return made


# The machine itself.
LOOPBACK = (network('127.0.0.0/8'), network('::1'))


def networks(text):
    """Networks separated by white space -> tuple; ``none`` -> ()."""
    words = text.split()
    if not words:
        raise ValueError('the value must be networks, such as 127.0.0.0/8 '
                         '::1, or the word none')
    if [word.lower() for word in words] == ['none']:
        return ()
    return tuple(network(word) for word in words)


def host_names(text):
    """Names of hosts separated by white space -> tuple, in lower case."""
    return tuple(_host_name(word) for word in text.lower().split())


def _host_name(word):
    if not re.match(_NAME, word):
        raise ValueError('%r is not a host name: write each name in full, '
                         'without a port, a trailing dot or *' % str(word))
    if re.match(_NUMBER, word.rpartition('.')[2]):
        raise ValueError('%r is an address, or looks like one; literal '
                         'addresses need not be listed' % str(word))
    return str(word)
