"""Whether this ZServer has what we need of it, tried on a real channel.

A channel of the server's own class reads one request from nobody, over a pair
of sockets. It is in no map, so no loop sees it; the server that it belongs to
is a stand-in with counters of its own. In the thread that reads the
configuration.
"""
from __future__ import absolute_import, division, print_function

import socket

from Products.ZServerViews.monitor.process import installed_version

# What the objects are called in messages.
CLASSES = {'server': 'zhttp_server', 'channel': 'zhttp_channel',
           'request': 'http_request', 'handler': 'zhttp_handler',
           'library': 'asyncore', 'module': 'ZServer.HTTPResponse'}

NEEDS = {
    'library': 'poll poll2 socket_map',
    'module': 'LoggingProducer',
    'server': 'SERVER_IDENT accept accepting bytes_in bytes_out channel_class '
              'close exceptions handlers ip logger port readable '
              'request_server_name server_name server_port total_clients '
              'total_requests',
    'handler': '_wdav_client_reg continue_request env_override '
               'get_environment match uri_base',
    'channel': '_fileno _map ac_in_buffer ac_in_buffer_size addr '
               'clean_shutdown_control close close_when_done closed '
               'collect_incoming_data creation_time current_request done '
               'handle_close handle_error handle_expt_event handle_read '
               'handle_write_event log_info no_more_requests producer_fifo '
               'push queue readable recv send server set_terminator socket '
               'work working writable',
    'request': 'channel command error header log log_date_string reply_code '
               'request split_uri uri version',
}

_COUNTERS = ('total_clients', 'total_requests', 'exceptions', 'bytes_in',
             'bytes_out')

HEAD = 'GET /probe?query HTTP/1.1\r\nHost: localhost'


def look_at(server):
    """Why views cannot be served by this server and those like it, as a text;
    or None."""
    objects, wrong = _try(server)
    lacks = ['%s.%s' % (CLASSES[kind], name) for kind in sorted(objects)
             for name in NEEDS[kind].split()
             if not hasattr(objects[kind], name)] or wrong
    if not lacks:
        return None
    return 'this ZServer (%s) has no %s; please report it' % (
        version(), ', '.join(lacks))


def version():
    """Of the installed ZServer, as a text; reads files."""
    return (installed_version('ZServer') or installed_version('Zope2')
            or 'of unknown version')


def _try(server):
    """({kind: object}, what is wrong besides)."""
    import asyncore

    from ZServer import HTTPResponse
    objects = {'library': asyncore, 'module': HTTPResponse, 'server': server}
    try:
        handlers = [handler for handler in server.handlers
                    if hasattr(handler, 'uri_base')]
        objects['handler'] = handlers[0] if handlers else None
        return objects, _read_a_request(server, objects)
    except Exception as error:
        # Most often an attribute that is one of those.
        return objects, ['server that can be tried (%s)' % error]


def _read_a_request(server, objects):
    taking = _Taking()
    client, accepted = socket.socketpair()
    try:
        channel = objects['channel'] = _channel_class(server)(
            _StandIn(server, taking), accepted, ('192.0.2.1', 1))
        channel.collect_incoming_data(HEAD)
        channel.found_terminator()
        if not taking.requests:
            return ['request for its handlers']
        request = objects['request'] = taking.requests[0]
        return [name for name, is_so in _state(channel, request) if not is_so]
    finally:
        accepted.close()
        client.close()


def _channel_class(server):
    # Not ours, where views have been served before.
    plain = getattr(server, '_zope_class', server.__class__).channel_class

    class TrialChannel(plain):

        def add_channel(self, map=None):
            """No loop is to see it."""

        del_channel = add_channel

        def check_maintenance(self):
            """Nor may it close others."""

    return TrialChannel


class _StandIn(object):
    """The server, without its handlers and its counters."""

    def __init__(self, server, handler):
        self._server = server
        self.handlers = [handler]
        for name in _COUNTERS:
            setattr(self, name, getattr(server, name).__class__())

    def __getattr__(self, name):
        return getattr(self._server, name)


class _Taking(object):
    """A handler that takes all requests."""

    def __init__(self):
        self.requests = []

    def match(self, request):
        return 1

    def handle_request(self, request):
        self.requests.append(request)


def _state(channel, request):
    """(what, whether it is so) while a request is handed over."""
    return [
        ('http_request.uri as sent', request.uri == '/probe?query'),
        ('http_request.command as sent', request.command.upper() == 'GET'),
        ('http_request.version as sent', request.version == '1.1'),
        ('http_request.header as sent', request.header == ['Host: localhost']),
        ('http_request.split_uri() of four',
         request.split_uri()[2] == '?query'),
        ('http_request.channel that is its own', request.channel is channel),
        ('zhttp_channel.current_request that is it',
         channel.current_request is request),
        ('list zhttp_channel.queue', type(channel.queue) is list),
        ('zhttp_channel that is free',
         not (channel.working or channel.closed or channel.no_more_requests
              or channel.producer_fifo or channel.ac_in_buffer))]
