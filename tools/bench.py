"""`make bench`: the benchmarks, in an environment below `build/`."""
from __future__ import absolute_import, division, print_function

import sys

from tools import old_python

old_python.refuse()

import os

from tools.clean_environ import clean_environ
from tools.environment import Environment
from tools.places import BUILD
from tools.words import Complaint, say

FOLDER = os.path.join(BUILD, 'bench')
REQUIREMENTS = ['Zope[wsgi]>=6.2,<7', 'ZODB<6.4']


def main(arguments):
    environment = Environment(FOLDER, REQUIREMENTS, log=FOLDER + '.log')
    try:
        if not environment.is_ready():
            say('Making {0} ...'.format(environment.folder))
            environment.make()
    except Complaint as error:
        say(str(error))
        return 1
    # Not a child: a signal to this process is for the benchmarks.
    command = [environment.script('python'), '-m', 'benchmarks'] + arguments
    os.execve(command[0], command, clean_environ())


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
