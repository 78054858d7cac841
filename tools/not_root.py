"""For programs that refuse to run as root, as ZServer and PostgreSQL do."""
from __future__ import absolute_import, division, print_function

import os


def not_root(command, user=1000):
    """The command, run by somebody else when root runs this.

    In a user namespace of its own root's child is somebody else, and may
    still read the interpreter, wherever it lies. ``user`` is the number that
    it has there.
    """
    if os.getuid():
        return command
    return ['unshare', '--user', '--map-user=%d' % user,
            '--map-group=1000'] + command
