"""Connections of a waitress that tells a recorder of its requests."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.servers.waitress.state import WaitressState
from tests.unit.waitress_dummies import Connection, Server, zope


def connect(application=zope, **adjustments):
    made = Connection(Server(application, **adjustments))
    # As servers have it: one map for all that they watch.
    made.server._map = made.map
    return made


def state_of(connection):
    return WaitressState(connection.server)


def pipeline(connection, *targets):
    connection.client.sendall(b''.join(
        ('GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n' % target).encode('ascii')
        for target in targets))
    connection.turn()
