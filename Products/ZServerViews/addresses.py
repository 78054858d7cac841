"""Literal IP addresses, networks and names of hosts, taken strictly.

What a resolver or a browser would also take for an address (``127.1``,
``0177.0.0.1``, ``2130706433``) is none here. Nothing is ever resolved.

The converters `networks` and `host_names` are for component.xml.
"""
from __future__ import absolute_import, division, print_function

import binascii
import re
import socket
import struct

# Compiled where a configuration has names: most have none.
_NAME = (r'(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*'
         r'[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\Z')
# With such a last label, a name is an address for browsers (WHATWG URL).
_NUMBER = r'(?:0x[0-9a-f]*|[0-9]+)\Z'


_DIGITS6 = frozenset('0123456789abcdefABCDEF:')


def number(text):
    """A literal address -> (32, number) for IPv4, (128, number) for IPv6.

    An IPv4-mapped one, such as ``::ffff:127.0.0.1`` (RFC 4291, section
    2.5.5.2), is the IPv4 address that it means. Raises ValueError for
    anything else, zone and brackets included.
    """
    value = _number4(text)
    return _number6(text) if value is None else (32, value)


def _number4(text):
    """The number that a dotted quad means; None for anything else."""
    parts = text.split('.') if len(text) <= 15 else ()
    if len(parts) != 4:
        return None
    value = 0
    for part in parts:
        # Digits of other scripts and leading noughts do not come out again.
        if not part.isdigit() or str(int(part)) != part or int(part) > 255:
            return None
        value = value << 8 | int(part)
    return value


def _number6(text):
    # What the library may take beyond these signs is none here.
    last = text.rpartition(':')[2]
    digits = text[:-len(last)] if '.' in last else text
    if (_DIGITS6.issuperset(digits)
            and (digits is text or _number4(last) is not None)):
        try:
            packed = socket.inet_pton(socket.AF_INET6, str(text))
        except socket.error:
            pass
        else:
            value = int(binascii.hexlify(packed), 16)
            if value >> 32 == 0xffff:
                return 32, value & 0xffffffff
            return 128, value
    raise ValueError('%r is no literal address' % str(text))


class Network(object):
    """All addresses of ``bits`` whose first ``length`` are ``prefix``."""

    def __init__(self, bits, length, prefix):
        self.bits = bits
        self.length = length
        self.prefix = prefix

    def __eq__(self, other):
        return isinstance(other, Network) and vars(self) == vars(other)

    def __ne__(self, other):  # PY2
        return not self == other  # PY2

    __hash__ = None

    def holds(self, address):
        """Whether an address, as `number` returns it, is in the network."""
        bits, value = address
        return (bits == self.bits
                and value >> (self.bits - self.length) == self.prefix)

    def __str__(self):
        value = self.prefix << (self.bits - self.length)
        family, packed = (
            (socket.AF_INET, struct.pack('!I', value)) if self.bits == 32
            else (socket.AF_INET6,
                  struct.pack('!QQ', value >> 64, value & (1 << 64) - 1)))
        return '%s/%d' % (socket.inet_ntop(family, packed), self.length)


def network(text):
    """``10.0.0.0/8``, ``192.0.2.1``, ``fd00::/8`` -> Network."""
    literal, slash, given = text.partition('/')
    bits, value = number(literal)
    most = 128 if ':' in literal else 32
    if not slash:
        given = str(most)
    if not given.isdigit() or int(given) > most:
        raise ValueError('%r: behind the slash stands how many bits belong '
                         'to the network, at most %d' % (str(text), most))
    # An IPv4-mapped address has 96 bits in front of those that count.
    length = int(given) - (most - bits)
    if length < 0:
        raise ValueError('%r: an IPv4-mapped network has at least 96 bits'
                         % str(text))
    prefix = value >> (bits - length)
    if prefix << (bits - length) != value:
        raise ValueError('%r is no network, for its address goes on behind '
                         'the first %s bits; this one has it: %s'
                         % (str(text), given, Network(bits, length, prefix)))
    return Network(bits, length, prefix)


# The machine itself.
LOOPBACK = (network('127.0.0.0/8'), network('::1'))


def networks(text):
    """Networks separated by white space -> tuple; ``none`` -> ()."""
    words = text.split()
    if not words:
        raise ValueError('here stand networks, such as 127.0.0.0/8 ::1, or '
                         'the word none')
    if [word.lower() for word in words] == ['none']:
        return ()
    return tuple(network(word) for word in words)


def host_names(text):
    """Names of hosts separated by white space -> tuple, in lower case."""
    return tuple(_host_name(word) for word in text.lower().split())


def _host_name(word):
    if not re.match(_NAME, word):
        raise ValueError('%r is no name of a host: write each in full, '
                         'without a port, a trailing dot or *' % str(word))
    if re.match(_NUMBER, word.rpartition('.')[2]):
        raise ValueError('%r is an address, or looks like one; literal '
                         'addresses need not be named' % str(word))
    return str(word)
