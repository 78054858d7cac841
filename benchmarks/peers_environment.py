"""The environment of the other servers, below build/bench-peers."""
from __future__ import absolute_import, division, print_function

import os
import subprocess

from tools.environment import Environment
from tools.words import Complaint

from .children import TOP, Failed, output

FOLDER = os.path.join(TOP, 'build', 'bench-peers')
# Each of these installs everywhere; bjoern is built, and needs libev for it.
SERVERS = ['gunicorn', 'cheroot', 'werkzeug']
BJOERN = 'bjoern'
VERSIONS = ('import sys; from importlib.metadata import version\n'
            'for name in sys.argv[1:]: print(version(name))')


class PeersEnvironment(object):
    """Made at the first run; later runs only look whether it is there."""

    def __init__(self):
        self.environment = Environment(FOLDER, SERVERS, FOLDER + '.log')
        self.python = self.environment.script('python')
        # {name: version}; what could not be installed is not in it.
        self.versions = {}

    def make(self):
        try:
            if not self.environment.is_ready():
                self.environment.make()
            names = SERVERS + [BJOERN] * self.has_bjoern()
        except Complaint as complaint:
            raise Failed(str(complaint))
        found = output([self.python, '-c', VERSIONS] + names, 60)[0]
        self.versions = dict(zip(names, found.split()))

    def has_bjoern(self):
        if subprocess.call([self.python, '-c', 'import ' + BJOERN],
                           stderr=subprocess.DEVNULL):
            try:
                self.environment.pip('install', BJOERN)
            except Complaint:
                return False
        return True
