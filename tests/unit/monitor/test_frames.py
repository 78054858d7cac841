"""monitor.frames: taken while nothing is collected, where that can lock."""
from __future__ import absolute_import, division, print_function

import gc

import pytest

from Products.ZServerViews.monitor import frames as frames_module
from Products.ZServerViews.monitor.threads import collect


@pytest.mark.parametrize('unsafe', [True, False])
@pytest.mark.parametrize('enabled', [True, False])
def test_the_collector_where_it_can_lock(monkeypatch, unsafe, enabled):
    monkeypatch.setattr(frames_module, 'COLLECTION_IS_UNSAFE', unsafe)
    seen = []

    def frames():
        seen.append(gc.isenabled())
        raise MemoryError

    assert gc.isenabled()
    if not enabled:
        gc.disable()
    try:
        with pytest.raises(MemoryError):
            collect(frames=frames)
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
    assert seen == [enabled and not unsafe]
