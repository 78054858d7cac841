"""Fixtures that several test modules use."""
from __future__ import absolute_import, division, print_function

import pytest
from waitress import wasyncore

from Products.ZServerViews.runtime import log_queue as log_queue_module
from tests.unit import dummies
from tests.unit.waitress_dummies import Connection, Server, World


@pytest.fixture(params=[True, False], ids=['at once', 'in turns'])
def world(request):
    made = World(request.param)
    made.hook.install()
    made.mount('/view', dummies.view('200 OK', [], [b'the view']))
    yield made
    made.hook.uninstall()


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def connection(world, server):
    made = Connection(server)
    yield made
    made.client.close()
    made.turn(3)
    wasyncore.close_all(made.map)


@pytest.fixture
def log_queue(monkeypatch):
    """A log queue whose flush at exit is not registered."""
    monkeypatch.setattr(log_queue_module.atexit, 'register', lambda call: None)
    return log_queue_module.LogQueue(gather=0)
