"""A throw-away instance: a temporary folder and a child process.

It is ended by its process id, and by an alarm of the system's if the check
itself is killed.
"""
from __future__ import absolute_import, division, print_function

import io
import os
import pkgutil
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from Products.ZServerViews.cli.check import client, ini, zopeconf
from Products.ZServerViews.cli.check.errors import CannotRun, whole_number
from Products.ZServerViews.cli.check.work import PREFIX
from Products.ZServerViews.monitor.memory.system_memory import resident

STARTING = 120
ENDING = 10
TAIL = 20
LIMIT, THREADS = 'max-listen-sockets', 'zserver-threads'  # of ZServer
ZSERVER_CONNECTIONS = 1000  # its default


def has_zserver():
    """Whether this Python has ZServer; it is looked for, not imported."""
    return any(module[1] == 'ZServer' for module in pkgutil.iter_modules())


class Reserved(object):
    """A free port, kept from other processes until the child binds it."""

    def __init__(self):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(('127.0.0.1', 0))
        self.number = self._socket.getsockname()[1]

    def close(self):
        self._socket.close()


class Instance(object):
    """A site like that of the file, as a context: it starts and ends.

    ``address``
        (host, port) where views are asked.
    ``site_address``
        (host, port) of its server, to which requests for Zope go: the same,
        unless views have a listener.
    ``server``
        The `wsgi_servers.Server` on which it runs; None for ZServer.
    ``connection_limit``
        After how many connections the server accepts no more of Zope's.
    """

    def __init__(self, path, seconds, switch_interval=None, uwsgi=False):
        self._path = path
        self._seconds = seconds
        self._switch_interval = switch_interval
        self._uwsgi = uwsgi
        self._folder = self._child = self._command = None
        self._port = self._listener = None
        self.address = self.site_address = self.server = None
        self.connection_limit = self.threads = self._pid = None

    def __enter__(self):
        self._port = Reserved()
        self._folder = tempfile.mkdtemp(prefix='zserverviews-check-')
        try:
            self.address = self.site_address = ('127.0.0.1',
                                                self._port.number)
            self._configure()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info):
        self._stop()
        for port in self._port, self._listener:
            if port is not None:
                port.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _in_folder(self, name):
        return os.path.join(self._folder, name)

    # What it is made of

    def _configure(self):
        if not os.path.isfile(self._path):
            raise CannotRun('%s is not a file; give the zope.ini or the '
                            'zope.conf of an instance' % self._path)
        if self._path.endswith('.conf'):
            tree = zopeconf.read(self._path)
            if has_zserver():
                self._on_zserver(tree)
            else:
                _refuse_zserver(tree, self._path)
                self._on_wsgi(ini.default(self._folder, self._path), tree)
        else:
            site = ini.Ini(self._path, self._uwsgi)
            self._on_wsgi(site, zopeconf.read(site.zope_conf))

    def _on_wsgi(self, site, tree):
        self.server = site.server
        self.threads = site.server.threads
        self.connection_limit = site.server.connection_limit
        if site.server.has_listener:
            self._listener = Reserved()
            self.address = ('127.0.0.1', self._listener.number)
        self._write(tree)
        copy = self._in_folder('zope.ini')
        site.write(copy, self._in_folder('zope.conf'), self._port.number,
                   self._folder)
        self._command = site.server.command(copy, self._port.number)

    def _on_zserver(self, tree):
        if os.getuid() == 0:
            raise CannotRun('ZServer does not run as root; run the check as '
                            'the user of the site')
        self.connection_limit = whole_number(
            tree.get(LIMIT, ZSERVER_CONNECTIONS), LIMIT, self._path)
        # Its default is known when it runs.
        whole_number(tree.get(THREADS, 1), THREADS, self._path)
        old = tree.sections('http-server')[:1]
        self._write(tree, lambda: zopeconf.add_http_server(
            tree, self._port.number, *old))
        self._command = ['zserver', self._in_folder('zope.conf')]

    def _write(self, tree, add_server=lambda: None):
        zopeconf.throw_away(tree, self._folder, self._path)
        add_server()
        zopeconf.add_control(tree, PREFIX, self._switch_interval,
                             self._listener and self._listener.number)
        zopeconf.write(tree, self._in_folder('zope.conf'))

    # The child process

    @property
    def is_running(self):
        return self._child is not None and self._child.poll() is None

    @property
    def _console_log(self):
        return self._in_folder('console.log')

    def restart(self):
        """Start it anew, whether it hangs or has ended."""
        self._kill()
        self.start()

    def start(self):
        command = [sys.executable, '-m',
                   'Products.ZServerViews.cli.check.child']
        # A buildout gives its scripts their path inside of them.
        environ = dict(os.environ, PYTHONPATH=os.pathsep.join(
            filter(None, sys.path)))
        with open(self._console_log, 'a') as console:
            # Away from the terminal: Ctrl-C is for the check alone.
            self._child = subprocess.Popen(
                command + self._command + [str(int(self._seconds))],
                stdout=console, stderr=console, env=environ,
                preexec_fn=os.setsid)
        self._wait_until_serving()
        state = self.control('state')
        # On WSGI servers it cannot tell, but zope.ini has.
        self.threads = state['threads'] or self.threads
        self._pid = state['pid']

    def _wait_until_serving(self):
        ends = client.now() + STARTING
        while True:
            try:
                status = client.ask(self.address, PREFIX + 'state').status
            except client.Lost:
                status = None
            if status == 200:
                return
            if not self.is_running or status or client.now() > ends:
                raise CannotRun(
                    'the instance of %s did not come up (%s); its last words:'
                    '\n%s' % (self._path, self._fate(status), self.console()))
            time.sleep(0.1)

    def _fate(self, status):
        if status:
            return 'it answers %d instead of its views' % status
        return ('it does not listen' if self.is_running
                else 'exit code %d' % self._child.returncode)

    def console(self):
        """The last lines that it has written to its console."""
        with io.open(self._console_log, encoding='utf-8',
                     errors='replace') as console:
            return ''.join('    ' + line for line in list(console)[-TAIL:])

    def control(self, name, connection=None):
        """What a view of `control` says; Lost if it cannot."""
        return client.json_of(self.address, PREFIX + name, connection)

    def resident_bytes(self):
        """The memory of the process that serves; None where the system does
        not tell.
        """
        return resident('/proc/%d' % self._pid)

    def _stop(self):
        if not self.is_running:
            return
        try:
            self.control('open_gate')
        except client.Lost:
            pass  # that is what the alarm and SIGKILL are for
        self._child.send_signal(signal.SIGTERM)
        ends = client.now() + ENDING
        while self.is_running and client.now() < ends:
            self._knock()
            time.sleep(0.05)
        self._kill()

    def _kill(self):
        if self.is_running:
            self._child.kill()
        # Its workers have its group, which lasts as long as one of them.
        if self._pid not in (None, self._child.pid):
            try:
                os.killpg(self._child.pid, signal.SIGKILL)
            except OSError:
                pass  # they have ended with it
        self._child.wait()

    def _knock(self):
        """ZServer only notes the signal, until something wakes its loop."""
        try:
            client.connect(self.site_address, 1).close()
        except socket.error:
            pass


def _refuse_zserver(tree, path):
    if tree.sections('http-server') or tree.get(THREADS):
        raise CannotRun('%s is for ZServer, which this Python does not have; '
                        'run the check with the Python of the instance' % path)
