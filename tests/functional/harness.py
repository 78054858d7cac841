"""Real servers in child processes: instances of Zope, started and stopped."""
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

HERE = os.path.dirname(os.path.abspath(__file__))
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

DEFAULT_LISTEN = 'listen = 127.0.0.1:0\nthreads = 4'

SITE_ZCML = """
<configure xmlns="http://namespaces.zope.org/zope"
           xmlns:browser="http://namespaces.zope.org/browser">
  <include package="Zope2.App" />
  <include package="Products.Five.browser" file="meta.zcml" />
  <include package="fixture_zope" />
</configure>
"""


class StartFailed(Exception):
    """The child ended, or never listened; holds what it said."""


class Instance(object):
    """A Zope instance on waitress, made by mkwsgiinstance, run by runwsgi.

    ``listen`` is the ``[server:main]`` section's settings. Everything is in
    a folder of its own, which `stop` removes.
    """

    def __init__(self, zope_conf=FIXTURE_SECTION, listen=DEFAULT_LISTEN,
                 environ=()):
        self.folder = tempfile.mkdtemp(prefix='zsv-')
        self._environ = dict(environ)
        self._process = None
        self._lines = []
        self._reader = None
        self._make()
        self._write_conf(zope_conf)
        self._write_ini(listen)

    def _make(self):
        subprocess.check_call(
            [sys.executable, '-m', 'Zope2.utilities.mkwsgiinstance',
             '-d', self.folder, '-u', 'admin:admin'])
        with open(self._path('etc', 'site.zcml'), 'w') as zcml:
            zcml.write(SITE_ZCML)

    def _path(self, *names):
        return os.path.join(self.folder, *names)

    def _write_conf(self, text):
        with open(self._path('etc', 'zope.conf'), 'a') as conf:
            conf.write(text)

    def _write_ini(self, listen):
        path = self._path('etc', 'zope.ini')
        with open(path) as ini:
            text = ini.read()
        text = re.sub(r'(?s)(use = egg:waitress#main\n)[^\[]*',
                      lambda match: match.group(1) + listen + '\n\n', text)
        with open(path, 'w') as ini:
            ini.write(text)

    def start(self):
        """Start the server and wait until it listens; self."""
        paths = [SITE, os.environ.get('PYTHONPATH', '')]
        environ = dict(os.environ, PYTHONUNBUFFERED='1',
                       PYTHONPATH=os.pathsep.join(filter(None, paths)))
        environ.update(self._environ)
        self._process = subprocess.Popen(
            [sys.executable, '-c',
             'from Zope2.Startup.serve import main; main()',
             self._path('etc', 'zope.ini')],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ,
            cwd=self.folder)
        self._reader = threading.Thread(target=self._read_output)
        self._reader.daemon = True
        self._reader.start()
        try:
            self._wait_for(lambda: self._listening(), START_TIMEOUT)
        except StartFailed:
            self.stop()
            raise
        return self

    def _read_output(self):
        for line in iter(self._process.stdout.readline, b''):
            self._lines.append(line.decode('utf-8', 'replace'))

    def _listening(self):
        return 'Serving on ' in self.output()

    def _wait_for(self, condition, timeout):
        end = time.time() + timeout
        while not condition():
            if self._process.poll() is not None or time.time() > end:
                if self._process.poll() is not None:
                    self._reader.join(5)
                raise StartFailed(self.output())
            time.sleep(0.05)

    def output(self):
        """What the child has written to its console."""
        return ''.join(self._lines)

    def log(self, name):
        """The text of a file in var/log: event.log or Z4.log."""
        with open(self._path('var', 'log', name)) as log:
            return log.read()

    def wait_for_log(self, name, pattern, timeout=10):
        """The log's text, once the pattern is in it."""
        end = time.time() + timeout
        while not re.search(pattern, self.log(name)):
            assert time.time() < end, (pattern, self.log(name))
            time.sleep(0.05)
        return self.log(name)

    @property
    def addresses(self):
        """(host, port), or the path of a unix socket, of each listener."""
        return [_address(found) for found in
                re.findall(r'Serving on (\S+)', self.output())]

    @property
    def pid(self):
        return self._process.pid

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
        """End the child by its pid, as Ctrl-C would; remove the folder."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGINT)
            _kill_after(process, STOP_TIMEOUT)
            self._reader.join(5)
            process.stdout.close()
        if os.path.isdir(self.folder):
            shutil.rmtree(self.folder)


def _kill_after(process, timeout):
    end = time.time() + timeout
    while process.poll() is None:
        if time.time() > end:
            process.kill()
            process.wait()
            return
        time.sleep(0.02)


def _address(found):
    if found.startswith('http://unix:'):
        return found[len('http://unix:'):]
    host, port = re.match(r'http://(.*):(\d+)$', found).groups()
    return host.strip('[]'), int(port)
