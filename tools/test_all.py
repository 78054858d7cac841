"""`make test`: the environments of tox.ini, as many as there can be.

    JOBS     how many at a time (3: most of them wait for most of the time),
             and the soak beside them
    STRICT   when not empty, an environment without its interpreter or its
             program counts as failed instead of being left out

The last line says how many tests passed and failed in all of them. What each
environment prints goes to a log below `build/`; the log of one that fails is
shown. A few cases that fail are tried once more; who passes then is named.
"""
from __future__ import absolute_import, division, print_function

import sys

from tools import old_python

old_python.refuse()

import configparser
import os
import re
import shutil
import signal
import time

from tools import forky, interpreters, programs
from tools.clean_environ import clean_environ
from tools.environment import Environment
from tools.places import BUILD, CHECKOUT
from tools.runs import LOGS, RESULTS, Run
from tools.words import Complaint, say

LAST = 'coverage'  # It reads what all others have left.
SUMMARY = os.path.join(BUILD, 'summary.txt')
WHEELS = os.path.join(BUILD, 'wheel')
TOX = ['tox>=4.20']
# So many failures of one environment may be a coincidence: most tests watch
# servers in other processes, and other environments run beside. They are tried
# again; those that pass then are counted and named at the end.
FEW = 5

# Of the environments whose names do not say it.
OTHER_VERSIONS = {
    'browser': ['3.11', '3.12', '3.13'],
    'buildout': ['3.11', '3.12', '3.13'],
    'buildout-zserver': ['2.7'],
    'compile27': ['2.7'],
    'haproxy': ['3.11', '3.12', '3.13'],
    'postgresql': ['3.11', '3.12', '3.13'],
    'prometheus': ['3.11', '3.12', '3.13'],
    'recipes': ['3.11', '3.12', '3.13'],
    'servers': ['3.11', '3.12', '3.13'],
    'servers-gunicorn201': ['3.11', '3.12', '3.13'],
    'soak': ['3.11', '3.12', '3.13'],
}

# What they need besides.
FURTHER_VERSIONS = {'soak': ['2.7']}

# They do little all the time: nobody waits until they have ended.
BESIDE = ('soak',)

# What an environment needs beside its interpreter.
PROGRAMS = {'browser': 'chromium', 'haproxy': 'haproxy',
            'postgresql': 'initdb', 'prometheus': 'prometheus',
            'recipes': 'varnishd'}
# ... and of which files one must be there: bjoern is compiled with libev.
HEADERS = {'servers': ('libev', programs.LIBEV)}

# What .coveragerc leaves out when not everything of Python 2.7 has run: its
# lines, and the hooks of servers that are not for Python 3.
ONLY_27 = {
    'UNREACHED_LINES': r'[#].*\bPY2\b',
    'UNREACHED_MODULES': '*/servers/zserver/*.py, */servers/waitress/hook1.py',
}


class Matrix:
    """Starts the runs, tells of each that has ended, and adds them up."""

    def __init__(self, wheel, jobs):
        self.wheel = wheel
        self.jobs = jobs
        self.environ = {}
        self.running = []
        self.passed = self.failed = 0
        self.skipped = []
        self.again = []

    def run(self, names):
        waiting = list(names)
        try:
            while waiting or self.running:
                while waiting and self.has_room_for(waiting[0]):
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

    def has_room_for(self, name):
        return name in BESIDE or self.jobs > sum(
            run.name not in BESIDE for run in self.running)

    def start(self, name, first=None):
        paths = [path for path in map(interpreters.find, versions(name))
                 if path]
        environ = clean_environ(**self.environ)
        command = tox_for(name, paths) + [
            'run', '--installpkg', self.wheel,
            '--skip-missing-interpreters', 'false', '-e', name]
        if needs_27(name) or name in FURTHER_VERSIONS:
            # Not for tox, whose own environment is of another Python.
            environ['PYTHON27'] = interpreters.find('2.7')
        if paths and not needs_27(name):
            command += ['--discover'] + paths
        self.running.append(Run(name, command, environ, first))

    def add(self, run):
        result = run.result()
        if run.first is not None:
            result = self.settle(run, result)
        elif self.is_tried_again(run, result):
            self.try_again(run, result)
            return
        self.passed += result.passed
        self.failed += result.failed
        self.skipped += ['{0}: {1}'.format(run.name, reason)
                         for reason in result.reasons()]
        if result.failed:
            run.show_end()
        say('  {0:<26}{1:<40}{2:>5.0f} s'.format(
            run.name, str(result), run.seconds))

    def is_tried_again(self, run, result):
        return 0 < result.failed <= FEW and result.failed == len(
            run.failed_cases())

    def try_again(self, run, result):
        run.show_end()
        say('  {0:<26}{1}: tried again'.format(run.name, result))
        # Else it would count once more if there is none of the second attempt.
        os.remove(run.report)
        self.start(run.name, (result, run.failed_cases()))

    def settle(self, run, second):
        """The Result of both attempts; the cases that passed are noted."""
        result, cases = run.first
        failed = run.failed_cases()
        self.again += ['{0}: {1}'.format(run.name, case)
                       for case in cases if case not in failed]
        result.settle(second)
        return result


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
    for wanted in versions(name), FURTHER_VERSIONS.get(name):
        if wanted and not any(map(is_there, wanted)):
            return 'Python ' + ' or '.join(wanted)
    program = PROGRAMS.get(name)
    if program and not programs.find(program):
        return program
    library, headers = HEADERS.get(name, ('', []))
    return '' if any(map(os.path.exists, headers)) else library


def is_there(version):
    return interpreters.find(version) or forky.has(version)


def needs_27(name):
    return versions(name) == ['2.7']


def forget_earlier_results():
    if os.path.exists(SUMMARY):
        os.remove(SUMMARY)
    for folder in (LOGS, RESULTS, os.path.join(BUILD, 'coverage')):
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)


def tox_for(name, paths):
    """The command; that of forky where no Python outside is the right one."""
    if versions(name) and not paths:
        return forky.inside([made(forky_tox()).script('tox')])
    return [made(own_tox()).script('tox')]


def own_tox():
    return Environment(os.path.join(BUILD, 'tox'), TOX,
                       log=os.path.join(LOGS, 'tox.log'))


def forky_tox():
    return forky.ForkyEnvironment(os.path.join(BUILD, 'tox-forky'), TOX,
                                  log=os.path.join(LOGS, 'tox-forky.log'))


def made(environment):
    if not environment.is_ready():
        environment.make()
    return environment


def tell_missing(missing, strict):
    for name, lacking in missing.items():
        say('  {0:<26}{1}: {2} was not found{3}'.format(
            name, 'FAILED' if strict else 'LEFT OUT', lacking, advice(name)))


def advice(name):
    if set(versions(name)) & set(forky.VERSIONS):
        return ' (as root on Debian, python3 -m tools.forky fetches it)'
    return ''


def test_all(jobs, strict):
    forget_earlier_results()
    matrix = Matrix(made(own_tox()).wheel(WHEELS), jobs)
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
    for case in matrix.again:
        say('  passed at the second attempt only: ' + case)
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
    # A shell that runs this in its background ignores SIGINT, all children
    # would inherit that, and no test could end a server as Ctrl-C does.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
