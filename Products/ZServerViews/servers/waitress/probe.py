"""Whether this waitress has what we need of it, tried on a real channel.

A class may well not show it: much is set when an object is made. So a server, a
channel and one request are made of waitress's own classes, over two pairs of
sockets, in a map of their own: nothing listens, no thread starts, nobody else's
`add_task` or `readable` is called, nothing is left behind. It takes less than a
millisecond, in the thread that reads the configuration.

What is missing for views keeps the hook out; what is missing for admission
control and the listener keeps these out, and views are served without them.
"""
from __future__ import absolute_import, division, print_function

import socket
from contextlib import closing

from Products.ZServerViews.monitor.process import installed_version

# What the objects are called in messages.
CLASSES = {'base': 'BaseWSGIServer', 'server': 'BaseWSGIServer',
           'channel': 'HTTPChannel', 'request': 'HTTPRequestParser',
           'adj': 'Adjustments', 'trigger': 'trigger',
           'dispatcher': 'ThreadedTaskDispatcher',
           'module': 'waitress.server', 'library': 'waitress.wasyncore'}

# Names for views; `channel` without those of either generation.
VIEWS = {
    'module': 'BaseWSGIServer',
    'base': 'add_task channel_class',
    'server': '_fileno _map adj application pull_trigger task_dispatcher '
              'trigger',
    'channel': '_fileno _flush_some _map addr adj close close_when_flushed '
               'connected handle_close handle_error handle_expt_event '
               'handle_read_event last_activity readable received request '
               'requests send sent_continue server service socket task_class '
               'total_outbufs_len will_close writable write_soon',
    'request': 'body_rcv close command completed empty error expect_continue '
               'first_line headers headers_finished path received version',
    'adj': 'channel_timeout expose_tracebacks ident log_socket_errors '
           'url_prefix',
    'trigger': 'pull_trigger',
    'dispatcher': 'add_task',
}
NEW_CHANNEL = 'handle_write parser_class requests_lock send_continue'
OLD_CHANNEL = 'error_task_class handle_read handle_write_event task_lock'

ADMISSION = {
    'module': 'TcpWSGIServer',
    'library': 'loop poll',
    'base': 'accept readable',
    'server': 'accepting active_channels asyncore handle_accept '
              'maintenance next_channel_cleanup socket',
    'adj': 'cleanup_interval connection_limit',
    'trigger': '_fileno close',
    'dispatcher': 'logger queue_logger shutdown',
}

REQUEST = (b'GET /probe?query HTTP/1.1\r\nHost: localhost\r\n'
           b'Connection: close\r\n\r\n')


class Found(object):
    """What a probe has found.

    ``reason``
        Why there can be no view, as a text; or None.
    ``lacks_for_admission``
        The names that admission control and the listener miss.
    """

    def __init__(self, reason, lacks_for_admission=()):
        self.reason = reason
        self.lacks_for_admission = list(lacks_for_admission)


def look_at(server_module):
    """`Found` for the hook of waitress 2 and newer."""
    if not _looks_new(server_module):
        # Each start on waitress 1 comes by: the version would take 2 ms.
        return Found('this waitress has no HTTPChannel.send_continue; it '
                     'should be 2.0 or newer')
    return _found(server_module, NEW_CHANNEL, _new_state, 'please report it')


def look_at_old(server_module):
    """`Found` for the hook of waitress 1."""
    if _looks_new(server_module):
        return Found('this waitress is 2.0 or newer')
    return _found(server_module, OLD_CHANNEL, _old_state,
                  'it should be 1.3 or newer')


def _looks_new(server_module):
    base = getattr(server_module, 'BaseWSGIServer', None)
    return hasattr(getattr(base, 'channel_class', None), 'send_continue')


def version():
    """Of the installed waitress, as a text; reads files."""
    return installed_version('waitress') or 'of unknown version'


def _found(server_module, channel, state, advice):
    needs = dict(VIEWS, channel=VIEWS['channel'] + ' ' + channel)
    objects, wrong = _try(server_module, state)
    lacks = _missing(needs, objects) or wrong
    if lacks:
        return Found('this waitress (%s) has no %s; %s'
                     % (version(), ', '.join(lacks), advice))
    return Found(None, _missing(ADMISSION, objects))


