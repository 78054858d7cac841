"""What a frame of Python 2.7 waits for, by the function that it calls.  # PY2

Python 2.7 has neither the clocks nor the numbers of threads by which
`thread_clocks` knows it. Its bytecode does not change any more, so it is read:
from the call, back over the instructions that have loaded its arguments, to the
one that has loaded the function. This module goes with Python 2.7; no newer one
imports it.
"""
from __future__ import absolute_import, division, print_function

import dis

from Products.ZServerViews.monitor.thread_states import (
    DATABASE,
    FILE,
    LOCK,
    SLEEPING,
    SOCKET,
)

# Names that mean one thing whoever has them. Not read, write, send or get:
# they seldom wait, and a busy loop over them would look like waiting.
CALLS = {
    'acquire': LOCK, 'sleep': SLEEPING,
    'select': SOCKET, 'poll': SOCKET, 'recv': SOCKET, 'recv_into': SOCKET,
    'recvfrom': SOCKET, 'accept': SOCKET, 'connect': SOCKET,
    'sendall': SOCKET, 'getaddrinfo': SOCKET, 'gethostbyname': SOCKET,
    'gethostbyaddr': SOCKET, 'do_handshake': SOCKET,
    'flock': FILE, 'lockf': FILE, 'fsync': FILE, 'fdatasync': FILE,
    'execute': DATABASE, 'executemany': DATABASE, 'commit': DATABASE,
    'rollback': DATABASE,
}

# Those instructions that are met are three bytes long.
_STEP = 3

# How far a function is looked for behind its arguments, in instructions.
_BACK = 200

_BY_NAME = frozenset(['LOAD_ATTR', 'LOAD_NAME', 'LOAD_GLOBAL'])
_LOAD_ONE = frozenset(
    ['LOAD_CONST', 'LOAD_FAST', 'LOAD_DEREF', 'LOAD_NAME', 'LOAD_GLOBAL'])
_BUILD = frozenset(['BUILD_LIST', 'BUILD_TUPLE'])


def state_of(frame):
    """One of the states of `thread_states`, or None.

    A frame that has just got its result looks as if it still called.
    """
    last = frame.f_lasti
    instructions = bytearray(frame.f_code.co_code)
    if not 0 <= last < len(instructions):
        return None
    operation = dis.opname[instructions[last]]
    if operation == 'SETUP_WITH':
        # Of all objects whose __enter__ is written in C, only locks wait there.
        return LOCK
    if operation != 'CALL_FUNCTION':
        return None
    called = _behind(instructions, last, frame.f_code.co_names)
    # Some alias such functions with an underscore in front.
    return CALLS.get(called and called.lstrip('_'))


def _behind(instructions, last, names):
    """The name that is loaded behind the arguments of a call."""
    left = _taken(instructions, last)
    for at in range(last - _STEP, max(-1, last - _BACK * _STEP), -_STEP):
        operation = dis.opname[instructions[at]]
        if left == 0:
            return _name(operation, _argument(instructions, at), names)
        if operation in _LOAD_ONE:
            left -= 1
        elif operation == 'CALL_FUNCTION':
            # Of an argument: what it takes stands before it, and what it
            # calls.
            left += _taken(instructions, at)
        elif operation in _BUILD:
            left += _argument(instructions, at) - 1
        elif operation != 'LOAD_ATTR':
            # Single bytes, too, are not told from arguments here.
            return None
    return None


def _name(operation, number, names):
    if operation in _BY_NAME and number < len(names):
        return names[number]
    return None


def _taken(instructions, at):
    """How many values the call takes from above its function."""
    # The second byte has the number of pairs for keywords.
    return instructions[at + 1] + 2 * instructions[at + 2]


def _argument(instructions, at):
    return instructions[at + 1] | instructions[at + 2] << 8
