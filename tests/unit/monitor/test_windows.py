"""monitor.windows: how much counters have grown."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.monitor.windows import Windows


def test_before_the_first_look_nothing_is_known():
    windows = Windows(5, (10, 60))
    assert windows.per_second(3.0, {'loads': 7}) == {10: None, 60: None}
    windows.add(3.0, {'loads': 7})
    assert windows.per_second(3.0, {'loads': 7}) == {10: None, 60: None}


def test_growth():
    windows = Windows(5, (10, 60))
    for step in range(20):
        windows.add(step * 5.0, {'loads': step * 10})
    # Two a second until 95, then none.
    found = windows.per_second(105.0, {'loads': 190})
    assert found[10] == {'loads': 0.0}
    assert found[60] == {'loads': 1.667}


def test_a_young_process_has_no_rate_of_a_longer_time():
    windows = Windows(5, (2, 300))
    windows.add(1.0, {'loads': 10})
    assert windows.per_second(3.0, {'loads': 14, 'stores': 1}) == {
        2: {'loads': 2.0, 'stores': 0.5}, 300: None}


def test_no_rate_is_below_nought_and_the_past_is_bounded():
    windows = Windows(5, (10,))
    for step in range(100):
        windows.add(step, {'loads': 100})
    assert windows.per_second(200.0, {'loads': 1}) == {10: {'loads': 0.0}}
    assert len(windows._past) == 4
