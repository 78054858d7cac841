"""A virtual environment below `build/`.

The first run makes it and fills it from the package index; later runs find it
by its stamp and leave it as it is.
"""
from __future__ import absolute_import, division, print_function

import os
import shutil
import subprocess
import sys

from tools.clean_environ import clean_environ
from tools.places import BUILD, CHECKOUT
from tools.words import Complaint, tail

# What builds the product, installed once instead of downloaded for each build.
BUILD_TOOLS = ['setuptools', 'wheel']


class Environment:

    def __init__(self, folder, requirements, log):
        self.folder = folder
        self.requirements = BUILD_TOOLS + requirements
        self.log = log
        self.stamp = os.path.join(folder, 'installed')

    def script(self, name):
        return os.path.join(self.folder, 'bin', name)

    def described(self):
        return '\n'.join([sys.version, self.folder] + self.requirements)

    def is_ready(self):
        if not os.path.exists(self.stamp):
            return False
        with open(self.stamp, encoding='utf-8') as stamp:
            return stamp.read() == self.described()

    def make(self):
        os.makedirs(os.path.dirname(self.log), exist_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.create()
        self.fill()
        with open(self.stamp, 'w', encoding='utf-8') as stamp:
            stamp.write(self.described())

    def create(self):
        self.run([sys.executable, '-m', 'venv', self.folder],
                 'Python could not make a virtual environment (on Debian and '
                 'Ubuntu, install the package python3-venv)')

    def fill(self):
        self.pip('install', *self.requirements)

    def pip(self, *arguments):
        self.run([self.script('python'), '-m', 'pip'] + list(arguments),
                 'pip {0} failed'.format(' '.join(arguments)))

    def wheel(self, folder):
        """The path of a new wheel of the checkout as it is now."""
        shutil.rmtree(folder, ignore_errors=True)
        self.pip_checkout('wheel', '--no-deps', '--wheel-dir', folder)
        name, = os.listdir(folder)
        return os.path.join(folder, name)

    def install_checkout(self):
        self.pip_checkout('install')

    def pip_checkout(self, command, *options):
        """`pip install` or `pip wheel` for the checkout as it is now."""
        # Or setuptools packs what an earlier build left, removed modules too.
        shutil.rmtree(os.path.join(BUILD, 'lib'), ignore_errors=True)
        self.pip(command, '--no-build-isolation', *options + (CHECKOUT,))

    def version(self, distribution):
        return subprocess.check_output(
            [self.script('python'), '-c', 'import sys, importlib.metadata as '
             'm; print(m.version(sys.argv[1]))', distribution],
            env=clean_environ(), universal_newlines=True).strip()

    def run(self, command, complaint):
        with open(self.log, 'a', encoding='utf-8') as log:
            status = subprocess.call(
                command, env=clean_environ(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT)
        if status:
            raise Complaint('{0}. The end of {1}:\n{2}'.format(
                complaint, self.log, tail(self.log)))
