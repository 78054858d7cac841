"""A Zope on ZServer for part 4: made by mkzopeinstance, run by runzope."""
from __future__ import absolute_import, division, print_function

import os
import re
import shutil
import socket
import subprocess
import time

from tools.clean_environ import clean_environ

from . import instance, targets
from .children import Failed, output, start, stop

VIEW = '/thr-id'
UNLOGGED = '/unlogged'
# The one view that the release of 2013 has too.
NAME = 'Products.ZServerViews.tests.common.current_thread_id_zserver_view'
SECTION = """
<product-config zserver-views>
    {0}
</product-config>
"""
ENTRY = 'thread-id {0} {1}\n'.format(VIEW, NAME)
# Options are not known to the release of 2013.
UNLOGGED_ENTRY = '    unlogged {0} {1} access-log=off\n'.format(UNLOGGED, NAME)
SERVER = """
zserver-threads {0}
<http-server>
    address 127.0.0.1:{1}
</http-server>
"""
ZCML = """
<configure xmlns="http://namespaces.zope.org/zope">
  <include package="Zope2.App" />
  <include package="Products.Five.browser" file="meta.zcml" />
  {0}
</configure>
""".format(instance.PAGE.replace('benchmarks.sleeper', 'sleeper'))
STARTING = 60
READY = 'Ready to handle requests'
# ZServer refuses to run as root.
NOT_ROOT = ['unshare', '--user', '--map-user=1000', '--map-group=1000']


class ZServerZope(instance.Zope):
    """Use as a context: it is made, started, ended and removed."""

    def __init__(self, environment, seconds, entries=ENTRY):
        super(ZServerZope, self).__init__(seconds)
        self.environment = environment
        self.entries = entries
        self.reserved = None

    def __exit__(self, *exc_info):
        if self.child is not None and self.child.poll() is None:
            # Only noted, until something wakes the loop.
            self.child.terminate()
            self.knock()
            try:
                self.child.wait(10)
            except subprocess.TimeoutExpired:
                pass
        if self.child is not None:
            stop(self.child)
        if self.reserved is not None:
            self.reserved.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def knock(self):
        try:
            socket.create_connection(('127.0.0.1', self.port), 1).close()
        except socket.error:
            pass

    def script(self, name):
        path = os.path.join(self.environment, 'bin', name)
        if not os.path.exists(path):
            raise Failed('{0} is missing: is that an environment with '
                         'ZServer?'.format(path))
        return path

    def headroom(self):
        """A free port that nobody else is given while we hold it.

        ZServer may bind it beside a socket that does not listen.
        """
        self.reserved = socket.socket()
        self.reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.reserved.bind(('127.0.0.1', 0))
        self.port = self.reserved.getsockname()[1]

    def make(self):
        output([self.script('mkzopeinstance'), '-d', self.folder,
                '-u', 'admin:admin'], 60, env=clean_environ())
        self.headroom()
        shutil.copy(os.path.join(os.path.dirname(instance.__file__),
                                 'sleeper.py'), self.path('sleeper.py'))
        with open(self.path('etc', 'site.zcml'), 'w') as zcml:
            zcml.write(ZCML)
        name = self.path('etc', 'zope.conf')
        with open(name) as found:
            text, count = re.subn(
                r'(?s)\n<http-server>.*?</http-server>\n',
                SERVER.format(targets.THREADS, self.port), found.read())
        if count != 1:
            raise Failed('{0} has {1} http-server sections'.format(name,
                                                                   count))
        with open(name, 'w') as changed:
            changed.write(text + SECTION.format(self.entries))

    def command(self):
        command = [self.script('runzope'), '-C', self.path('etc', 'zope.conf')]
        return NOT_ROOT + command if os.getuid() == 0 else command

    def start(self):
        with open(self.path('console.log'), 'w') as console:
            self.child = start(
                self.command(), self.seconds, stdout=console, stderr=console,
                cwd=self.folder, env=clean_environ(PYTHONPATH=self.folder))
        self.wait_for(READY, STARTING)
        self.wait_until_served()

    def wait_until_served(self):
        """Ready is said before the loop runs."""
        ends = time.time() + STARTING
        while not self.answers(VIEW):
            if self.child.poll() is not None or time.time() > ends:
                raise Failed('{0} is not answered:\n{1}'.format(
                    VIEW, self.complaint()))
            time.sleep(0.1)

    def answers(self, path):
        """Whether a new connection gets a 200."""
        try:
            with socket.create_connection(('127.0.0.1', self.port), 5) as it:
                it.sendall('GET {0} HTTP/1.1\r\nHost: localhost\r\n'
                           'Connection: close\r\n\r\n'.format(path)
                           .encode('ascii'))
                return it.recv(4096)[8:13] == b' 200 '
        except socket.error:
            return False

    def events(self):
        try:
            with open(self.path('log', 'event.log')) as events:
                return events.read()
        except FileNotFoundError:
            return ''

    def versions(self):
        """What pip finds in its environment."""
        found = output(
            [self.script('python'), '-c',
             'import pkg_resources as p, sys; print(", ".join('
             '[str(p.get_distribution(n)) for n in sys.argv[1:]]'
             ' + ["Python " + sys.version.split()[0]]))',
             'Products.ZServerViews', 'Zope', 'ZServer'], 30,
            # Not in the checkout, whose metadata would be found first.
            env=clean_environ(), cwd=self.folder)[0]
        return found.strip()
