"""monitor.memory.process_memory: the parts together."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.monitor.memory.process_memory import ProcessMemory


def test_nothing_begins_by_itself():
    memory = ProcessMemory(None, None)
    assert memory.objects.last is memory.objects.running is None
    assert not memory.objects._daemon.runs


def test_in_a_forked_child():
    memory = ProcessMemory(None, None)
    memory.objects.last = object()
    memory.begin_anew()
    assert memory.objects.last is None
    memory.stop()
