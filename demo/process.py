"""The server as a child process, ended together with the demo."""
from __future__ import absolute_import, division, print_function

import os
import signal
import socket
import subprocess
import time

from demo.client import HOST, get
from tools.words import Complaint, tail

STARTING = 60.0
ENDING = 10.0


class Stopped(BaseException):
    """Somebody asked the demo to end: Ctrl-C, or a signal to its process."""


def stop_on_signals():
    def stop(number, frame):
        raise Stopped(number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def ignore_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def check_port(port):
    """Before anything is made: the server's own complaint comes late."""
    with socket.socket() as probe:
        # As the server does: what an ended connection left is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as failure:
            raise Complaint('Port {0} of {1} cannot be used ({2}); choose '
                            'another: make demo PORT=9999'.format(
                                port, HOST, failure.strerror))


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


class Process:

    def __init__(self, instance, log):
        self.instance = instance
        self.log = log
        self.child = None

    def start(self):
        with open(self.log, 'w') as log:
            # In a group of its own, so that Ctrl-C reaches the demo alone
            # and the server ends when the demo says so.
            self.child = subprocess.Popen(
                self.instance.command(), env=self.instance.environ(),
                cwd=self.instance.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self.wait_until_ready()

    def wait_until_ready(self):
        ends = time.monotonic() + STARTING
        while not self.is_ready():
            if self.child.poll() is not None:
                raise self.complaint('The server ended.')
            if time.monotonic() > ends:
                raise self.complaint('The server does not answer.')
            time.sleep(0.1)

    def is_ready(self):
        return (get(self.instance.port, '/', timeout=5).answered
                and is_listening(self.instance.views_port))

    def complaint(self, words):
        return Complaint('{0} Its last words:\n{1}'.format(
            words, tail(self.log)))

    def count(self, words):
        """How often the server's log says these words."""
        with open(self.log, encoding='utf-8', errors='replace') as log:
            return log.read().count(words)

    def wait(self):
        """Until the server ends by itself, which it should not."""
        self.child.wait()
        raise self.complaint('The server ended.')

    def stop(self):
        if self.child is None:
            return
        self.child.terminate()
        self.instance.wake()
        try:
            self.child.wait(ENDING)
        except subprocess.TimeoutExpired:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
