from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.history.stories import (
    MOST_NOTES,
    MOST_STAYS,
    Ended,
    SlowRequests,
    Story,
    class_of,
)
from Products.ZServerViews.monitor.requests import Request


@pytest.mark.parametrize('seconds, expected', [
    (0.0, -1), (0.099, -1), (0.1, 0), (0.5, 1), (1.9, 1), (2.0, 2), (10.0, 3),
    (59.0, 3), (60.0, 4), (86400.0, 4)])
def test_classes_of_latency(seconds, expected):
    assert class_of(seconds) == expected


def started(moment=100.0, path='/a'):
    request = Request('GET', path, moment)
    request.start(moment, 7)
    return request


def test_phases():
    request = started()
    story = Story(request, '1-1', 'w')
    story.see(101.0, 5, '-')
    request.publishes()
    story.see(103.0, 5, '-')
    request.sends(1)
    story.see(104.0, 5, '-')
    story.end(106.0)
    assert story.stays == [[5, '-', 6.0]]
    assert story.phases == {'traversing': 2.0, 'publishing': 1.5,
                            'sending': 2.5}


def test_the_number_of_stays_is_limited_and_the_longest_stay():
    story = Story(started(0.0), '1-1', 'w')
    for second in range(1, 2000):
        story.see(float(second), second if second % 2 else 0, '-')
    assert len(story.stays) <= MOST_STAYS
    assert abs(sum(stay[2] for stay in story.stays if stay[0] == 0)
               - 1000) < 3


def test_what_nobody_takes_is_limited():
    ended = Ended()
    for number in range(3 * MOST_NOTES):
        ended.note(number)
    found = ended.take()
    assert len(found) == MOST_NOTES and found[-1] == 3 * MOST_NOTES - 1
    assert ended.take() == []


def test_stories_of_requests_that_end_fast_are_forgotten():
    slow = SlowRequests(lambda moment: moment)
    request, other = started(), started(path='/b')
    slow.story_of(request, 'w')
    slow.story_of(other, 'w')
    assert slow.take([], 2.0, [other], dict, []) == []
    assert list(slow._stories) == [id(other)]


def test_a_request_that_fails_long_before_it_ends_has_its_error():
    slow = SlowRequests(lambda moment: moment)
    request, other = started(), started(path='/b')
    assert slow.take([], 2.0, [request, other], dict, [(request, 'KeyError')]) == []
    assert slow.take([], 2.0, [request, other], dict, []) == []
    found = slow.take([(request, 105.0, 7), (other, 105.0, 8)], 2.0, [], dict, [])
    assert [(record['path'], record['error']) for record in found] == [
        ('/a', 'KeyError'), ('/b', None)]
    assert slow._errors == {}


def test_a_request_that_fails_as_soon_as_it_has_begun_keeps_its_error():
    slow = SlowRequests(lambda moment: moment)
    request = started()
    # It began behind the moment at which those in work were noted.
    slow.take([], 2.0, [], dict, [(request, 'KeyError')])
    record, = slow.take([(request, 105.0, 7)], 2.0, [request], dict, [])
    assert record['error'] == 'KeyError'
    slow.take([], 2.0, [], dict, [])
    assert slow._errors == {}


def test_a_request_that_a_worker_alone_knows_has_no_wait():
    class Seen(Request):
        knows_wait = False

    request = Seen('GET', '/a', 100.0)
    request.start(103.0, 7)
    request.status = '500'
    slow = SlowRequests(lambda moment: moment)
    record, = slow.take([(request, 105.0, 7)], 2.0, [], lambda: {7: 'worker'}, [])
    assert record['waited'] is None and record['storage'] is None
    assert (record['worker'], record['status']) == ('worker', '500')
    assert record['phases'] == {}


def test_of_a_burst_the_newest_are_not_old():
    slow, told = SlowRequests(lambda moment: moment), []
    for second in range(200):
        # Ten slow ones in a second, and ten that are not.
        ended = [(started(second - seconds, path), second, 7)
                 for path, seconds in (('/slow', 3.0), ('/fast', 0.3))
                 for _number in range(10)]
        told += slow.take(ended, 2.0, [], dict, [])
        for path, most in ('/slow', 2), ('/fast', 7):
            newest = max(record['time'] for record in told if record['path'] == path)
            assert second - newest < most
    # At once, and in each minute.
    assert [sum(record['path'] == path for record in told)
            for path in ('/slow', '/fast')] == [60 + 199, 10 + 33]
