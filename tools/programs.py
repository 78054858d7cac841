"""Where the programs of others are that some tests need."""
from __future__ import absolute_import, division, print_function

import glob
import os
import shutil

# Where Debian has what only root is expected to start.
ALSO = ('/usr/local/sbin', '/usr/sbin')

# Of these headers one is there where libev can be compiled with.
LIBEV = ('/usr/include/ev.h', '/usr/local/include/ev.h',
         '/usr/include/libev/ev.h', '/opt/homebrew/include/ev.h')


# ... and the programs of each version of PostgreSQL's server.
POSTGRESQL = '/usr/lib/postgresql/*/bin'


def find(name):
    """The path of a program of this name, or None."""
    path = os.environ.get('PATH', os.defpath)
    return shutil.which(name, path=os.pathsep.join(
        (path,) + ALSO + tuple(sorted(glob.glob(POSTGRESQL)))))
