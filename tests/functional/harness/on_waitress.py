"""Instances on waitress: made by mkwsgiinstance, run by runwsgi."""
from __future__ import absolute_import, division, print_function

import os
import re
import socket
import subprocess
import sys

from tests.functional.harness.instance import BaseInstance

DEFAULT_LISTEN = 'listen = 127.0.0.1:0\nthreads = 4'
CLIENT_DISCONNECTED = 'waitress.client_disconnected'


# What the variable ZSV_KNOWN_HEADS has for a run in which no head is known.
OFF = 'off'
_START = 'from Zope2.Startup.serve import main; main()'
_WITHOUT_HEADS = (
    'from Products.ZServerViews.servers.waitress import known_heads; '
    'known_heads.LIMIT = 0; ')


def knows_heads():
    """Whether instances of this run look heads up, see ``known_heads``."""
    return os.environ.get('ZSV_KNOWN_HEADS') != OFF


class WaitressInstance(BaseInstance):
    """``listen`` is the settings of the section ``[server:main]``."""

    name = 'waitress'
    SERVER_IDENT = 'waitress'
    READY = 'Serving on '
    SIGN_OF_THE_PRODUCT = 'zserver'
    LOG_FOLDER = 'var/log'
    ACCESS_LOG = 'Z4.log'
    ENVIRON_KEYS = '''
        REMOTE_ADDR REMOTE_HOST REMOTE_PORT REQUEST_URI SERVER_SOFTWARE
        wsgi.file_wrapper wsgi.input_terminated
        '''.split() + [CLIENT_DISCONNECTED]

    @staticmethod
    def limited_to(connections):
        """Arguments for an instance with this limit of connections."""
        return {'listen': '%s\nconnection_limit = %d'
                          % (DEFAULT_LISTEN, connections)}

    def _make(self):
        subprocess.check_call(
            [sys.executable, '-m', 'Zope2.utilities.mkwsgiinstance',
             '-d', self.folder, '-u', 'admin:admin'])

    def _configure(self, listen):
        use = 'use = egg:waitress#main\n'
        self._edit('zope.ini', use + r'[^\[]*',
                   use + (listen or DEFAULT_LISTEN) + '\n\n')

    def edit_ini(self, pattern, replacement):
        """Put other text for the one match of the pattern, before a start."""
        self._edit('zope.ini', pattern, replacement)

    def _command(self):
        start = _START if knows_heads() else _WITHOUT_HEADS + _START
        return [sys.executable, '-c', start, self._path('etc', 'zope.ini')]

    def _is_serving(self):
        # It says each address in a line of its own.
        with open(self._path('etc', 'zope.ini')) as config:
            wanted = re.findall(r'(?m)^listen = (.*)$', config.read())
        return (super(WaitressInstance, self)._is_serving()
                and len(self.addresses) >= len(' '.join(wanted).split()))

    @property
    def addresses(self):
        return [_address(found) for found in
                re.findall(r'Serving on (\S+)', self.output())]

    @staticmethod
    def access_line(request, code, body, sent, referer=None, agent=None):
        return (r'127\.0\.0\.1 - - \[\d+/\w+/\d+:\d+:\d+:\d+ [+-]\d+\] '
                r'"%s HTTP/1\.[01]" %s %s "%s" "%s"\n'
                % (request, code, body, referer or '-', agent or '-'))


class Waitress2Instance(WaitressInstance):
    """On waitress 2, which takes any line for a request."""

    name = 'waitress 2'
    REFUSED = b'GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n'


class Waitress1Instance(Waitress2Instance):
    """On waitress 1, which does not look ahead while a request is in work."""

    name = 'waitress 1'
    ENVIRON_KEYS = [key for key in WaitressInstance.ENVIRON_KEYS
                    if key != CLIENT_DISCONNECTED]


def installed_kind():
    """The class for the waitress of this interpreter."""
    from waitress.adjustments import Adjustments
    from waitress.parser import HTTPRequestParser
    if not hasattr(Adjustments, 'channel_request_lookahead'):
        return Waitress1Instance
    parser = HTTPRequestParser(Adjustments())
    parser.received(b'rubbish\r\n\r\n')
    return WaitressInstance if parser.error else Waitress2Instance


def _address(found):
    if found.startswith('http://unix:'):
        return found[len('http://unix:'):]
    host, port = re.match(r'http://(.*):(\d+)$', found).groups()
    # Waitress 1 prints names, waitress 3 prints addresses.
    return socket.gethostbyname(host), int(port)
