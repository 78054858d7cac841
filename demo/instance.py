"""The Zope instance, one class for each kind of server.

An instance says what has to be installed for it, how it is made, which command
runs it, and how many workers it has.
"""
from __future__ import absolute_import, division, print_function

import os
import shutil
import socket
import subprocess

from demo.client import HOST
from tools.clean_environ import clean_environ
from tools.environment import Environment
from tools.not_root import not_root
from tools.python27 import Python27
from tools.words import Complaint

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     'instance_files')
USER = 'admin:admin'


class Instance:
    """What does not depend on the server.

    ``maker``, the program that makes an instance, ``set_server`` and
    ``command`` are what a kind adds.

    ``has_listener``
        Whether views have a port of their own, ``views_port``.
    ``answers_asleep``
        Whether the port of the site has views while all workers are asleep,
        where there is a listener.
    ``has_enough_workers``
        Whether the page answers however many requests sleep.
    ``sleep``
        What the show does with its workers, so many by such a request.
    ``promise``
        What the end of the show says that one has seen.
    """

    environment_class = Environment
    environment_name = ''
    requirements = []
    title = ''
    distributions = ()
    workers = 4
    has_listener = answers_asleep = has_enough_workers = False
    sleep = '{0} published requests, {1}, keep all {0} workers asleep'
    promise = 'the views answered, the page did not'

    def __init__(self, environment, folder, port):
        self.environment = environment
        self.folder = folder
        self.port = port

    def path(self, *names):
        return os.path.join(self.folder, *names)

    @property
    def views_port(self):
        return self.port

    def install(self):
        """What the environment, which kinds may share, does not have yet."""

    def described(self):
        return self.title.format(*[self.environment.version(name)
                                   for name in self.distributions])

    def make(self):
        """The configuration is made anew each time, the database is kept."""
        shutil.rmtree(self.path('etc'), ignore_errors=True)
        subprocess.check_call([self.environment.script(self.maker),
                               '-d', self.folder, '-u', USER],
                              env=clean_environ())
        self.add_sleeper()
        self.add_section()
        self.set_server()

    def add_sleeper(self):
        for name, folder in (('sleeper.py', self.path('lib', 'python')),
                             ('sleeper-configure.zcml',
                              self.path('etc', 'package-includes'))):
            os.makedirs(folder, exist_ok=True)
            shutil.copy(os.path.join(FILES, name), folder)

    def add_section(self):
        with open(os.path.join(FILES, 'product-config.conf')) as section:
            text = section.read()
        with open(self.path('etc', 'zope.conf'), 'a') as configuration:
            configuration.write(text)

    def replace(self, name, old, new):
        path = self.path('etc', name)
        with open(path) as skeleton:
            text = skeleton.read()
        changed = text.replace(old, new)
        if changed == text:
            raise Complaint('{0} has no host and port to set.'.format(path))
        with open(path, 'w') as configuration:
            configuration.write(changed)

    def environ(self):
        """For the server's process: where it finds the sleeping page."""
        return clean_environ(PYTHONPATH=self.path('lib', 'python'))

    def wake(self):
        """After the signal that ends the server."""


class WaitressInstance(Instance):

    environment_name = 'wsgi'
    requirements = ['Zope[wsgi]>=6,<7']
    title = 'runwsgi with Zope {0} and waitress {1}'
    distributions = ('Zope', 'waitress')
    maker = 'mkwsgiinstance'

    def set_server(self):
        # The number of threads is waitress's own default: said here, so that
        # the demo puts to sleep as many as there are.
        self.replace('zope.ini', 'host = 127.0.0.1\nport = 8080\n',
                     'host = {0}\nport = {1}\nthreads = {2}\n'.format(
                         HOST, self.port, self.workers))

    def command(self):
        return [self.environment.script('runwsgi'),
                self.path('etc', 'zope.ini')]


class ZServerInstance(Instance):

    environment_class = Python27
    environment_name = 'zserver'
    requirements = ['Zope==4.8.11', 'ZServer==4.0.2']
    title = 'runzope with Zope {0} and ZServer {1} on Python 2.7'
    distributions = ('Zope', 'ZServer')
    maker = 'mkzopeinstance'

    def set_server(self):
        self.replace('zope.conf', '  address 8080\n',
                     '  address {0}:{1}\n'.format(HOST, self.port))
        # The demo reads what the server prints.
        self.replace('zope.conf', 'path $INSTANCE/log/event.log',
                     'path STDOUT')
        with open(self.path('etc', 'zope.conf'), 'a') as configuration:
            configuration.write('\nzserver-threads {0}\n'.format(
                self.workers))

    def command(self):
        return not_root([self.environment.script('runzope'), '-C',
                         self.path('etc', 'zope.conf')])

    def wake(self):
        """Its loop sees the signal after it has waited for a socket."""
        try:
            socket.create_connection((HOST, self.port), 1).close()
        except OSError:
            pass  # it has been faster
