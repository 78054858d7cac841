"""The Zope instance, one class for each kind of server.

An instance says what has to be installed for it, how it is made, which command
runs it, and how many workers it has. `KINDS` names the classes for
`make demo SERVER=...`.
"""
from __future__ import absolute_import, division, print_function

import os
import shutil
import subprocess

from demo.client import HOST
from tools.words import Complaint

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                     'instance_files')
USER = 'admin:admin'


class WaitressInstance:

    requirements = ['Zope[wsgi]>=6,<7']
    title = 'runwsgi with Zope {0} and waitress {1}'
    distributions = ('Zope', 'waitress')
    workers = 4

    def __init__(self, environment, folder, port):
        self.environment = environment
        self.folder = folder
        self.port = port

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def described(self):
        return self.title.format(*[self.environment.version(name)
                                   for name in self.distributions])

    def make(self):
        """The configuration is made anew each time, the database is kept."""
        shutil.rmtree(self.path('etc'), ignore_errors=True)
        subprocess.check_call([self.environment.script('mkwsgiinstance'),
                               '-d', self.folder, '-u', USER])
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

    def set_server(self):
        # The number of threads is waitress's own default: said here, so that
        # the demo puts to sleep as many as there are.
        wanted = 'host = {0}\nport = {1}\nthreads = {2}\n'.format(
            HOST, self.port, self.workers)
        ini = self.path('etc', 'zope.ini')
        with open(ini) as skeleton:
            text = skeleton.read()
        changed = text.replace('host = 127.0.0.1\nport = 8080\n', wanted)
        if changed == text:
            raise Complaint('{0} has no host and port to set.'.format(ini))
        with open(ini, 'w') as configuration:
            configuration.write(changed)

    def command(self):
        return [self.environment.script('runwsgi'),
                self.path('etc', 'zope.ini')]

    def environ(self):
        """For the server's process: where it finds the sleeping page."""
        return dict(os.environ, PYTHONPATH=self.path('lib', 'python'))


KINDS = {'waitress': WaitressInstance}
