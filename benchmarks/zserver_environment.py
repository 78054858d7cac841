"""The two Python 2.7 environments of part 4, below build/bench-zserver.

Both hold the same Zope and ZServer. One has the product of this checkout, as
it is now, the other has what was released in 2013.
"""
from __future__ import absolute_import, division, print_function

import os
import shutil

from tools.clean_environ import clean_environ

from .children import TOP, Failed, output
from .tables import out

FOLDER = os.path.join(TOP, 'build', 'bench-zserver')
SERVER = 'Zope==4.8.11', 'ZServer==4.0.2'
# Its setup.py names a Zope that Zope 4 has replaced.
RELEASED = '--no-deps', 'Products.ZServerViews==0.2.0'
# The last that runs on Python 2.7 and that makes environments for it.
VIRTUALENV = 'virtualenv<20.16'
SOURCES = ('Products', 'setup.py', 'setup.cfg', 'MANIFEST.in', 'README.rst',
           'CHANGES.rst', 'LICENSE.txt')
MISSING = ('Part 4 needs Python 2.7 with pip, and a C compiler, to make its '
           'environments. No python2.7 was found on the PATH or among '
           "pyenv's versions. Install one (pyenv install 2.7.18), or name "
           'environments that exist: --zserver-new DIR --zserver-old DIR')
SECONDS = 900


def python27():
    from tools.interpreters import find
    found = find('2.7')
    if found is None:
        raise Failed(MISSING)
    return found


def run(*command, **variables):
    # No PYTHONPATH: the checkout must not be found instead of what is
    # installed.
    output(command, SECONDS, env=clean_environ(**variables))


class Environment(object):

    def __init__(self, name):
        self.folder = os.path.join(FOLDER, name)

    def pip(self, *arguments):
        run(os.path.join(self.folder, 'bin', 'python'), '-m', 'pip',
            'install', '-q', *arguments)

    def make(self):
        """Nothing, if an earlier run has come to its end."""
        stamp = os.path.join(self.folder, 'made')
        if os.path.exists(stamp):
            return
        out('Making {0}: some minutes, the first time.'.format(
            os.path.relpath(self.folder, TOP)))
        shutil.rmtree(self.folder, ignore_errors=True)
        self.make_virtualenv()
        self.pip(*SERVER)
        open(stamp, 'w').close()

    def make_virtualenv(self):
        """By a virtualenv of our own: the interpreter stays as it is."""
        python = python27()
        tool = os.path.join(FOLDER, 'virtualenv')
        if not os.path.exists(os.path.join(tool, 'virtualenv')):
            run(python, '-m', 'pip', 'install', '-q', '--target', tool,
                VIRTUALENV)
        run(python, '-m', 'virtualenv', '-q', self.folder, PYTHONPATH=tool)

    def install_checkout(self):
        """A wheel of the checkout's present state, built from a copy.

        The folder itself holds far more than the product, which pip would
        copy, and remains of former builds, which it would pack.
        """
        copy = os.path.join(FOLDER, 'checkout')
        shutil.rmtree(copy, ignore_errors=True)
        os.makedirs(copy)
        for name in SOURCES:
            source = os.path.join(TOP, name)
            if os.path.isdir(source):
                shutil.copytree(source, os.path.join(copy, name),
                                ignore=shutil.ignore_patterns('*.pyc'))
            else:
                shutil.copy(source, copy)
        self.pip('--no-deps', '--force-reinstall', copy)


def environments(new=None, old=None):
    """The folders of both, made where none is given."""
    if not new:
        made = Environment('checkout-env')
        made.make()
        made.install_checkout()
        new = made.folder
    if not old:
        made = Environment('released-env')
        made.make()
        made.pip(*RELEASED)
        old = made.folder
    return os.path.abspath(new), os.path.abspath(old)
