"""A systemd of its own for one service: the user's, in namespaces and control
groups that end with it. Only root may make these."""
from __future__ import absolute_import, division, print_function

import glob
import os
import shutil
import subprocess
import tempfile
from functools import partial

from tests.waiting import awaited
from tools import programs

GROUPS = '/sys/fs/cgroup'
RUN = '/run/user/0'
# It believes that systemd has booted the system, and sees no other of /run.
# As process 1 it would be the system's.
START = """
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system {run}
/lib/systemd/systemd --user --unit={unit}
"""
# The default is a start of all that a user's session has.
ALONE = '[Unit]\nDefaultDependencies=no\n'


def missing():
    """Why this machine cannot have one, or None."""
    if os.getuid():
        return 'only root can make control groups for a systemd of its own'
    if not programs.find('systemctl'):
        return 'systemd is not installed'
    if not any(os.access(top, os.W_OK) for top in _tops()):
        return 'no control groups can be made here'
    return None


def _tops():
    """The roots of those that systemd uses, of version 1, 2 or both."""
    return [os.path.dirname(path) for name in ('', 'systemd', 'unified')
            for path in glob.glob(os.path.join(GROUPS, name, 'cgroup.procs'))]


class OwnSystemd(object):
    """Starts the service ``unit`` of this text, until `stop`.

    ``environ``
        Variables that the service gets besides.
    """

    def __init__(self, unit, text, environ):
        self._unit = unit
        self._folder = folder = tempfile.mkdtemp(prefix='zsv-')
        with open(os.path.join(folder, unit), 'w') as service:
            service.write(text.replace('[Unit]\n', ALONE))
        self._name = os.path.basename(folder)
        self._environ = dict(environ, PATH=os.environ['PATH'],
                             SYSTEMD_UNIT_PATH=folder, XDG_RUNTIME_DIR=RUN)
        self._process = subprocess.Popen(
            ['unshare', '--fork', '--pid', '--mount', '--mount-proc',
             '--kill-child', 'sh', '-c', START.format(run=RUN, unit=unit)],
            env=self._environ, preexec_fn=self._enter_groups)

    def _enter_groups(self):
        for top in _tops():
            group = os.path.join(top, self._name)
            os.mkdir(group)
            with open(os.path.join(group, 'cgroup.procs'), 'w') as processes:
                processes.write(str(os.getpid()))

    def shown(self):
        """{name: value} of the service's properties; empty before it is
        asked for."""
        with open('/proc/{0}/task/{0}/children'.format(
                self._process.pid)) as children:
            first = children.read().split()
        if not first:
            return {}
        told = subprocess.run(
            ['nsenter', '-t', first[0], '-m', '-p', 'systemctl', '--user',
             'show', self._unit], env=self._environ, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, universal_newlines=True)
        return dict(line.split('=', 1) for line in told.stdout.splitlines())

    def stop(self):
        # The kernel ends the others with the first of their namespace.
        self._process.kill()
        self._process.wait()
        for top in _tops():
            for group, _folders, _files in os.walk(
                    os.path.join(top, self._name), topdown=False):
                awaited(partial(_removed, group))
        shutil.rmtree(self._folder)


def _removed(group):
    """Whether a control group is gone; its processes may be ending."""
    try:
        os.rmdir(group)
    except OSError:
        return False
    return True
