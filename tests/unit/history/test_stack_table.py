from __future__ import absolute_import, division, print_function

import os
import subprocess
import sys

from Products.ZServerViews.history.stack_table import LEFT_OUT, MAX_FRAMES, StackTable

STACK = [(u'main', u'/a/main.py', 3), (u'work', u'/a/work.py', 17)]


def innermost(depth=0):
    return innermost(depth - 1) if depth else sys._getframe()


def same_place(table, times):
    numbers = []
    for _number in range(times):
        numbers.append(table.of_frame(sys._getframe()))
    return numbers


def test_equal_stacks_have_one_number():
    table = StackTable()
    number = table.intern(STACK)
    assert table.intern([list(frame) for frame in STACK]) == number
    assert table.intern(STACK[:1]) != number
    assert table.definition(number) == [list(frame) for frame in STACK]
    assert len(table) == 2


def test_equal_frames_are_kept_once():
    table = StackTable()
    one = table.frames(table.intern(STACK))
    other = table.frames(table.intern(
        [(u'main', u'/a/main.py', 3), (u'rest', u'/a/work.py', 20)]))
    assert one[0] is other[0]


def test_a_number_that_nobody_knows():
    assert StackTable().definition(7) == []


def test_the_stack_of_a_frame_outermost_first():
    table = StackTable()
    found = table.definition(table.of_frame(innermost(2)))
    assert [frame[0] for frame in found[-4:]] == [
        'test_the_stack_of_a_frame_outermost_first'] + ['innermost'] * 3
    line = innermost.__code__.co_firstlineno + 1
    assert found[-1] == ['innermost', innermost.__code__.co_filename, line]


def test_a_frame_that_has_not_moved_and_one_that_has():
    table = StackTable()
    assert len(set(same_place(table, 3))) == 1
    here = sys._getframe()
    first = table.of_frame(here)
    second = table.of_frame(here)
    assert first != second
    assert table.definition(second)[-1][2] == table.definition(first)[-1][2] + 1


def test_of_deep_stacks_the_outermost_frames_are_left_out():
    table = StackTable()
    found = table.definition(table.of_frame(innermost(2 * MAX_FRAMES)))
    assert len(found) == MAX_FRAMES + 1
    assert tuple(found[0]) == LEFT_OUT
    assert set(frame[0] for frame in found[1:]) == set(['innermost'])


def test_what_is_asked_for_again_stays_and_the_rest_is_forgotten():
    table = StackTable(limit=20000)
    kept = table.intern(STACK)
    first = table.intern([(u'f', u'/a', 0)])
    for line in range(1, 1000):
        table.intern([(u'f', u'/a', line)])
        assert table.intern(STACK) == kept
        assert len(table) < 60
    assert table.definition(kept) == [list(frame) for frame in STACK]
    assert table.definition(first) == []
    # Its number is nobody else's.
    assert table.intern([(u'f', u'/a', 0)]) > first


def test_what_is_renewed_stays():
    table = StackTable(limit=20000)
    kept, other = table.intern(STACK), table.intern(STACK[:1])
    for line in range(1000):
        table.intern([(u'f', u'/a', line)])
        assert table.renew(kept)
    assert table.definition(kept) == [list(frame) for frame in STACK]
    assert not table.renew(other) and not table.renew(None)


def test_a_stack_that_was_forgotten_is_found_again_by_its_frame():
    table = StackTable(limit=20000)

    def here():
        return table.of_frame(sys._getframe())

    def ask():
        return here()

    before = [ask() for _number in range(2)]
    for line in range(1000):
        table.intern([(u'f', u'/a', line)])
    after = [ask() for _number in range(2)]
    assert table.definition(before[0]) == []
    assert table.definition(after[0])[-1][0] == 'here'


# In a process of its own, without what measures coverage: that keeps each code object
# that runs.
MADE_ANEW = """
import marshal, sys, weakref
from Products.ZServerViews.history.stack_table import MOST_CODES, StackTable
table, numbers, living = StackTable(), set(), []
source = compile('numbers.add(table.of_frame(sys._getframe()))', 'script', 'exec')
for _number in range(3 * MOST_CODES):
    code = marshal.loads(marshal.dumps(source))
    living.append(weakref.ref(code))
    exec(code, {'table': table, 'numbers': numbers, 'sys': sys})
del code
print(len(numbers), sum(one() is not None for one in living) <= MOST_CODES)
"""


def test_code_that_is_made_anew_again_and_again_is_not_kept():
    environ = dict((name, value) for name, value in os.environ.items()
                   if not name.startswith('COVERAGE_'))
    said = subprocess.check_output(
        [sys.executable, '-c', 'from __future__ import print_function' + MADE_ANEW],
        env=environ)
    assert said.split() == [b'1', b'True']
