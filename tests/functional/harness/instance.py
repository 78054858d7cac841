"""An instance of Zope in a child process: what does not depend on its server.
"""
from __future__ import absolute_import, division, print_function

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from tests.functional.client import Connection
from tests.waiting import LONG

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SITE = os.path.join(HERE, 'site')
START_TIMEOUT = 90
STOP_TIMEOUT = 20

SECTION = """
<product-config zserver-views>
    %s
</product-config>
"""

# Everything the functional cases need.
FIXTURE_SECTION = SECTION % """
    thread-id /thr-id Products.ZServerViews.tests.common.current_thread_id_zserver_view
    fixture   /v      fixture_views.suite
    quiet     /quiet  fixture_views.hello access-log=off
"""

SITE_ZCML = """
<configure xmlns="http://namespaces.zope.org/zope"
           xmlns:browser="http://namespaces.zope.org/browser">
  <include package="Zope2.App" />
  <include package="Products.Five.browser" file="meta.zcml" />
  <include package="fixture_zope" />
</configure>
"""


# As root, or in a user namespace. The server ends with its parent.
INIT = (['unshare'] + (['--user', '--map-current-user'] if os.getuid() else [])
        + ['--pid', '--fork', '--mount-proc', '--kill-child'])


class StartFailed(Exception):
    """The child ended, or never listened; holds what it said."""


