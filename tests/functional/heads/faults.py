"""Memories of heads that are wrong: the comparison must find each of them.

Each is put around all that channels receive. ``memory`` is {what is remembered
of a head: the first bytes of this kind, the address of their client}.
"""
from __future__ import absolute_import, division, print_function

import re

_VALUE = re.compile(br'(X-Number: \d*)\d\r\n')


def ignores_a_byte(channel, data, memory):
    """The last byte of one header."""
    return memory.setdefault(_VALUE.sub(br'\1?\r\n', data), data)


def ignores_case(channel, data, memory):
    return memory.setdefault(data.lower(), data)


def ignores_what_follows(channel, data, memory):
    """Behind the first end of a head."""
    head, end, _rest = data.partition(b'\r\n\r\n')
    return memory.setdefault(head, data) if end else data


def ignores_the_peer(channel, data, memory):
    channel.addr = memory.setdefault(data, channel.addr)
    return data


def ignores_the_server(channel, data, memory):
    adj = channel.adj
    channel.adj = memory.setdefault((type(channel.addr), data), adj)
    return data


FAULTS = (ignores_a_byte, ignores_case, ignores_what_follows, ignores_the_peer,
          ignores_the_server)


def commit(name):
    """Have all channels of this process get what this memory gives them."""
    # The file that imports this one is looked at where there is no waitress, too.
    from waitress.channel import HTTPChannel
    fault, = [fault for fault in FAULTS if fault.__name__ == name]
    memory, recv = {}, HTTPChannel.recv

    def wrong(channel, size):
        data = recv(channel, size)
        return fault(channel, data, memory) if data else data

    HTTPChannel.recv = wrong
