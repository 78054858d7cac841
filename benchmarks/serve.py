"""Runs one of the targets: prints its port, then serves until it is ended."""
from __future__ import absolute_import, division, print_function

import os
import socket
import sys
import time

from . import targets
from .children import Failed, environ, module, start, stop


def main(name):
    server = targets.make(name)
    print(server.effective_port)
    sys.stdout.flush()
    server.run()


class Target(object):
    """A running target, seen from the process that measures it."""

    def __init__(self, name, seconds, command=None):
        self.command = command or module('serve', name)
        self.name = name
        self.sleepers = []
        # Times differ from seed to seed: all servers get the same one.
        self.child = start(self.command, seconds, stdout=-1,
                           universal_newlines=True,
                           env=dict(environ(), PYTHONHASHSEED='0'))
        try:
            line = self.child.stdout.readline()
            if not line:
                raise Failed('the target {0} did not start'.format(name))
            self.port = int(line)
        except BaseException:  # Ctrl-C too: nobody else knows the child yet
            stop(self.child)
            raise

    def cpu(self):
        """The processor's microseconds that the process has had so far."""
        with open('/proc/{0}/stat'.format(self.child.pid)) as stat:
            # Behind the name, which may have blanks.
            user, system = stat.read().rpartition(')')[2].split()[11:13]
        return 1e6 * (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')

    def send(self, path):
        """A new connection with one request on it; the answer is not read."""
        connection = socket.create_connection(('127.0.0.1', self.port), 5)
        connection.sendall('GET {0} HTTP/1.1\r\nHost: localhost\r\n\r\n'
                           .format(path).encode('ascii'))
        return connection

    def put_workers_to_sleep(self):
        for _worker in range(targets.THREADS):
            self.sleepers.append(self.send(targets.SLEEP))
            # Or a process that is a worker accepts two before it sleeps.
            time.sleep(0.1)

    def answers(self, path, seconds):
        """The whole answer to one request, or None if none came in time."""
        connection = self.send(path)
        connection.settimeout(seconds)
        received = b''
        try:
            while not received.endswith(targets.BODY):
                more = connection.recv(65536)
                if not more:
                    break
                received += more
        except socket.timeout:
            return None
        finally:
            connection.close()
        return received

    def stop(self):
        for connection in self.sleepers:
            connection.close()
        stop(self.child)


if __name__ == '__main__':
    main(sys.argv[1])
