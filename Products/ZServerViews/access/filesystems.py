"""Where a file lies: on a mount that holds a secret, as of a container?

Kubernetes and Docker mount secrets with mode 0440 or 0444, which nobody can
change there: read-only, or on a tmpfs made for them. Read at the start.
"""
from __future__ import absolute_import, division, print_function

import io
import os

_READ_ONLY = 1  # ST_RDONLY in statvfs(3); Python 2 has no name for it

# Where a tmpfs is for all users of a machine, not for one secret.
_SHARED = frozenset('''
    / /tmp /var/tmp /dev /dev/shm /run /run/lock /run/shm /var/run /var/lock
    '''.split())


def is_read_only(handle):
    """Whether the file that is open there lies on a read-only mount."""
    return bool(os.fstatvfs(handle).f_flag & _READ_ONLY)


def is_own_tmpfs(path, read=None):
    """Whether a file lies on a tmpfs that is for it and its like alone.

    ``read``
        Returns the lines of this process's mounts, as of proc(5).
    """
    path = os.path.realpath(path)
    best, kind = '', None
    for line in (read or _mounts)():
        words = line.split(' ')
        place = words[4].replace('\\040', ' ')
        if _is_below(path, place) and len(place) >= len(best):
            # Of several at one place, the last lies on top.
            best, kind = place, words[words.index('-') + 1]
    return (kind in ('tmpfs', 'ramfs') and best not in _SHARED
            and not best.startswith('/run/user/'))


def _is_below(path, place):
    return (path + '/').startswith(place.rstrip('/') + '/')


def _mounts():
    try:
        with io.open('/proc/self/mountinfo', encoding='utf-8',
                     errors='replace') as lines:
            return lines.read().splitlines()
    except EnvironmentError:
        return []
