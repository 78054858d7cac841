from __future__ import absolute_import, division, print_function

from Products.ZServerViews.history.sinks import Sinks

RECORD = {'kind': 'gap', 'time': 1.0, 'seconds': 2.0}


def test_each_gets_each_record():
    sinks, one, other = Sinks(None), [], []

    def sink(*args):
        one.append(args)

    sinks.add(sink)
    sinks.add(sink)
    sinks.add(lambda *args: other.append(args))
    sinks.put(RECORD, 'table')
    sinks.remove(sink)
    sinks.remove(sink)
    sinks.put(RECORD, 'table')
    assert (len(one), len(other)) == (1, 2)
    assert one == [(RECORD, 'table')]


def test_one_that_raises_is_told_once_and_others_get_theirs():
    reports, got = [], []
    sinks = Sinks(reports.append)

    def broken(record, table):
        raise ValueError('disk')

    sinks.add(broken)
    sinks.add(lambda *args: got.append(args))
    sinks.put(RECORD, None)
    sinks.put(RECORD, None)
    assert len(got) == 2
    assert [report[0] for report in reports] == [ValueError]


def test_some_are_called_each_second_too():
    reports, got = [], []
    sinks = Sinks(reports.append)
    sinks.add(got.append)

    def sink(record, table):
        raise ValueError('disk')

    def tick():
        got.append('tick')
        raise ValueError('disk')

    sinks.add(sink, tick)
    sinks.tick()
    sinks.tick()
    assert got == ['tick'] * 2
    assert [report[0] for report in reports] == [ValueError]
    sinks.remove(sink)
    sinks.tick()
    assert got == ['tick'] * 2
