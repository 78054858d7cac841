"""The name of the function that a frame is calling just now.

A function written in C has no frame. Which one a frame waits in is known from
the frame's bytecode alone: from the call, back over the instructions that have
loaded its arguments, to the one that has loaded the function. The names of
instructions are those of the Pythons 2.7 and 3.10 to 3.13; whatever else is
met gives None, so that a newer Python knows less rather than something wrong.
"""
from __future__ import absolute_import, division, print_function

import dis
import sys

# For the entry of a with statement.
WITH = 'with'

# One instruction is two bytes; on Python 2.7 those that are met are three.
_STEP = 3 if sys.version_info[0] == 2 else 2

# How far a function is looked for behind its arguments, in units of _STEP.
# Caches, which belong to the instruction before them, are among these.
_BACK = 200

_CALLS = frozenset(['CALL', 'PRECALL', 'CALL_METHOD', 'CALL_FUNCTION'])
# With a tuple of keywords on top of the arguments. In 2.7 one of the names
# means something else.
_KEYWORD_CALLS = frozenset(
    ['CALL_KW'] + ['CALL_FUNCTION_KW'] * (_STEP == 2))

# What loads something by name, and how many of the lowest bits of the argument
# are not part of the name's number.
_BY_NAME = {'LOAD_METHOD': 0, 'LOAD_NAME': 0,
            'LOAD_ATTR': int(sys.version_info >= (3, 12)),
            'LOAD_GLOBAL': int(sys.version_info >= (3, 11))}

_NO_LOAD = frozenset(
    ['CACHE', 'PRECALL', 'PUSH_NULL', 'KW_NAMES', 'EXTENDED_ARG'])
_LOAD_ONE = frozenset(
    ['LOAD_CONST', 'LOAD_FAST', 'LOAD_FAST_CHECK', 'LOAD_DEREF', 'LOAD_NAME',
     'LOAD_GLOBAL'])
_REPLACE_ONE = frozenset(['LOAD_ATTR', 'LOAD_METHOD'])
_BUILD = frozenset(['BUILD_LIST', 'BUILD_TUPLE'])
# These make one value of two. Those of Python 2.7 are single bytes, which are
# not told from arguments when one goes back.
_OF_TWO = frozenset(
    name for name in dis.opname if _STEP == 2 and name != 'BINARY_SLICE'
    and (name.startswith('BINARY_')
         or name in ('COMPARE_OP', 'IS_OP', 'CONTAINS_OP')))


def called_by(frame):
    """The name a frame calls, without what stands before its last dot.

    `WITH` for the entry of a with statement. None if it calls nothing, or
    something that cannot be told. A frame that has just got its result looks
    as if it still called.
    """
    code, last = frame.f_code, frame.f_lasti
    instructions = bytearray(code.co_code)
    if not 0 <= last < len(instructions):
        return None
    operation = dis.opname[instructions[last]]
    if operation in ('BEFORE_WITH', 'SETUP_WITH'):
        return WITH
    if operation in _CALLS or operation in _KEYWORD_CALLS:
        return _behind(instructions, last, code.co_names,
                       _taken(operation, _argument(instructions, last)))
    return None


def _taken(operation, number):
    """How many values a call takes from above its function."""
    if operation in _KEYWORD_CALLS:
        return number + 1
    # In 2.7 the second byte has the number of pairs for keywords.
    return (number & 255) + 2 * (number >> 8)


def _behind(instructions, last, names, left):
    """The name that is loaded behind so many arguments."""
    for at in range(last - _STEP, max(-1, last - _BACK * _STEP), -_STEP):
        operation = dis.opname[instructions[at]]
        if operation in _NO_LOAD:
            continue
        if left == 0:
            return _name(operation, _argument(instructions, at), names)
        if operation in _LOAD_ONE:
            left -= 1
        elif operation in _CALLS or operation in _KEYWORD_CALLS:
            # Of an argument: what it takes stands before it, and what it
            # calls.
            left += _taken(operation, _argument(instructions, at))
        elif operation in _OF_TWO:
            left += 1
        elif operation in _BUILD:
            left += _argument(instructions, at) - 1
        elif operation == 'LOAD_FAST_LOAD_FAST' and left > 1:
            left -= 2
        elif operation not in _REPLACE_ONE:
            return None
    return None


def _name(operation, number, names):
    number >>= _BY_NAME.get(operation, 0)
    if operation in _BY_NAME and number < len(names):
        return names[number]
    return None


def _argument(instructions, at):
    argument = instructions[at + 1]
    if _STEP == 3:
        return argument | instructions[at + 2] << 8  # PY2
    if at >= 2 and dis.opname[instructions[at - 2]] == 'EXTENDED_ARG':
        argument |= instructions[at - 1] << 8
    return argument