class BaseInstance(object):
    """A Zope instance in a folder of its own, which `stop` removes.

    With ``as_init`` it is process 1 of a PID namespace, as in a container.
    ``listen`` says, in the words of the server's own configuration, where
    and how it listens; without it that is one free port of 127.0.0.1, with
    four workers.

    The upper-case names and the methods that raise NotImplementedError are
    what a kind of instance adds.
    """

    name = None
    # Regular expression for all of the Server header.
    SERVER_IDENT = None
    # Regular expression for output which says that the instance serves; not
    # in the output of a start that failed.
    READY = None
    # Regular expression for output that an unused product must not cause.
    SIGN_OF_THE_PRODUCT = None
    LOG_FOLDER = None
    ACCESS_LOG = None
    # A request that is answered with 400, whatever it asks for.
    REFUSED = b'rubbish\r\n\r\n'
    # Beside those of PEP 3333, the keys that a view's environ has.
    ENVIRON_KEYS = ()

    def __init__(self, zope_conf=FIXTURE_SECTION, listen=None, environ=(),
                 as_init=False):
        self._as_init = as_init
        self.folder = tempfile.mkdtemp(prefix='zsv-')
        self._environ = dict(environ)
        self._process = None
        self._lines = []
        self._reader = None
        self._make()
        with open(self._path('etc', 'site.zcml'), 'w') as zcml:
            zcml.write(SITE_ZCML)
        with open(self._path('etc', 'zope.conf'), 'a') as conf:
            conf.write(zope_conf)
        self._configure(listen)

    def _make(self):
        """Run the program of Zope that makes an instance."""
        raise NotImplementedError

    def _configure(self, listen):
        """Write into its configuration where to listen, with four workers."""
        raise NotImplementedError

    def _command(self):
        """The arguments of the child process."""
        raise NotImplementedError

    @property
    def addresses(self):
        """(host, port), or the path of a unix socket, of each listener."""
        raise NotImplementedError

    @staticmethod
    def access_line(request, code, body, sent, referer=None, agent=None):
        """Regular expression for an answer's line in the access log.

        ``request`` and ``code`` are regular expressions, ``body`` and
        ``sent`` the bytes of the answer without and with its head and
        framing; regular expressions where they are not known.
        """
        raise NotImplementedError

    def _ask_to_stop(self, pid):
        """As Ctrl-C does."""
        os.kill(pid, signal.SIGINT)

    def _path(self, *names):
        return os.path.join(self.folder, *names)

    def _edit(self, name, pattern, replacement):
        """Put other text for the one match of the pattern in etc/name."""
        with open(self._path('etc', name)) as config:
            text = config.read()
        text, found = re.subn(pattern, lambda match: replacement, text)
        assert found == 1, (pattern, text)
        with open(self._path('etc', name), 'w') as config:
            config.write(text)

    def edit_conf(self, pattern, replacement):
        """Put other text for the one match of the pattern in zope.conf, before
        a start."""
        self._edit('zope.conf', pattern, replacement)

    def start(self):
        """Start the server and wait until it listens; self.

        Also again, once the child has ended by itself.
        """
        self._forget_the_last_child()
        paths = [SITE, os.environ.get('PYTHONPATH', '')]
        environ = dict(os.environ, PYTHONUNBUFFERED='1',
                       PYTHONPATH=os.pathsep.join(filter(None, paths)))
        environ.update(self._environ)
        self._process = subprocess.Popen(
            self._whole_command(), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ, cwd=self.folder)
        self._reader = threading.Thread(target=self._read_output)
        self._reader.daemon = True
        self._reader.start()
        listening = False
        try:
            self._wait_until_listening()
            listening = True
        finally:
            if not listening:
                self.stop()
        return self

    def _whole_command(self):
        return (INIT if self._as_init else []) + self._command()

    def _forget_the_last_child(self):
        if self._process is not None:
            self._reader.join(5)
            self._process.stdout.close()
            self._lines = []

    def _read_output(self):
        for line in iter(self._process.stdout.readline, b''):
            self._lines.append(_native(line))

    def _wait_until_listening(self):
        end = time.time() + START_TIMEOUT
        while not self._is_serving():
            if self._process.poll() is not None or time.time() > end:
                if self._process.poll() is not None:
                    self._reader.join(5)
                raise StartFailed(self.output())
            time.sleep(0.05)

    def _is_serving(self):
        return bool(re.search(self.READY, self.output()))

    def output(self):
        """What the child has written to its console."""
        return ''.join(self._lines)

    def log(self, name):
        """The text of a log file: event.log or ACCESS_LOG."""
        with open(self._path(self.LOG_FOLDER, name)) as log:
            return log.read()

    def wait_for_log(self, name, pattern, timeout=LONG):
        """The log's text, once the pattern is in it."""
        end = time.time() + timeout
        while not re.search(pattern, self.log(name)):
            assert time.time() < end, (pattern, self.log(name))
            time.sleep(0.05)
        return self.log(name)

    def wait_for_output(self, text, timeout=LONG):
        """Return once the text is on the child's console."""
        end = time.time() + timeout
        while text not in self.output():
            assert time.time() < end, (text, self.output())
            time.sleep(0.05)

    @property
    def exit_code(self):
        """Of a child that has ended."""
        return self._process.poll()

    @property
    def pid(self):
        """Of the server; with as_init that is a child of our own child."""
        if not self._as_init:
            return self._process.pid
        with open('/proc/{0}/task/{0}/children'.format(
                self._process.pid)) as children:
            return int(children.read().split()[0])

    def connect(self, timeout=30, listener=0):
        return Connection(self.addresses[listener], timeout)

    def get(self, target, **kw):
        """One request on a connection of its own; its answer."""
        with self.connect() as connection:
            return connection.get(target, **kw)

    def is_running(self):
        return self._process is not None and self._process.poll() is None

    def resident_bytes(self):
        """The memory of the child, as Linux tells it."""
        with open('/proc/%d/statm' % self.pid) as statm:
            return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')

    def stop(self):
        """End the child by its pid, in an orderly way; remove the folder."""
        process = self._process
        if process is not None:
            if process.poll() is None:
                self._ask_to_stop(self.pid)
            self._process = None
            _kill_after(process, STOP_TIMEOUT)
            self._reader.join(5)
            process.stdout.close()
        if os.path.isdir(self.folder):
            shutil.rmtree(self.folder)


def script(name):
    """A program that was installed beside this interpreter."""
    return os.path.join(os.path.dirname(sys.executable), name)


def _kill_after(process, timeout):
    end = time.time() + timeout
    while process.poll() is None:
        if time.time() > end:
            process.kill()
            process.wait()
            return
        time.sleep(0.02)


def _native(data):
    """Bytes as the str of this Python."""
    return data if str is bytes else data.decode('utf-8', 'replace')
