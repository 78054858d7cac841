from __future__ import absolute_import, division, print_function

import json

import pytest

from Products.ZServerViews.history import records

LOOK = {'kind': 'look', 'time': 1.5, 'workers': [
    ['waitress-0', '1-1', '/a', 'running', 7, 1.2],
    ['waitress-1', '1-2', '/b', '-', None, 3.0]]}
REQUEST = {'kind': 'request', 'time': 1.5, 'stacks': [
    [7, 'running', 1.0], [8, 'sleeping', 2.0]]}
ERROR = {'kind': 'error', 'time': 1.5, 'stack': 9}
ERRORS = dict(ERROR, before=[[1.2, '/a', 7], [1.3, '/b', None]])
GAP = {'kind': 'gap', 'time': 1.5, 'seconds': 3.0}


@pytest.mark.parametrize('record, expected', [
    (LOOK, [7]), (REQUEST, [7, 8]), (ERROR, [9]), (ERRORS, [9, 7]),
    (GAP, []), (dict(ERROR, stack=None), [])])
def test_the_stacks_of_a_record(record, expected):
    assert records.stacks_of(record) == expected


@pytest.mark.parametrize('record, expected', [
    (LOOK, [107]), (REQUEST, [107, 108]), (ERROR, [109]),
    (ERRORS, [109, 107]), (GAP, [])])
def test_other_numbers(record, expected):
    before = json.dumps(record)
    found = records.mapped(record, {7: 107, 8: 108, 9: 109})
    assert records.stacks_of(found) == expected
    assert json.dumps(record) == before
    assert records.mapped(found, {107: 7, 108: 8, 109: 9}) == record


@pytest.mark.parametrize('record', [LOOK, REQUEST, ERROR, ERRORS])
def test_numbers_that_are_not_known(record):
    found = records.mapped(record, {})
    assert records.stacks_of(found) == []
    assert set(found) == set(record)
