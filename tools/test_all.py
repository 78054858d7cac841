"""`make test`: the environments of tox.ini, as many as there can be.

    JOBS     how many at a time (3: most of them wait for most of the time)
    STRICT   when not empty, an environment without its interpreter or its
             program counts as failed instead of being left out

The last line says how many tests passed and failed in all of them. What each
environment prints goes to a log below `build/`; the log of one that fails is
shown.
"""
from __future__ import absolute_import, division, print_function

import sys

from tools import old_python

old_python.refuse()

import configparser
import glob
import os
import re
import shutil
import signal
import subprocess
import time

from tools import interpreters, programs
from tools.environment import BUILD, CHECKOUT, Environment
from tools.results import Result
from tools.words import Complaint, say, tail

LIMIT = 20 * 60
ENDING = 60
LAST = 'coverage'  # It reads what all others have left.
LOGS = os.path.join(BUILD, 'logs')
RESULTS = os.path.join(BUILD, 'results')
SUMMARY = os.path.join(BUILD, 'summary.txt')
WHEELS = os.path.join(BUILD, 'wheel')
SHOWN = 200

# Of the environments whose names do not say it.
OTHER_VERSIONS = {
    'buildout': ['3.11', '3.12', '3.13'],
    'buildout-zserver': ['2.7'],
    'compile27': ['2.7'],
    'haproxy': ['3.11', '3.12', '3.13'],
}

# What an environment needs beside its interpreter.
PROGRAMS = {'haproxy': 'haproxy'}

# What .coveragerc leaves out when not everything of Python 2.7 has run: its
# lines, and the hooks of servers that are not for Python 3.
ONLY_27 = {
    'UNREACHED_LINES': r'[#].*\bPY2\b',
    'UNREACHED_MODULES': '*/hooks/medusa*.py, */hooks/wasyncore1.py',
}


class Run:
    """One environment of tox.ini, in a process of its own."""

    def __init__(self, name, command, environ):
        self.name = name
        self.log = os.path.join(LOGS, name + '.log')
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
        report = os.path.join(RESULTS, self.name + '.xml')
        return Result(self.process.returncode, report)


class Matrix:
    """Starts the runs, tells of each that has ended, and adds them up."""

    def __init__(self, command, jobs):
        self.command = command
        self.jobs = jobs
        self.environ = {}
        self.running = []
        self.passed = self.failed = 0
        self.skipped = []

    def run(self, names):
        waiting = list(names)
        try:
            while waiting or self.running:
                while waiting and len(self.running) < self.jobs:
                    self.start(waiting.pop(0))
                time.sleep(0.1)
                for run in [run for run in self.running if run.has_ended()]:
                    self.running.remove(run)
                    self.add(run)
        finally:
            for run in self.running:
                run.interrupt()
            for run in self.running:
                run.stop()

    def start(self, name):
        paths = [path for path in map(interpreters.find, versions(name))
                 if path]
        environ = dict(os.environ, **self.environ)
        command = self.command + ['-e', name]
        if needs_27(name):
            # Not for tox, whose own environment is of another Python.
            environ['PYTHON27'] = paths[0]
        elif paths:
            command += ['--discover'] + paths
        self.running.append(Run(name, command, environ))

    def add(self, run):
        result = run.result()
        self.passed += result.passed
        self.failed += result.failed
        self.skipped += ['{0}: {1}'.format(run.name, reason)
                         for reason in result.reasons()]
        if result.failed:
            say('\n----- {0}, the end of {1}\n{2}\n-----\n'.format(
                run.name, run.log, tail(run.log, SHOWN)))
        say('  {0:<26}{1:<40}{2:>5.0f} s'.format(
            run.name, str(result), run.seconds))


def environments():
    """The names in tox.ini, in its order."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(os.path.join(CHECKOUT, 'tox.ini'))
    return parser['tox']['env_list'].split()


def versions(name):
    """The Pythons that an environment accepts; none means any."""
    match = re.match(r'py(?:thon)?(\d)(\d+)-', name)
    if match:
        return ['{0}.{1}'.format(*match.groups())]
    return OTHER_VERSIONS.get(name, [])


def lack(name):
    """What this machine lacks for the environment; empty if nothing."""
    wanted = versions(name)
    if wanted and not any(map(interpreters.find, wanted)):
        return 'Python ' + ' or '.join(wanted)
    program = PROGRAMS.get(name)
    return program if program and not programs.find(program) else ''


def needs_27(name):
    return versions(name) == ['2.7']


def forget_earlier_results():
    if os.path.exists(SUMMARY):
        os.remove(SUMMARY)
    for folder in (LOGS, RESULTS, WHEELS, os.path.join(BUILD, 'coverage')):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)


def prepare():
    """The command that runs tox, with one wheel for all environments."""
    environment = Environment(os.path.join(BUILD, 'tox'), ['tox>=4.20'],
                              log=os.path.join(LOGS, 'tox.log'))
    if not environment.is_ready():
        environment.make()
    environment.pip_checkout('wheel', '--no-deps', '--wheel-dir', WHEELS)
    wheel, = glob.glob(os.path.join(WHEELS, '*.whl'))
    return [environment.script('tox'), 'run', '--installpkg', wheel,
            '--skip-missing-interpreters', 'false']


def tell_missing(missing, strict):
    for name, lacking in missing.items():
        say('  {0:<26}{1}: {2} was not found'.format(
            name, 'FAILED' if strict else 'LEFT OUT', lacking))


def test_all(jobs, strict):
    forget_earlier_results()
    matrix = Matrix(prepare(), jobs)
    names = environments()
    lacking = {name: lack(name) for name in names}
    missing = {name: lacks for name, lacks in lacking.items() if lacks}
    if any(map(needs_27, missing)):
        matrix.environ.update(ONLY_27)
    matrix.run([name for name in names
                if name not in missing and name != LAST])
    matrix.run([LAST])
    for reason in matrix.skipped:
        say('  skipped in ' + reason)
    tell_missing(missing, strict)
    failed = matrix.failed + (len(missing) if strict else 0)
    return summary(matrix.passed, failed)


def summary(passed, failed):
    """The exit code; the last line is kept for who adds words after it."""
    words = '{0} passed, {1} failed'.format(passed, failed)
    say(words)
    with open(SUMMARY, 'w') as last:
        last.write(words + '\n')
    return 1 if failed else 0


def interrupt(number, frame):
    raise KeyboardInterrupt


def main():
    signal.signal(signal.SIGTERM, interrupt)
    try:
        return test_all(int(os.environ.get('JOBS') or 3),
                        bool(os.environ.get('STRICT')))
    except Complaint as error:
        say(str(error))
        return summary(0, 1)
    except KeyboardInterrupt:
        say('Stopped.')
        return 1


if __name__ == '__main__':
    sys.exit(main())
