"""systemd's end of the socket that NOTIFY_SOCKET names."""
from __future__ import absolute_import, division, print_function

import os
import shutil
import socket
import tempfile

from tests.waiting import awaited

SECONDS = 0.9


class NotifySocket(object):
    """``heard`` are the words that have come so far."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='zsv-')
        self.path = os.path.join(self.folder, 'notify')
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.setblocking(False)
        self.heard = []

    def environ(self, **further):
        """What systemd gives to the process, with WatchdogSec.

        The numbers of processes that the tests themselves may have inherited from
        it are others'.
        """
        return dict({'NOTIFY_SOCKET': self.path, 'WATCHDOG_PID': '',
                     'SYSTEMD_EXEC_PID': '',
                     'WATCHDOG_USEC': str(int(SECONDS * 1e6))}, **further)

    def listen(self):
        """What has come since it was called last."""
        new = []
        while True:
            try:
                new += self._socket.recv(4096).decode('ascii').split('\n')
            except (socket.error, OSError):
                self.heard += new
                return new

    def wait_for(self, word):
        """Return once it has come, from now on."""
        awaited(lambda: word in self.listen())

    def close(self):
        self._socket.close()
        shutil.rmtree(self.folder)
