"""What several of these test modules ask for."""
from __future__ import absolute_import, division, print_function

import pytest

from tests.unit.servers.zserver.server_dummies import Running


@pytest.fixture
def loop():
    return Running()


@pytest.fixture(params=['zhttp_channel', 'Served', 'Listening'])
def zope(request, monkeypatch):
    # Only where there is a ZServer.
    import asyncore

    from tests.unit.servers.zserver import channel_dummies
    monkeypatch.setattr(asyncore, 'socket_map', {})
    made = channel_dummies.Zope(channel_dummies.CLASSES[request.param],
                                monkeypatch)
    # One that is older than the hook has no such attribute.
    made.channel.__dict__.setdefault('view_connection', None)
    yield made
    made.close()
