"""Instances on servers without a hook: gunicorn, uWSGI, cheroot and others.

The data are in memory: a FileStorage is not for several processes.
"""
from __future__ import absolute_import, division, print_function

import os
import signal
import socket
import subprocess
import sys

from tests.checkout import free_port, is_listening, is_listening_at
from tests.functional.client import Connection
from tests.functional.harness.instance import script
from tests.functional.harness.on_waitress import WaitressInstance

# Of a listener for several processes.
PORTS = 4

STORAGE = '<mappingstorage>\n  </mappingstorage>'


class OtherInstance(WaitressInstance):
    """``SERVER`` is the section of zope.ini, with PORT for the port."""

    SERVER = None
    # What /-/info calls it.
    SERVER_IDENT = None
    # What it calls the server and how that works.
    KIND = None
    # Whether another process than the one that is started serves.
    has_workers = False
    # Whether it tells the path as it was sent, and the connection.
    knows_target = knows_connection = False
    # Whether views on its port are answered while all workers are asleep.
    answers_asleep = False
    # Whether a connection stays for more requests.
    keeps_alive = False
    # Requests at once.
    workers = 4
    # What /-/workers says of these; None where the server has no limit, or
    # its limit is not known.
    told_workers = None
    # Whether the server has a number for each process.
    numbers_workers = False
    # Requests beyond these wait until it accepts them.
    waits_in_kernel = False

    def _make(self):
        super(OtherInstance, self)._make()
        self._edit('zope.conf', r'(?s)<filestorage>.*</filestorage>', STORAGE)
        self.port = free_port()
        self.listen_port = free_port(PORTS)

    def _configure(self, listen):
        self._edit('zope.ini', r'use = egg:waitress#main\n[^\[]*',
                   self.SERVER.replace('PORT', str(self.port)) + '\n\n')
        with open(self._path('etc', 'zope.conf'), 'a') as conf:
            conf.write('%%import Products.ZServerViews\n'
                       '<zserver-views process>\n    listen 127.0.0.1:%d\n'
                       '</zserver-views>\n' % self.listen_port)

    @property
    def addresses(self):
        """That of the site, and that of the listener for views."""
        return [('127.0.0.1', self.port), ('127.0.0.1', self.listen_port)]

    def listen_for_each(self, where):
        """Have each process listen: at one of PORTS ports, or at a unix
        socket."""
        said = {'ports': '127.0.0.1:%d-%d' % (self.listen_port,
                                              self.listen_port + PORTS - 1),
                'socket': self._path('views-{pid}')}[where]
        self._edit('zope.conf', '    listen .*', '    listen ' + said)
        return said

    def _places(self):
        return [('127.0.0.1', self.listen_port + number)
                for number in range(PORTS)] + [
                    self._path(name) for name in os.listdir(self.folder)
                    if name.startswith('views-')]

    def listeners(self):
        """{pid: address} of all that answer there."""
        found = {}
        for address in self._places():
            try:
                with Connection(address, 30) as connection:
                    found[int(connection.get('/v/pid').text)] = address
            except (socket.error, EOFError):
                pass  # nobody is there
        return found

    def _is_serving(self):
        # None of these is a request.
        return is_listening(self.port) and any(
            map(is_listening_at, self._places()))

    def _whole_command(self):
        # So its processes can be told from all others.
        return [sys.executable, '-c',
                'import os, sys; os.setsid(); os.execv(sys.argv[1], '
                'sys.argv[1:])'] + self._command()

    @property
    def session(self):
        """The number of that of all its processes."""
        return self._process.pid

    def processes(self, session=None):
        """The pids of the child and all of its children that run."""
        session = session or self.session
        found = []
        for name in os.listdir('/proc'):
            if name.isdigit():
                try:
                    with open('/proc/%s/stat' % name) as stat:
                        fields = stat.read().rpartition(')')[2].split()
                except EnvironmentError:
                    continue  # it has ended
                if int(fields[3]) == session and fields[0] != 'Z':
                    found.append(int(name))
        return found

    def end(self, number=signal.SIGTERM):
        """Ask it to end, and wait for that; its exit code."""
        os.kill(self._process.pid, number)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            raise AssertionError(self.output())
        return self._process.returncode

    def listener_answers(self):
        try:
            with self.connect(listener=1) as connection:
                return connection.get('/v/pid').code == 200
        except (socket.error, EOFError):
            return False

    def _ask_to_stop(self, pid):
        os.kill(pid, signal.SIGTERM)

    def stop(self):
        # Workers may have outlived the process that has started them.
        left = [] if self._process is None else self.processes()
        super(OtherInstance, self).stop()
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass  # it has ended with its parent, as it should


