"""What does not change while a process runs: versions, platform, start.

It is collected when a view that shows it is mounted, except the versions of
packages. Those are read from many files, and are not needed before the server
runs: so a thread that may wait reads them then, once.
"""
from __future__ import absolute_import, division, print_function

import os
import platform
import sys
import time

from Products.ZServerViews._compat import PY2

# Packages whose versions are shown, if they are installed.
PACKAGES = ('Products.ZServerViews', 'Zope', 'Plone', 'waitress', 'ZODB', 'ZEO',
            'RelStorage', 'ZConfig', 'gunicorn', 'uWSGI', 'cheroot', 'bjoern',
            'Werkzeug', 'gevent')
if PY2:
    PACKAGES += ('Zope2', 'ZServer', 'ZODB3')  # PY2


class Process(object):
    """This process.

    ``started``
        In seconds since the epoch.
    ``versions``
        {name of a package: its version}; None until `find_versions` has been
        called.
    """

    versions = None

    def __init__(self, started, python, implementation, platform):
        self.started = started
        self.python = python
        self.implementation = implementation
        self.platform = platform

    def begin_anew(self, start=None):
        """In a forked child: it has started just now.

        The versions are those of the code that is loaded, as in the parent.
        """
        self.started = (start or started)()

    def find_versions(self, packages=PACKAGES, version=None):
        """Look for the packages, unless that has been done; reads files.

        What is found in a later call might be an update, which this process
        does not run.
        """
        if self.versions is None:
            find = version or installed_version
            found = [(name, find(name)) for name in packages]
            self.versions = dict(pair for pair in found if pair[1])


def collect(start=None):
    """The `Process`; reads files of the system, none of a disk's."""
    return Process(
        (start or started)(), platform.python_version(),
        platform.python_implementation(),
        # Not platform.platform(), which starts a program.
        ' '.join([platform.system(), platform.release(), platform.machine()]))


def installed_version(name):
    """The version of a package that is installed; None if it is not."""
    try:
        if PY2:
            import pkg_resources  # PY2
            return str(pkg_resources.get_distribution(name).version)  # PY2
        from importlib import metadata
        # Python 3.10 takes no name for that of any package.
        return metadata.version(name) if name else None
    except Exception:  # whatever is wrong with it: the site must start
        return None


def started(folder='/proc', now=time.time):
    """When the process has started; now, where the system does not tell.

    The 22nd field of ``self/stat`` has it, in ticks since the system's start
    (proc(5)); a name with spaces, or cut within a character, may stand before.
    """
    try:
        with open(os.path.join(folder, 'self', 'stat'), 'rb') as stat:
            fields = stat.read().rpartition(b')')[2].split()
        with open(os.path.join(folder, 'uptime')) as uptime:
            age = float(uptime.read().split()[0])
        return now() - age + int(fields[19]) / os.sysconf('SC_CLK_TCK')
    except (EnvironmentError, ValueError, IndexError):
        return now()


def interpreter():
    """The path of a Python like this one; None without."""
    # Inside uWSGI sys.executable is uWSGI.
    for path in (sys.executable,
                 os.path.join(sys.prefix, 'bin', 'python3'),
                 os.path.join(sys.base_prefix, 'bin', 'python3')):
        if (path and os.path.basename(path).startswith('python')
                and os.access(path, os.X_OK)):
            return path
    return None
