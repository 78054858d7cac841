"""One environment of tox.ini that runs, with its log and its results."""
from __future__ import absolute_import, division, print_function

import os
import signal
import subprocess
import time

from tools.places import BUILD, CHECKOUT
from tools.results import Result
from tools.words import say, tail

LIMIT = 40 * 60
ENDING = 60
LOGS = os.path.join(BUILD, 'logs')
RESULTS = os.path.join(BUILD, 'results')
SHOWN = 200


class Run:
    """One environment of tox.ini, in a process of its own."""

    def __init__(self, name, command, environ, first=None):
        self.name = name
        self.first = first  # (Result, cases) of an attempt before
        self.log = os.path.join(
            LOGS, name + ('.log' if first is None else '.again.log'))
        self.report = os.path.join(RESULTS, name + '.xml')
        self.started = time.monotonic()
        with open(self.log, 'w') as log:
            self.process = subprocess.Popen(
                command, cwd=CHECKOUT, env=environ, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    @property
    def seconds(self):
        return time.monotonic() - self.started

    def has_ended(self):
        if self.process.poll() is None and self.seconds > LIMIT:
            self.stop()
        return self.process.poll() is not None

    def interrupt(self):
        """As Ctrl-C: tox interrupts its command, which ends its servers."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def stop(self):
        """What does not end by itself is killed."""
        self.interrupt()
        try:
            self.process.wait(ENDING)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def result(self):
        return Result(self.process.returncode, self.report)

    def failed_cases(self):
        """Those that were told by name."""
        path = os.path.join(RESULTS, self.name + '.failed')
        if not os.path.exists(path):
            return []
        with open(path, encoding='utf-8') as lines:
            return lines.read().splitlines()

    def show_end(self):
        """Print the last lines of the log."""
        say('\n----- {0}, the end of {1}\n{2}\n-----\n'.format(
            self.name, self.log, tail(self.log, SHOWN)))
