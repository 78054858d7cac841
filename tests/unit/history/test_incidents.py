from __future__ import absolute_import, division, print_function

from Products.ZServerViews.history.incidents import AGAIN, HOUR, Incidents

WELL = dict(failed=(), longest=0.0, lag=0.0, late=0.0, rss=1 << 30, conflicts=0)


class Hours(object):
    """Looks once a second."""

    def __init__(self):
        self.incidents = Incidents()
        self.now = 0.0
        self.fired = []

    def look(self, seconds=1, **seen):
        for _second in range(int(seconds)):
            self.now += 1
            self.fired += self.incidents.look(self.now, 1e9 + self.now,
                                              **dict(WELL, **seen))

    def rule(self, name):
        return [rule for rule in self.incidents.documents()
                if rule['name'] == name][0]


def test_when_all_is_well():
    hours = Hours()
    hours.look(100)
    assert hours.fired == []
    for rule in hours.incidents.documents():
        assert rule['last'] is None
        assert 'it fires from' in rule['why_not_since']


def test_a_rule_fires_once_for_what_holds_on():
    hours = Hours()
    hours.look(100, longest=31.0)
    assert [record['rule'] for record in hours.fired] == ['request over 30 s']
    assert hours.rule('request over 30 s')['last'] == 1e9 + 1
    assert hours.rule('request over 30 s')['why_not_since'] == (
        'it has held on, up to 31.0 s')
    hours.look(AGAIN, longest=31.0)
    assert len(hours.fired) == 2


def test_a_rule_says_what_has_been_seen_since():
    hours = Hours()
    hours.look(lag=2.5)
    hours.look(lag=0.5)
    assert hours.fired[0]['said'] == 'an event loop was late by 2.5 s'
    assert hours.rule('loop lag over 1 s')['why_not_since'] == (
        'at most 500 ms, and it fires from 1.0 s on')


def test_a_rule_says_how_long_it_held_on_and_forgets_what_was_then():
    hours = Hours()
    hours.look(17, failed=['wait', 'queue'])
    rule = hours.rule('ready lost')
    assert (rule['lasted'], rule['why_not_since']) == (
        None, 'it has held on, up to 2')
    hours.look(100)
    rule = hours.rule('ready lost')
    assert (rule['lasted'], rule['why_not_since']) == (
        17.0, 'at most 0, and it fires from 1 on')
    hours.look(failed=['zodb'])
    assert hours.rule('ready lost')['lasted'] is None
    assert [record['said'] for record in hours.fired] == [
        '/-/ready fails: 2 of its checks (wait, queue)',
        '/-/ready fails: 1 of its checks (zodb)']


def test_a_gap_in_which_nobody_could_ask_the_event_loops():
    hours = Hours()
    hours.look(late=5.5, lag=0.012)
    record, = hours.fired
    assert (record['rule'], record['said']) == (
        'no look for 1 s', 'no Python code ran for 5.5 s')
    for _second in range(2):
        assert hours.rule('no look for 1 s')['lasted'] == 5.5
        hours.look()


def test_at_most_so_many_an_hour():
    hours = Hours()
    for _number in range(20):
        hours.look(failed=['wait'])
        hours.look()
    assert len(hours.fired) == 6
    assert hours.rule('ready lost')['why_not_since'] == (
        'it has fired 6 times within an hour')
    hours.look(HOUR)
    hours.look(failed=['wait'])
    assert len(hours.fired) == 7


def test_memory_that_grows():
    hours = Hours()
    for mib in range(0, 400, 1):
        hours.look(5, rss=(1000 + mib) << 20)  # 120 MiB in ten minutes
    assert hours.fired == []
    for mib in range(0, 400, 4):
        hours.look(5, rss=(1400 + mib) << 20)
    record, = hours.fired
    assert record['rule'] == 'RSS + 200 MiB'
    assert 200 << 20 <= record['worst'] <= 210 << 20


def test_memory_and_a_server_that_nobody_can_tell_of():
    hours = Hours()
    hours.look(5, rss=None, longest=None)
    assert hours.fired == []


def test_conflicts_by_the_minute():
    hours = Hours()
    for number in range(0, 600):
        hours.look(1, conflicts=number)  # sixty a minute
    assert hours.fired == []
    hours.look(1, conflicts=600 + 120)
    assert [record['rule'] for record in hours.fired] == [
        'conflicts over 100 a minute']
