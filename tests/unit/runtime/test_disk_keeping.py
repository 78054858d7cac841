from __future__ import absolute_import, division, print_function

import os

import pytest

from Products.ZServerViews.history import folder
from Products.ZServerViews.history.sinks import Sinks
from Products.ZServerViews.history.stack_table import StackTable
from Products.ZServerViews.runtime.disk_keeping import DiskKeeper
from tests.waiting import awaited

MIB = 1024 * 1024


class History(object):
    """As much of a FlightRecorder as a DiskKeeper asks for."""

    def __init__(self):
        self.sinks = Sinks(None)
        self.add_sink, self.remove_sink = self.sinks.add, self.sinks.remove

    def put(self, time):
        self.sinks.put({'kind': 'gap', 'time': time, 'seconds': 1.0}, StackTable())


@pytest.fixture
def keeper():
    made = DiskKeeper(lambda *said: None)
    yield made
    made.keep(None, None, MIB, '')


def names(where):
    return [(file.instance, file.number) for file in folder.files(str(where))]


def written(keeper):
    return awaited(lambda: keeper.disk.document()['written_bytes']
                   and not keeper.disk.document()['waiting_bytes'])


def test_without_the_setting_or_without_a_history(tmpdir, keeper):
    history = History()
    keeper.keep(history, None, MIB, 'zope1')
    assert keeper.disk is None
    keeper.keep(None, str(tmpdir), MIB, 'zope1')
    assert keeper.disk is None and keeper.document() is None
    history.put(1.0)
    assert names(tmpdir) == []


def test_the_records_of_a_history_are_written(tmpdir, keeper):
    history = History()
    keeper.keep(history, str(tmpdir), MIB, 'zope-1')
    first = keeper.disk
    history.put(1.0)
    written(keeper)
    # The configuration is read again, and it says the same.
    keeper.keep(history, str(tmpdir), MIB, 'zope-1')
    assert keeper.disk is first
    history.put(2.0)
    written(keeper)
    assert names(tmpdir) == [('zope_1', 1)]
    assert keeper.document()['folder'] == str(tmpdir)


def test_another_folder_another_size_another_history(tmpdir, keeper):
    history, one, two = History(), tmpdir.mkdir('one'), tmpdir.mkdir('two')
    keeper.keep(history, str(one), MIB, 'zope1')
    for again in ((history, str(two), MIB), (history, str(two), 2 * MIB),
                  (History(), str(two), 2 * MIB), (None, str(two), 2 * MIB)):
        before = keeper.disk
        history.put(1.0)
        keeper.keep(*(again + ('zope1',)))
        assert keeper.disk is not before
        awaited(lambda: not before._daemon.runs)
        assert history.sinks._sinks == (() if keeper.disk is None
                                        or again[0] is not history
                                        else ((keeper.disk.add, keeper.disk.tick),))
        history = again[0]
    assert len(names(one)) == 1 and len(names(two)) == 3


def test_a_forked_child_leaves_the_file_to_its_parent(tmpdir, keeper):
    history = History()
    keeper.keep(history, str(tmpdir), MIB, 'zope1')
    keeper.begin_anew()  # without a file
    history.put(1.0)
    written(keeper)
    fd = keeper.disk._writing._output._file._fd
    keeper.begin_anew()
    with pytest.raises(OSError):
        os.fstat(fd)
