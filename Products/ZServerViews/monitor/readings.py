"""What the system says of this process: memory, processor, descriptors.

Read by a helper thread, since it comes from files. The names are those that
client libraries of Prometheus have.
"""
from __future__ import absolute_import, division, print_function

import os

from Products.ZServerViews._compat import monotonic

try:
    import resource
except ImportError:  # not on every platform
    resource = None

# (name, explanation)
NUMBERS = (
    ('process_resident_memory_bytes', 'Memory in use (RSS).'),
    ('process_resident_memory_peak_bytes', 'The most that was in use.'),
    ('process_virtual_memory_bytes', 'Memory that is mapped.'),
    ('process_cpu_seconds_total', 'Processor time, user and system.'),
    ('process_threads', 'Threads, those of C code included.'),
    ('process_open_fds', 'Open files, sockets and pipes.'),
    ('process_max_fds', 'How many there may be, ulimit -n.'))


class Readings(object):
    """The latest reading.

    ``numbers``
        {name of `NUMBERS`: value}, what the system tells of them.
    ``when``
        The moment of it, or None.
    """

    def __init__(self, clock=monotonic, folder='/proc/self'):
        self._clock = clock
        self._folder = folder
        self.begin_anew()

    def begin_anew(self):
        """Have read nothing; also in a forked child."""
        self.numbers, self.when = {}, None

    def age(self):
        """Seconds since the latest reading; None before the first."""
        when = self.when
        return None if when is None else max(0.0, self._clock() - when)

    def read(self):
        """Read anew; in a thread that may wait."""
        found = {}
        for find in self._stat, self._peak, self._descriptors, _limit:
            try:
                find(found)
            except (EnvironmentError, ValueError, IndexError):
                pass  # this system does not tell
        self.numbers, self.when = found, self._clock()

    def _stat(self, found):
        # The name of the program is cut after some bytes: it may be no text.
        with open(os.path.join(self._folder, 'stat'), 'rb') as stat:
            # See proc(5): a name with spaces may stand before.
            fields = stat.read().rpartition(b')')[2].split()
        ticks = int(fields[11]) + int(fields[12])
        found['process_cpu_seconds_total'] = ticks / os.sysconf('SC_CLK_TCK')
        found['process_threads'] = int(fields[17])
        found['process_virtual_memory_bytes'] = int(fields[20])
        found['process_resident_memory_bytes'] = (
            int(fields[21]) * os.sysconf('SC_PAGE_SIZE'))

    def _peak(self, found):
        with open(os.path.join(self._folder, 'status'), 'rb') as status:
            for line in status:
                if line.startswith(b'VmHWM:'):
                    found['process_resident_memory_peak_bytes'] = (
                        int(line.split()[1]) * 1024)

    def _descriptors(self, found):
        # But for the one that lists them.
        found['process_open_fds'] = len(os.listdir(
            os.path.join(self._folder, 'fd'))) - 1


def _limit(found):
    if resource is not None:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        found['process_max_fds'] = (
            float('inf') if most == resource.RLIM_INFINITY else most)
