"""Environments of Python 2.7, for which today's tox is too new.

    python -m tools.python27 zope4-zserver pytest ...

runs a command in the environment named, which it makes at first, below
`build/`. The product is installed there from the wheel that tox has built, or
else from one of the checkout as it is now. What the command and its children
run of the product is measured, as .coveragerc says.
"""
from __future__ import absolute_import, division, print_function

import configparser
import fcntl
import glob
import os
import subprocess
import sys
import tarfile

from tools import interpreters
from tools.clean_environ import clean_environ
from tools.environment import Environment
from tools.places import BUILD, CHECKOUT
from tools.words import Complaint, say

FOLDER = os.path.join(BUILD, 'python27')

# The last virtualenv that makes environments for 2.7; Python 3 runs it, so
# that the old interpreter needs nothing beside itself.
VIRTUALENV = 'virtualenv<20.22'

# A line of a .pth file: each start of the interpreter runs it.
MEASURE = 'import coverage; coverage.process_startup()\n'

# What the last coverage for 2.7 does not know, and needs not for servers
# which end in an orderly way.
UNKNOWN = ('patch',)


class Python27(Environment):
    """An environment of Python 2.7 with Zope and its server."""

    def __init__(self, folder, requirements, log):
        Environment.__init__(self, folder, requirements, log)
        self.python27 = interpreters.find_python27()
        self.maker = Environment(os.path.join(FOLDER, 'virtualenv'),
                                 [VIRTUALENV], log)

    def described(self):
        return '\n'.join([self.python27, Environment.described(self)])

    def is_ready(self):
        return self.maker.is_ready() and Environment.is_ready(self)

    def make(self):
        # One at a time: the next finds most of its wheels in pip's cache.
        os.makedirs(FOLDER, exist_ok=True)
        with open(os.path.join(FOLDER, 'lock'), 'w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.maker.is_ready():
                self.maker.make()
            Environment.make(self)

    def create(self):
        self.run([self.maker.script('virtualenv'), '--python', self.python27,
                  self.folder], 'virtualenv failed')

    def pip(self, *arguments):
        """With a cache of wheels that is kept: most have to be compiled."""
        cache = (os.environ.get('PIP_CACHE_DIR')
                 or os.path.join(FOLDER, 'cache'))
        Environment.pip(self, '--cache-dir', cache, *arguments)

    def install_checkout(self):
        # The old pip would copy all of the checkout first, build/ included.
        self.install_wheel(self.maker.wheel(self.folder + '-wheel'))

    def install_wheel(self, wheel):
        self.pip('install', '--no-deps', '--force-reinstall', wheel)
        # Such requirements of its as are not there; no version changes.
        self.pip('install', wheel)

    def version(self, distribution):
        return subprocess.check_output(
            [self.script('python'), '-c', 'import sys, pkg_resources; print('
             'pkg_resources.get_distribution(sys.argv[1]).version)',
             distribution],
            # Not in the checkout, which it would find first.
            cwd=self.folder, env=clean_environ(), universal_newlines=True).strip()


class TestedZope(Python27):
    """... that has what the tests need; one class for each kind."""

    zope = []
    tests = ['pytest<5', 'coverage<6', 'prometheus_client==0.12.0']
    # Installed after the product, which they need.
    beside = []

    def __init__(self, name):
        folder = os.path.join(FOLDER, name)
        Python27.__init__(self, folder, self.zope + self.tests,
                          log=folder + '.log')

    def environ(self):
        """For a command whose coverage, and its children's, is measured."""
        path = os.path.join(self.folder, 'coveragerc')
        settings = configparser.ConfigParser(interpolation=None)
        settings.read(os.path.join(CHECKOUT, '.coveragerc'))
        for name in UNKNOWN:
            settings.remove_option('run', name)
        # The servers run in other folders.
        settings['run']['data_file'] = os.path.join(
            CHECKOUT, settings['run']['data_file'])
        with open(path, 'w') as copy:
            settings.write(copy)
        with open(os.path.join(self.packages(), 'measure.pth'), 'w') as start:
            start.write(MEASURE)
        return clean_environ(COVERAGE_PROCESS_START=path,
                             PYTHONDONTWRITEBYTECODE='1')

    def packages(self):
        found, = glob.glob(os.path.join(
            self.folder, 'lib', 'python*', 'site-packages'))
        return found

    def install_product(self):
        wheel = os.environ.get('TOX_PACKAGE')
        if wheel:
            self.install_wheel(wheel)
        else:
            self.install_checkout()
        if self.beside:
            self.pip('install', *self.beside)


class Zope4(TestedZope):
    # Paste is the access log of waitress; the tests of the hook need both.
    zope = ['Zope==4.8.11', 'waitress==1.4.4', 'Paste']


class Zope4OnZServer(Zope4):
    zope = Zope4.zope + ['ZServer==4.0.2']
    # Storages of which /-/database tells, the last ones for 2.7.
    tests = Zope4.tests + ['ZEO==5.4.0', 'tempstorage==5.2']
    beside = ['munin.zope==2.1']


class Soaked(Zope4OnZServer):
    """... for tests/soak: nobody installs anew while its server runs."""

    tests = []
    beside = []


class Zope2(TestedZope):
    """Zope 2.13 with the versions that its source archive lists."""

    version_of_zope = '2.13.30'

    def described(self):
        return '\n'.join([self.version_of_zope, TestedZope.described(self)])

    def fill(self):
        name = 'Zope2-' + self.version_of_zope
        self.pip('download', '--no-deps', '--no-binary', ':all:', '--dest',
                 self.folder, 'Zope2==' + self.version_of_zope)
        listed = os.path.join(self.folder, 'requirements.txt')
        archive = os.path.join(self.folder, name + '.tar.gz')
        with tarfile.open(archive) as source, open(listed, 'wb') as target:
            target.write(
                source.extractfile(name + '/requirements.txt').read())
        self.pip('install', '-r', listed)
        # What else there is has to do with these versions.
        self.pip('install', '-c', listed, *self.requirements)


class Zope2OnInfrae(Zope2):
    """... and infrae.wsgi beside it, which serves it by waitress.

    Of most packages that it needs, newer releases are for Zope 4. Those of
    zope.app.form and zope.formlib ask for more than there is, but do.
    """

    zope = ['infrae.wsgi==2.2.1', 'waitress==1.4.4', 'five.grok==1.3.2',
            'five.formlib==1.0.4', 'zope.app.form==5.1.0',
            'zope.formlib==5.0.1', 'zope.cachedescriptors==4.4',
            'five.localsitemanager==2.0.5', 'grokcore.annotation==1.3',
            'grokcore.component==2.5', 'grokcore.formlib==1.9',
            'grokcore.security==1.6.2', 'grokcore.site==1.6.1',
            'grokcore.view==2.8', 'grokcore.viewlet==1.11', 'martian==0.14']


KINDS = {
    'zope4-zserver': Zope4OnZServer,
    'zope2': Zope2,
    'zope2-infrae': Zope2OnInfrae,
    'zope4-waitress': Zope4,
}


def main(kind, program, *arguments):
    try:
        environment = KINDS[kind](kind)
        if not environment.is_ready():
            say('Making {0} ...'.format(environment.folder))
            environment.make()
        environment.install_product()
    except Complaint as error:
        say(str(error))
        return 1
    # Not a child: a signal to this process is for the command.
    command = [environment.script(program)] + list(arguments)
    os.execve(command[0], command, environment.environ())


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
