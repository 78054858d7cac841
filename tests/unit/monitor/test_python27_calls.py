"""monitor.python27_calls, of frames by hand; real ones: test_thread_waits.

The bytes are those of Python 2.7, so the table holds wherever it is tested, as
long as that Python has such instructions by name.
"""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.monitor import frames, python27_calls, thread_states
from Products.ZServerViews.monitor.python27_calls import CALLS, state_of

NAMES = ('acquire', 'find', 'sleep', 'time', '_acquire', 'poll')


class Dis(object):
    """The names of instructions as Python 2.7 has them."""

    numbers = {'BINARY_MULTIPLY': 20, 'UNARY_NEGATIVE': 11, 'LOAD_CONST': 100,
               'LOAD_NAME': 101, 'BUILD_TUPLE': 102, 'BUILD_LIST': 103,
               'LOAD_ATTR': 106, 'JUMP_FORWARD': 110, 'LOAD_GLOBAL': 116,
               'LOAD_FAST': 124, 'CALL_FUNCTION': 131, 'LOAD_DEREF': 136,
               'CALL_FUNCTION_VAR': 140, 'SETUP_WITH': 143}
    opname = ['<%d>' % number for number in range(256)]


for name, number in Dis.numbers.items():
    Dis.opname[number] = name


@pytest.fixture(autouse=True)
def of_python_27(monkeypatch):
    monkeypatch.setattr(python27_calls, 'dis', Dis)


class Frame(object):
    """Stands at its last instruction."""

    def __init__(self, *instructions, **given):
        code = bytearray()
        for operation, argument in instructions:
            self.f_lasti = len(code)
            code.append(Dis.numbers[operation])
            if Dis.numbers[operation] >= 90:
                code += bytearray([argument & 255, argument >> 8])
        self.f_lasti = given.get('last', getattr(self, 'f_lasti', -1))
        self.f_code = self
        self.co_code = bytes(code)
        self.co_names = NAMES


TIME, SLEEP = ('LOAD_GLOBAL', 3), ('LOAD_ATTR', 2)
ACQUIRE = ('LOAD_ATTR', 0)
LOCAL, CONST = ('LOAD_FAST', 0), ('LOAD_CONST', 1)


def call(arguments, keywords=0):
    return 'CALL_FUNCTION', arguments + 256 * keywords


@pytest.mark.parametrize('instructions, expected', [
    ([('SETUP_WITH', 7)], thread_states.LOCK),
    ([LOCAL, ACQUIRE, call(0)], thread_states.LOCK),
    ([LOCAL, ('LOAD_ATTR', 4), call(0)], thread_states.LOCK),
    ([TIME, SLEEP, CONST, call(1)], thread_states.SLEEPING),
    ([('LOAD_GLOBAL', 2), CONST, call(1)], thread_states.SLEEPING),
    ([('LOAD_NAME', 2), CONST, call(1)], thread_states.SLEEPING),
    ([LOCAL, ACQUIRE, LOCAL, CONST, LOCAL, call(1, 1)], thread_states.LOCK),
    # Of an argument with a name of its own, with calls, with lists.
    ([TIME, SLEEP, LOCAL, ('LOAD_ATTR', 5), call(1)], thread_states.SLEEPING),
    ([TIME, SLEEP, LOCAL, call(0), call(1)], thread_states.SLEEPING),
    ([TIME, SLEEP, LOCAL, ('LOAD_ATTR', 1), CONST, LOCAL, CONST, call(1),
      call(2), call(1)], thread_states.SLEEPING),
    ([TIME, ('LOAD_ATTR', 5), LOCAL, ('BUILD_LIST', 1), LOCAL, LOCAL,
      ('BUILD_LIST', 2), ('BUILD_TUPLE', 0), CONST, call(4)],
     thread_states.SOCKET),
    # Nothing that waits, or not told.
    ([LOCAL, ('LOAD_ATTR', 1), call(0)], None),
    ([LOCAL, call(0)], None),
    ([LOCAL, ('LOAD_GLOBAL', 2), call(1), CONST, call(1)], None),
    ([TIME, SLEEP, LOCAL, ('UNARY_NEGATIVE', 0), call(1)], None),
    ([TIME, SLEEP, LOCAL, ('JUMP_FORWARD', 3), CONST, call(1)], None),
    ([TIME, SLEEP, LOCAL, ('CALL_FUNCTION_VAR', 0)], None),
    ([TIME], None), ([call(3)], None),
    ([('LOAD_GLOBAL', 99), call(0)], None)])
def test_what_a_frame_waits_for(instructions, expected):
    assert state_of(Frame(*instructions)) == expected


@pytest.mark.parametrize('last', [-1, 10000])
def test_a_frame_that_has_not_begun_or_is_elsewhere(last):
    assert state_of(Frame(TIME, SLEEP, CONST, call(1), last=last)) is None


def test_a_function_too_far_behind_its_arguments(monkeypatch):
    monkeypatch.setattr(python27_calls, '_BACK', 3)
    assert state_of(Frame(TIME, SLEEP, CONST, call(1))) is not None
    assert state_of(Frame(TIME, SLEEP, CONST, CONST, CONST, call(3))) is None


def test_states():
    assert set(CALLS.values()) < set(thread_states.STATES)


def test_only_python_27_asks_it():
    assert frames.state_of(Frame(('SETUP_WITH', 7))) == (
        thread_states.LOCK if PY2 else None)
