"""servers.waitress.listener: errors of its sockets."""
from __future__ import absolute_import, division, print_function

import errno
import socket

import pytest

from Products.ZServerViews.servers.admission import Headroom
from Products.ZServerViews.servers.waitress import listener
from Products.ZServerViews.servers.waitress.listener import ViewsServer
from tests.unit import dummies
from tests.unit.servers.waitress.admission_dummies import Channel
from tests.unit.waitress_dummies import Dispatcher


class Accepting(object):
    """What is below a server for views alone."""

    def __init__(self, error):
        self.error = error
        self.active_channels = {}

    def accept(self):
        raise self.error


def test_a_listener_for_views_without_descriptors():
    class Made(ViewsServer, Accepting):
        views_headroom = Headroom(32, dummies.LogQueue())

    server = Made(socket.error(errno.EMFILE, 'Too many open files'))
    assert server.accept() is None
    assert server.views_headroom.special
    assert server.get_server_name('127.0.0.1') == '127.0.0.1'
    server.error = socket.error(errno.EBADF, 'Bad file descriptor')
    with pytest.raises(socket.error):
        server.accept()


def test_rubbish_from_somebody_who_has_gone():
    class Gone(Channel):
        def send(self, data):
            raise socket.error(errno.EPIPE, 'Broken pipe')

    channel = Gone(1)
    channel.requests[0].error = ValueError('rubbish')
    ViewsServer().add_task(channel)
    assert channel.requests == []
    assert channel.will_close


class Below(object):
    """What waitress's servers are made of, for one whose map is told."""

    from waitress import wasyncore as asyncore

    def __init__(self, map, sock):
        self.asyncore.dispatcher.__init__(self, sock, map)


def test_in_a_forked_child():
    class Made(ViewsServer, Below, Below.asyncore.dispatcher):
        views_site = dummies.Site()

    parents = socket.socket()
    parents.bind(('127.0.0.1', 0))
    parents.listen(5)
    map = {}
    sock = Made.views_site.views_socket = parents.dup()
    server = Made(map, sock)
    assert list(map.values()) == [server]
    server.forget()
    assert map == {}
    assert Made.views_site.views_socket is None
    # The parent's goes on.
    socket.create_connection(parents.getsockname(), 5).close()
    parents.accept()[0].close()
    parents.close()


def application(environ, start_response):
    raise AssertionError('a view is not looked up in the application')


def test_each_listener_has_the_application_of_the_site():
    """Not one of its own, of which something would be kept each time."""
    from waitress.server import create_server
    # With workers of its own these would stay until the process ends.
    main = create_server(application, host='127.0.0.1', port=0, map={},
                         _dispatcher=Dispatcher(),
                         clear_untrusted_proxy_headers=True)
    site = dummies.Site()
    site.views_socket = socket.socket()
    site.views_socket.bind(('127.0.0.1', 0))
    try:
        made = listener._make_server(main, None, None, site,
                                     site.views_socket)
        made.trigger.close()
        assert made.application is main.application
        assert made.application is not application
        made.asyncore.dispatcher.close(made)
    finally:
        main.close()
        site.views_socket.close()
