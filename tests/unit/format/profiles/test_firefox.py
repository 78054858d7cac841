"""format.profiles.firefox, held to the types of the processed format."""
from __future__ import absolute_import, division, print_function

import json

import pytest

from Products.ZServerViews.format.profiles.formats import FORMATS
from Products.ZServerViews.monitor.thread_states import STATES

from tests.unit.format.profiles import examples

# The columns of each table at version 48 of the format; each is as long as its
# table says. "!" marks those that no null may be in.
TABLES = {
    'stackTable': ['frame!', 'prefix', 'category!', 'subcategory!'],
    'frameTable': ['address!', 'inlineDepth!', 'category', 'subcategory',
                   'func!', 'nativeSymbol', 'innerWindowID', 'implementation',
                   'line', 'column'],
    'funcTable': ['isJS!', 'relevantForJS!', 'name!', 'resource!', 'fileName',
                  'lineNumber', 'columnNumber'],
    'resourceTable': ['lib', 'name!', 'host', 'type!'],
    'nativeSymbols': ['libIndex!', 'address!', 'name!', 'functionSize'],
    'samples': ['stack', 'time!', 'weight!'],
    'markers': ['data', 'name!', 'startTime', 'endTime', 'phase!',
                'category!']}

# Columns whose values are places in another table.
PLACES = {('stackTable', 'frame'): 'frameTable',
          ('frameTable', 'func'): 'funcTable',
          ('samples', 'stack'): 'stackTable'}


def made_of(profile):
    made = json.loads(FORMATS['firefox'][2](profile).decode('utf-8'))
    assert made['meta']['preprocessedProfileVersion'] == 48
    assert made['meta']['interval'] > 0
    for thread in made['threads']:
        for table, columns in TABLES.items():
            _hold(thread, table, columns)
        strings = len(thread['stringArray'])
        names = thread['funcTable']['name'] + [
            name for name in thread['funcTable']['fileName']
            if name is not None]
        assert all(0 <= name < strings for name in names)
        categories = len(made['meta']['categories'])
        assert all(0 <= number < categories
                   for number in thread['frameTable']['category'])
        # A node comes behind the one that it hangs at.
        assert all(prefix is None or prefix < place for place, prefix
                   in enumerate(thread['stackTable']['prefix']))
        times = thread['samples']['time']
        assert times == sorted(times)
    return made


def _hold(thread, table, columns):
    found = thread[table]
    for column in columns:
        values = found[column.rstrip('!')]
        assert len(values) == found['length'], (table, column)
        if column.endswith('!'):
            assert None not in values, (table, column)
        other = PLACES.get((table, column.rstrip('!')))
        if other is not None:
            assert all(0 <= value < thread[other]['length']
                       for value in values if value is not None)
    extra = set(found) - {column.rstrip('!') for column in columns}
    assert extra <= {'length', 'weightType'}


def stacks_of(thread):
    """[(names of the functions, time, weight)], in milliseconds."""
    found = []
    samples = thread['samples']
    assert samples['weightType'] == 'tracing-ms'
    for stack, time, weight in zip(samples['stack'], samples['time'],
                                   samples['weight']):
        names = []
        while stack is not None:
            func = thread['frameTable']['func'][
                thread['stackTable']['frame'][stack]]
            names.insert(0, thread['stringArray'][
                thread['funcTable']['name'][func]])
            stack = thread['stackTable']['prefix'][stack]
        found.append((names, time, weight))
    return found


def test_firefox():
    made = made_of(examples.profile())
    first, second = made['threads']
    assert (first['name'], second['name']) == ('w-0', 'w-1')
    assert stacks_of(first) == [
        (['/a', 'run', 'index'], 0, 500),
        (['/a', 'run', 'index', 'sort'], 500, 300), ([], 800, 0)]
    assert stacks_of(second) == [
        (['/b', 'run', 'index', 'get', '[waiting for database]'], 100, 200),
        ([], 300, 0)]


def test_without_starts_samples_lie_side_by_side():
    made = made_of(examples.without_starts(examples.profile()))
    assert [time for _names, time, _weight in stacks_of(made['threads'][0])
            ] == [0, 500, 800]


def test_without_a_start_of_all_it_is_that_of_the_first():
    made = made_of(examples.profile(start=None))
    assert made['meta']['startTime'] == examples.START * 1000
    assert stacks_of(made['threads'][1])[0][1] == 100


def test_a_wait_has_the_category_of_its_state():
    made = made_of(examples.profile())
    thread = made['threads'][1]
    names = [category['name'] for category in made['meta']['categories']]
    table = thread['stackTable']
    assert names[table['category'][-1]] == 'waiting for database'
    assert names[table['category'][0]] == 'Python'


def test_each_state_has_a_category():
    made = made_of(examples.profile())
    names = [category['name'] for category in made['meta']['categories']]
    assert set(STATES) - {'running', '-'} <= set(names)


def test_how_it_was_taken_is_there():
    extra, = made_of(examples.profile())['meta']['extra']
    assert {'label': 'looks', 'format': 'string',
            'value': '66 taken of 100 planned'} in extra['entries']


@pytest.mark.parametrize('profile', [examples.hostile(), examples.large()])
def test_whatever_there_is_keeps_the_format(profile):
    made_of(profile)
