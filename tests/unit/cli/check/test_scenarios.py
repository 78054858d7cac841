"""Which scenarios there are."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.cli.check.scenarios import SCENARIOS, Scenario, named


def test_names():
    names = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == 13
    assert [one.name for one in named([])] == names
    assert [one.name for one in named(['readers', 'baseline'])] == [
        'baseline', 'readers']
    assert all(isinstance(one, Scenario) and one.title for one in SCENARIOS)
    with pytest.raises(ValueError):
        named(['readers', 'rain'])


def test_those_for_a_running_server_need_no_instance():
    harmless = [one.name for one in SCENARIOS if one.harmless]
    assert harmless == ['baseline', 'idle-connections', 'half-sent', 'readers']