class Sync(OtherInstance):
    name = 'gunicorn-sync'
    SERVER = 'use = egg:gunicorn#main\nbind = 127.0.0.1:PORT\nworkers = 2'
    SERVER_IDENT = 'gunicorn'
    has_workers = knows_target = knows_connection = True
    waits_in_kernel = numbers_workers = True
    workers = 2
    told_workers = 1
    KIND = 'gunicorn, sync worker, 2 processes'


class GThread(Sync):
    name = 'gunicorn-gthread'
    SERVER = ('use = egg:gunicorn#main\nbind = 127.0.0.1:PORT\n'
              'worker_class = gthread\nthreads = 3')
    keeps_alive = answers_asleep = True
    waits_in_kernel = False
    workers = told_workers = 3
    KIND = 'gunicorn, gthread worker with 3 threads, 1 process'


class GunicornPaste(Sync):
    """Each worker loads the application itself.

    ``options``
        Further ones of the command.
    """

    name = 'gunicorn-paste'
    options = []

    def _command(self):
        return [script('gunicorn'), '--bind', '127.0.0.1:%d' % self.port,
                '--workers', '2', '--paste',
                self._path('etc', 'zope.ini')] + self.options


class GunicornPreload(GunicornPaste):
    """The arbiter loads it, and forks."""

    name = 'gunicorn-preload'
    options = ['--preload']


class GunicornGevent(GunicornPaste):
    """A greenlet for each request; gevent replaces much of the library."""

    name = 'gunicorn-gevent'
    keeps_alive = True
    waits_in_kernel = False
    workers = 4
    told_workers = None
    KIND = 'gunicorn, gevent worker, 2 processes'

    def _command(self):
        return super(GunicornGevent, self)._command() + [
            '--worker-class', 'gevent']


class Cheroot(OtherInstance):
    name = 'cheroot'
    SERVER = ('use = egg:dataflake.wsgi.cheroot#main\nhost = 127.0.0.1\n'
              'port = PORT\nnumthreads = 4')
    SERVER_IDENT = KIND = 'cheroot'
    told_workers = 4
    knows_target = knows_connection = True
    keeps_alive = answers_asleep = True


class Bjoern(OtherInstance):
    name = 'bjoern'
    SERVER = ('use = egg:dataflake.wsgi.bjoern#main\nhost = 127.0.0.1\n'
              'port = PORT')
    SERVER_IDENT = KIND = 'bjoern'
    waits_in_kernel = True
    workers = told_workers = 1


class Werkzeug(OtherInstance):
    name = 'werkzeug'
    SERVER = ('use = egg:dataflake.wsgi.werkzeug#main\nhost = 127.0.0.1\n'
              'port = PORT\nthreaded = true')
    SERVER_IDENT = KIND = 'werkzeug'
    knows_target = knows_connection = True


class WerkzeugReloader(Werkzeug):
    """Its parent loads Zope too, and serves nothing."""

    name = 'werkzeug-reloader'
    SERVER = Werkzeug.SERVER + '\nuse_reloader = true'
    has_workers = True


class UWSGI(OtherInstance):
    """``OPTIONS`` are those of the command."""

    name = 'uwsgi-master'
    SERVER = Cheroot.SERVER  # which is not used
    SERVER_IDENT = 'uWSGI'
    OPTIONS = ['--master', '--processes', '2', '--threads', '2',
               '--die-on-term']
    has_workers = knows_target = waits_in_kernel = numbers_workers = True
    told_workers = 2
    KIND = 'uWSGI, with master, 2 processes, 2 threads'

    def _command(self):
        return [script('uwsgi'), '--http-socket', '127.0.0.1:%d' % self.port,
                '--need-app', '--ini-paste-logged',
                self._path('etc', 'zope.ini')] + self.OPTIONS


class UWSGILazy(UWSGI):
    name = 'uwsgi-lazy'
    OPTIONS = UWSGI.OPTIONS + ['--lazy-apps']
    KIND = 'uWSGI, with master, lazy, 2 processes, 2 threads'


class UWSGIAlone(UWSGI):
    name = 'uwsgi-alone'
    OPTIONS = ['--threads', '2', '--die-on-term']
    has_workers = False
    workers = 2
    KIND = 'uWSGI, without master, 1 process, 2 threads'


KINDS = [Sync, GThread, GunicornPaste, GunicornGevent, Cheroot, Bjoern, Werkzeug,
         WerkzeugReloader, UWSGI, UWSGILazy, UWSGIAlone]
