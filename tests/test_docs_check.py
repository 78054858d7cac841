"""What docs/check.rst says of the scenarios is true."""
from __future__ import absolute_import, division, print_function

import io
import os
import re
import sys

import pytest

if sys.version_info[0] == 2:  # PY2
    pytest.skip('one goal is another one there', allow_module_level=True)

from Products.ZServerViews.cli.check.arguments import (
    QUICK_REQUESTS,
    REQUESTS,
    SWITCH_INTERVAL,
)
from Products.ZServerViews.cli.check.ground import UNKNOWN_LIMIT
from Products.ZServerViews.cli.check.overloads import FURTHER, MORE_IDLE, QUEUED
from Products.ZServerViews.cli.check.scenarios import LOOPS_GOAL_SWITCHING, SCENARIOS
from Products.ZServerViews.cli.commands import parser
from tests.checkout import TOP


def page():
    with io.open(os.path.join(TOP, 'docs', 'check.rst'),
                 encoding='utf-8') as text:
        return text.read()


def test_each_scenario_and_its_goal():
    rows = re.findall(r'    \* - ``([a-z-]+)``\n(?:      .*\n)+?'
                      r'      - (?:(\d+) ms|none)\n', page())
    assert rows == [
        (scenario.name, '%d' % scenario.goal if scenario.goal else '')
        for scenario in SCENARIOS]


def test_each_option():
    actions = parser()._subparsers._group_actions[0].choices['check']._actions
    options = [action.option_strings[-1] for action in actions
               if action.option_strings]
    named = re.findall(r'^``(--[a-z-]+)', page(), re.MULTILINE)
    assert sorted(named + ['--help']) == sorted(options)


def test_numbers():
    text = ' '.join(page().split())
    harmless = [scenario.name for scenario in SCENARIOS if scenario.harmless]
    for fact in (
            '%d requests for each view and scenario instead of %d'
            % (QUICK_REQUESTS, REQUESTS),
            '%d further requests wait' % QUEUED,
            '%d more connections than' % MORE_IDLE,
            'Further %d connections' % FURTHER,
            'At most %d connections' % (UNKNOWN_LIMIT + MORE_IDLE),
            'switch-interval %s``' % SWITCH_INTERVAL,
            'then %d ms' % LOOPS_GOAL_SWITCHING,
            '``%s`` and ``%s``. At most' % ('``, ``'.join(harmless[:-1]),
                                            harmless[-1])):
        assert fact in text