def _missing(needs, objects):
    """The names that those objects do not have that could be made."""
    return ['%s.%s' % (CLASSES[kind], name) for kind in sorted(needs)
            if kind in objects for name in needs[kind].split()
            if not hasattr(objects[kind], name)]


def _try(server_module, state):
    """({kind: object}, what is wrong besides) of a throw-away server."""
    base = getattr(server_module, 'BaseWSGIServer', None)
    objects = {'module': server_module}
    if base is not None:
        objects['base'] = base
    try:
        from waitress import wasyncore
        from waitress.adjustments import Adjustments
        from waitress.task import ThreadedTaskDispatcher
        # No settings: its class has the defaults, and nothing is resolved.
        objects.update(library=wasyncore, dispatcher=ThreadedTaskDispatcher(),
                       adj=Adjustments.__new__(Adjustments))
        wrong = []
        with closing(_Trial(base, objects, state)) as trial:
            trial.run()
            wrong = trial.wrong
    except Exception as error:
        # Most often an attribute that is one of those.
        wrong = ['server that can be tried (%s)' % error]
    return objects, wrong


class _Trial(object):
    """One server without a listening socket, one channel, one request.

    ``objects``
        {kind: object}, filled as these are made.
    ``wrong``
        What is there, but not as it should be.
    """

    def __init__(self, base, objects, state):
        self.objects = objects
        self.wrong = ['add_task for a request']
        self._state = state
        self._closing = []
        try:
            self._make(base)
        except BaseException:
            self.close()
            raise

    def _make(self, base):
        map, objects = {}, self.objects
        listening, client, accepted = self._sockets()
        self._client = client
        server = _server_class(base, self._handed_over)(
            None, map=map, _start=False, _sock=listening,
            dispatcher=objects['dispatcher'], adj=objects['adj'],
            sockinfo=(listening.family, listening.type, 0, ''),
            bind_socket=False)
        self._closing.append(server)
        objects['server'] = server
        objects['trigger'] = getattr(server, 'trigger', None)
        objects['channel'] = base.channel_class(
            server, accepted, ('192.0.2.1', 1), objects['adj'], map=map)
        self._closing.append(objects['channel'])

    def _sockets(self):
        """One that nobody uses, and the two ends of a connection."""
        for _pair in range(2):
            self._closing += socket.socketpair()
        return self._closing[0], self._closing[2], self._closing[3]

    def run(self):
        """Send the request and have the channel read it, as its loop would."""
        self._client.sendall(REQUEST)
        self.objects['channel'].handle_read_event()

    def _handed_over(self, channel):
        request = self.objects['request'] = channel.requests[0]
        states = _common_state(channel, request) + self._state(channel, request)
        self.wrong = [name for name, is_so in states if not is_so]

    def close(self):
        for one in reversed(self._closing):
            one.close()


def _server_class(base, handed_over):
    """Of a server whose own name and workers are never asked for."""

    class TrialServer(base):

        def getsockname(self):
            return 'probe', 0

        def get_server_name(self, ip):
            return ip  # waitress 1 would resolve it

        def add_task(self, channel):
            handed_over(channel)

    return TrialServer


def _common_state(channel, request):
    """(what, whether it is so) while a request is handed over."""
    return [
        ('list HTTPChannel.requests', type(channel.requests) is list),
        ('HTTPRequestParser.path as sent', request.path == '/probe'),
        ('HTTPRequestParser.command as sent', request.command == 'GET'),
        ('HTTPRequestParser.version as sent', request.version == '1.1'),
        ('HTTPRequestParser.headers as sent',
         request.headers.get('HOST') == 'localhost'),
        ('HTTPRequestParser.error of None', request.error is None),
        ('HTTPChannel in its map',
         channel._map.get(channel._fileno) is channel),
        ('open HTTPChannel', channel.connected is True
         and not channel.will_close and not channel.close_when_flushed),
        ('number HTTPChannel.total_outbufs_len',
         channel.total_outbufs_len == 0),
        ('time HTTPChannel.last_activity',
         type(channel.last_activity) is float)]


def _new_state(channel, request):
    return [
        ('HTTPChannel.request that is handed over',
         channel.request is request),
        ('HTTPChannel.requests_lock that is held',
         channel.requests_lock.locked())]


def _old_state(channel, request):
    return [('HTTPChannel.task_lock that is free',
             not channel.task_lock.locked())]
