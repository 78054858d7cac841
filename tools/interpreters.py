"""Where each version of Python is found on this machine.

The versions that pyenv has installed count too, also those that it does not
put on the PATH at present.
"""
from __future__ import absolute_import, division, print_function

import os
import shutil
import subprocess
import sys

from tools.clean_environ import clean_environ
from tools.words import Complaint

TELL = ('import sys; '
        'print("%d.%d %s" % (sys.version_info[:2] + (sys.executable,)))')

MISSING = """\
Python 2.7 was not found. Install it together with a C compiler, for instance
by "pyenv install 2.7.18"; PYTHON27=... names one that is not on the PATH."""


def find(version):
    """The path of a Python of this version ('3.12'), or None."""
    for candidate in candidates(version):
        path = real_path(candidate, version)
        if path:
            return path
    return None


def find_python27():
    """The path of a Python 2.7; none is a complaint that says what to do."""
    wanted = os.environ.get('PYTHON27')
    path = (real_path(wanted, '2.7') if wanted
            else find('2.7'))
    if not path:
        raise Complaint(MISSING)
    return path


def candidates(version):
    yield sys.executable
    on_path = shutil.which('python' + version)
    if on_path:
        yield on_path
    for name in output(['pyenv', 'versions', '--bare']).split():
        if name.startswith(version + '.'):
            prefix = output(['pyenv', 'prefix', name]).strip()
            yield os.path.join(prefix, 'bin', 'python')


def real_path(candidate, version):
    """The interpreter behind the name: a shim may stand for none at all."""
    found, _, path = output([candidate, '-c', TELL]).strip().partition(' ')
    return path if found == version else None


def output(command):
    """What the command prints, empty when it is missing or fails."""
    try:
        return subprocess.run(command, env=clean_environ(),
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True,
                              universal_newlines=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ''
