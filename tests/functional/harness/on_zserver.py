"""Instances on ZServer: made by mkzopeinstance, run by runzope."""
from __future__ import absolute_import, division, print_function

import os
import re
import signal
import socket
import subprocess

from tests.functional.harness.instance import BaseInstance, script

DEFAULT_LISTEN = """
<http-server>
    address 127.0.0.1:PORT
</http-server>
"""

# ZServer does not run as root. In a user namespace of its own root's child
# is somebody else and may still read the interpreter, wherever it lies.
NOT_ROOT = ['unshare', '--user', '--map-user=1000', '--map-group=1000']


class ZServerInstance(BaseInstance):
    """``listen`` is the sections of zope.conf that make its servers.

    Each PORT in it becomes a free port.
    """

    name = 'zserver'
    SERVER_IDENT = r'Zope/\(.+\) ZServer/1\.1'
    # A wrong configuration ends Zope 2.13 only after it has said so.
    READY = r'(?s)Ready to handle requests(?!.*closing HTTP)'
    # The server's own name is no sign of ours.
    SIGN_OF_THE_PRODUCT = 'zserver-?views'
    LOG_FOLDER = 'log'
    ACCESS_LOG = 'Z2.log'
    ENVIRON_KEYS = '''
        GATEWAY_INTERFACE REMOTE_ADDR REMOTE_HOST REMOTE_PORT REQUEST_URI
        SERVER_SOFTWARE wsgi.file_wrapper wsgi.input_terminated
        '''.split()

    _reserved = ()
    script = staticmethod(script)

    @staticmethod
    def limited_to(connections):
        """Arguments for an instance with that many connections."""
        return {'listen': DEFAULT_LISTEN
                + 'max-listen-sockets %d\n' % connections}

    def _make(self):
        subprocess.check_call([self.script('mkzopeinstance'), '-d', self.folder,
                               '-u', 'admin:admin'])

    def _configure(self, listen):
        self._edit('zope.conf', r'(?s)\n<http-server>.*?</http-server>\n',
                   '\nzserver-threads 4\n'
                   + self._with_ports(listen or DEFAULT_LISTEN))

    def _with_ports(self, listen):
        """ZServer tells its pages the port as configured: 0 would not do.

        A port stays ours until `stop`: the child's server may bind it beside
        a socket that does not listen, while nobody is given it by chance.
        """
        self._reserved = []

        def address(match):
            reserved = socket.socket()
            self._reserved.append(reserved)
            reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            reserved.bind((match.group(1), 0))
            return '%s:%d' % reserved.getsockname()

        return re.sub(r'(\S+):PORT\b', address, listen)

    def _ask_to_stop(self, pid):
        """Not as Ctrl-C does, from which some of its servers recover.

        SIGINT raises SystemExit wherever the loop is; inside the handling of
        a request medusa catches it on Zope 2.13. SIGTERM is only noted: by a
        loop that was about to wait, when something else ends its waiting.
        """
        os.kill(pid, signal.SIGTERM)
        try:
            self.connect().close()
        except socket.error:
            pass  # it has been faster

    def stop(self):
        super(ZServerInstance, self).stop()
        for reserved in self._reserved:
            reserved.close()

    def _command(self):
        command = [self.script('runzope'), '-C', self._path('etc', 'zope.conf')]
        return command if os.getuid() else NOT_ROOT + command

    def _is_serving(self):
        """ZServer listens before it serves, so it must answer something.

        A request that is one empty line is not Zope's business; medusa
        closes the connection. A server that ends resets it.
        """
        if not super(ZServerInstance, self)._is_serving():
            return False
        try:
            with self.connect() as connection:
                connection.send(b'\r\n\r\n')
                return connection.read_to_end() == b''
        except socket.error:
            return False

    def output(self):
        """What the child has written to its console and its event log.

        Other than on waitress the console alone does not have both.
        """
        console = super(ZServerInstance, self).output()
        if not os.path.exists(self._path(self.LOG_FOLDER, 'event.log')):
            return console
        return console + self.log('event.log')

    @property
    def addresses(self):
        return [reserved.getsockname() for reserved in self._reserved]

    @staticmethod
    def access_line(request, code, body, sent, referer=None, agent=None):
        return (r'127\.0\.0\.1 - Anonymous '
                r'\[\d+/\w+/\d+:\d+:\d+:\d+ [+-]\d+\] '
                r'"%s HTTP/1\.[01]" %s %s "%s" "%s"\n'
                % (request, code, sent, referer or '', agent or ''))
