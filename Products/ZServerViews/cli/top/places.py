"""Where an instance is asked: by TCP, by TLS, or at a unix socket."""
from __future__ import absolute_import, division, print_function

import re
import socket

from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.format.text import clean

BASE = '/-/'
UNIX = 'unix:'
PORTS = {'http': 80, 'https': 443}

_URL = re.compile(r'(?:(https?)://)?(\[[0-9A-Fa-f:.]+\]|[^\[\]/:@?#\s]+)'
                  r'(?::([0-9]{1,5}))?(/[!-~]*)?\Z')
# What may stand in a request line, and is no query.
_path = re.compile(r'/[!-~]*\Z').match


class NoTls(socket.error):
    """What listens there takes connections, and does not begin with TLS.

    ``is_late``
        It says nothing: it may hang.
    """

    def __init__(self, is_late):
        socket.error.__init__(self, 'no TLS')
        self.is_late = is_late


class Place(object):
    """One address.

    ``name``
        What it is called on the screen.
    ``base``
        The path below which the suite is mounted, with its slash.
    ``host``
        For the head of a request.
    ``token``
        The `access.token.Token` that is presented, or None.
    """

    def __init__(self, name, family, address, host, base=BASE, token=None,
                 is_tls=False):
        self.name = clean(name)
        self.base = base
        self.host = host
        self.token = token
        self._family = family
        self._address = address
        self._is_tls = is_tls

    @property
    def headers(self):
        return ('Connection: close',) + (
            () if self.token is None else (self.token.header(),))

    @property
    def is_socket(self):
        return self._family == getattr(socket, 'AF_UNIX', None)

    def connect(self, timeout):
        """A connected socket. May wait longer where a name is to be resolved."""
        if not self.is_socket:
            connection = socket.create_connection(self._address, timeout)
            return self._within_tls(connection) if self._is_tls else connection
        connection = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            connection.settimeout(timeout)
            connection.connect(self._address)
        except BaseException:
            connection.close()
            raise
        return connection

    def _within_tls(self, connection):
        # It takes 10 ms to import.
        import ssl
        try:
            return ssl.create_default_context().wrap_socket(
                connection, server_hostname=self._address[0])
        except BaseException as error:
            connection.close()
            # A server that speaks HTTP waits for the end of what it takes for a
            # request, or says in words that this is none.
            if isinstance(error, socket.timeout) or (
                    isinstance(error, ssl.SSLError)
                    and 'certificate' not in str(error).lower()):
                raise NoTls('timed out' in str(error))
            raise


def place(said, base=None, token=None):
    """The `Place` that a user has named; CannotRun for what is none."""
    base = None if base is None else checked_base(base)
    path = said[len(UNIX):] if said.startswith(UNIX) else said
    if path.startswith(('/', './')):
        return at_socket(path, base or BASE, token)
    found = _URL.match(said)
    if found is None or not (found.group(1) or found.group(3)):
        raise CannotRun(
            '%s is no address: write http://127.0.0.1:8080, or the path of a '
            'unix socket, such as /run/zope/views.sock' % clean(
                said if '@' not in said else 'a URL with a user'))
    scheme, host, port, path = found.groups()
    scheme = scheme or 'http'
    if path not in (None, '/'):
        base = checked_base(path)
    return at_port(host.strip('[]'), int(port or PORTS[scheme]), base or BASE,
                   token, scheme)


def at_port(host, port, base=BASE, token=None, scheme='http'):
    named = ('[%s]' if ':' in host else '%s') % host
    if port != PORTS[scheme]:
        named += ':%d' % port
    name = named if scheme == 'http' else '%s://%s' % (scheme, named)
    return Place(name + (base if base != BASE else ''), socket.AF_INET,
                 (host, port), named, base, token, scheme == 'https')


def at_socket(path, base=BASE, token=None):
    if not hasattr(socket, 'AF_UNIX'):
        raise CannotRun('this system has no unix sockets; give a URL')
    return Place(path + (' ' + base if base != BASE else ''), socket.AF_UNIX,
                 path, 'localhost', base, token)


def checked_base(path):
    """The path of the suite with a slash at its end; CannotRun for others."""
    if not _path(path) or '?' in path or '#' in path:
        raise CannotRun('%s is no path of a suite: write it as in the '
                        'configuration, such as /-/' % clean(path))
    return path if path.endswith('/') else path + '/'
