"""HAProxy and nginx in front of an instance, each as a user of its own.

Both are Debian's. They are needed, not looked for: without them these tests
fail, and say what to install.
"""
from __future__ import absolute_import, division, print_function

import io
import os
import shutil
import subprocess
import tempfile
import time

from tests.checkout import free_port, is_listening
from tests.functional.client import Connection

PATHS = os.environ.get('PATH', os.defpath).split(os.pathsep) + [
    '/usr/local/sbin', '/usr/sbin']
PATIENCE = 30

HAPROXY = """
global
    %(user)s
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout check 2s
frontend public
    bind 127.0.0.1:%(port)d
    default_backend zope
backend zope
    %(lines)s
    server zope1 127.0.0.1:%(upstream)d %(options)s
"""

NGINX = """
daemon off;
user %(user)s %(group)s;
worker_processes 1;
pid nginx.pid;
error_log error.log;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    upstream zope { server 127.0.0.1:%(upstream)d; keepalive 4; }
    server {
        listen 127.0.0.1:%(port)d;
        location / {
            %(lines)s
            proxy_pass http://zope;
        }
    }
}
"""

# As since 1.29.7 without any setting; and the Host of the client.
NGINX_1_1 = ('proxy_http_version 1.1;', 'proxy_set_header Connection "";',
             'proxy_set_header Host $http_host;')


def program(name):
    for folder in PATHS:
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK):
            return path
    raise AssertionError('%s is not installed; .ci/run lists what the tests '
                         'need' % name)


class Proxy(object):
    """A proxy in a child process, with a folder of its own.

    ``lines``
        Of its configuration, where it says how requests are passed on.
    ``user``
        Who runs it; only root can be told so.
    """

    def __init__(self, instance, lines=(), user='nobody', options=''):
        assert os.getuid() == 0, 'only root can have a proxy of another user'
        self.folder = tempfile.mkdtemp(prefix='zsv-')
        self.port = free_port()
        path = os.path.join(self.folder, 'proxy.conf')
        with io.open(path, 'w', encoding='utf-8') as config:
            config.write(u'' + self._config(
                instance.addresses[0][1], '\n    '.join(lines), user, options))
        self._process = subprocess.Popen(self._command(path))

    def start(self):
        end = time.time() + PATIENCE
        while not is_listening(self.port):
            assert self._process.poll() is None, 'the proxy has ended'
            assert time.time() < end
            time.sleep(0.02)
        return self

    def connect(self):
        return Connection(('127.0.0.1', self.port))

    def get(self, target, **kw):
        with self.connect() as connection:
            return connection.get(target, **kw)

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()
        shutil.rmtree(self.folder)


class HAProxy(Proxy):

    def _config(self, upstream, lines, user, options):
        return HAPROXY % {
            'user': '' if user == 'root' else 'user ' + user,
            'port': self.port, 'upstream': upstream, 'lines': lines,
            'options': options}

    def _command(self, path):
        return [program('haproxy'), '-db', '-f', path]


class Nginx(Proxy):

    def _config(self, upstream, lines, user, _options):
        return NGINX % {
            'user': user, 'group': 'root' if user == 'root' else 'nogroup',
            'port': self.port, 'upstream': upstream, 'lines': lines}

    def _command(self, path):
        return [program('nginx'), '-p', self.folder, '-c', path]
