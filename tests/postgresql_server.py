"""A PostgreSQL of its own for a test; the one of the system is left alone."""
from __future__ import absolute_import, division, print_function

import os
import pwd
import shutil
import signal
import subprocess
import tempfile

from tests.waiting import awaited
from tools import programs
from tools.not_root import not_root

# It listens at a unix socket in its folder, and nowhere else. What it keeps need
# not outlive the machine.
OPTIONS = ['-c', 'listen_addresses=', '-c', 'fsync=off',
           '-c', 'shared_buffers=16MB']
PATIENCE = 120


class PostgreSQL(object):
    """The child process, with all that it has in a folder, which `stop` removes.

    PostgreSQL refuses root, and wants a user that has a name.
    """

    def __init__(self):
        found = programs.find('initdb')
        assert found, 'PostgreSQL is not installed'
        self._programs = os.path.dirname(os.path.realpath(found))
        self.folder = tempfile.mkdtemp(prefix='zsv-')
        self._process = None
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self):
        data, log = (os.path.join(self.folder, name) for name in ('data', 'log'))
        with open(log, 'w') as output:
            subprocess.run(
                self._command('initdb', '-D', data, '-U', 'zope', '-A', 'trust',
                              '-E', 'UTF8', '--no-locale', '--no-sync'),
                stdout=output, stderr=subprocess.STDOUT, timeout=PATIENCE,
                check=True)
            self._process = subprocess.Popen(
                self._command('postgres', '-D', data, '-k', self.folder,
                              *OPTIONS),
                stdout=output, stderr=subprocess.STDOUT)
        awaited(lambda: self._process.poll() is not None or self._is_ready())
        with open(log) as output:
            assert self._process.poll() is None, output.read()

    def _command(self, program, *arguments):
        nobody = pwd.getpwnam('nobody').pw_uid
        return not_root([os.path.join(self._programs, program)]
                        + list(arguments), nobody)

    def _is_ready(self):
        return subprocess.call(
            [os.path.join(self._programs, 'pg_isready'), '-q', '-h',
             self.folder], timeout=PATIENCE) == 0

    @property
    def dsn(self):
        return 'dbname=postgres user=zope host=%s' % self.folder

    def signal(self, number):
        """Send it to the server and to all its backends."""
        # The server first: who is stopped makes no more of them.
        os.kill(self._process.pid, number)
        for pid in children(self._process.pid):
            os.kill(pid, number)

    def stop(self):
        if self._process is not None:
            if self._process.poll() is None:
                self.signal(signal.SIGCONT)
                self._process.send_signal(signal.SIGINT)  # "fast shutdown"
            try:
                self._process.wait(PATIENCE)
            finally:
                self._process.kill()
        shutil.rmtree(self.folder)


def children(pid):
    """The pids of the processes that it has started."""
    with open('/proc/{0}/task/{0}/children'.format(pid)) as found:
        return list(map(int, found.read().split()))
