"""One run of waitress's tests: pytest in a child, bounded in time."""
from __future__ import absolute_import, division, print_function

import io
import json
import os
import shutil
import signal
import subprocess
import sys

RUN_SECONDS = 300
# Longer than any test of the suite; then the stacks go to the output, which
# tell where a run hangs that will be ended later.
STACKS_SECONDS = 60
HERE = os.path.dirname(os.path.abspath(__file__))
INSIDE = os.path.join(HERE, 'child')
PROOF_FILE = 'in_force.py'
RECORD_VARIABLE = 'ZSERVERVIEWS_SUITE_RECORD'
# Whether the hook looks heads up that came before: on or off.
HEADS_VARIABLE = 'ZSV_KNOWN_HEADS'


class RunError(Exception):
    """A run gave no result at all."""


class Run(object):
    """What one run left: exit code, output, and its record."""

    def __init__(self, code, output, record):
        self.code = code
        self.output = output
        self.outcomes = record['outcomes']
        self.reasons = record['reasons']
        self.channel_classes = record['channel_classes']
        self.collected_from = record['collected_from']

    def closing_line(self):
        return self.output.rstrip().rsplit('\n', 1)[-1]


def stage(folder):
    """Copy what is loaded inside pytest out of this package; its new place.

    Where it lies here pytest would want to import the packages around it,
    one of which is called as the archive's is.
    """
    target = os.path.join(folder, 'child')
    shutil.copytree(INSIDE, target,
                    ignore=shutil.ignore_patterns('__pycache__'))
    return target


def environment(inside, record, knows_heads):
    """The child's environment: ours, without what would steer pytest."""
    steering = ('PYTEST_ADDOPTS', 'PYTEST_PLUGINS', 'PYTHONSAFEPATH')
    env = dict((name, value) for name, value in os.environ.items()
               if name not in steering)
    # Plugins that happen to be installed (coverage, random order, parallel
    # runs) would make the two runs incomparable.
    env['PYTEST_DISABLE_PLUGIN_AUTOLOAD'] = '1'
    env['PYTHONPATH'] = os.pathsep.join(
        filter(None, [inside, env.get('PYTHONPATH')]))
    env[RECORD_VARIABLE] = record
    env[HEADS_VARIABLE] = 'on' if knows_heads else 'off'
    return env


def command(tree, inside, hooked):
    """Waitress's own pytest settings, less the options for its coverage."""
    plugins = ['-p', 'no:cacheprovider', '-p', 'zserverviews_record']
    if hooked:
        plugins += ['-p', 'zserverviews_hooked']
    return [sys.executable, '-m', 'pytest'] + plugins + [
        '-c', os.path.join(tree, 'setup.cfg'),
        '--rootdir', os.path.dirname(tree),
        '-o', 'addopts=', '-W', 'always', '--noconftest', '-r', 'fE',
        '-o', 'faulthandler_timeout={}'.format(STACKS_SECONDS),
        os.path.join(tree, 'tests'), os.path.join(inside, PROOF_FILE)]


def run(tree, inside, hooked, knows_heads=True):
    """Run the tests of `tree` in a child, and read what they left."""
    name = 'hooked' if hooked else 'control'
    if not knows_heads:
        name += '-unknown'
    record, log = [os.path.join(os.path.dirname(tree), name + suffix)
                   for suffix in ('.json', '.log')]
    with open(log, 'wb') as out:
        code = bounded(command(tree, inside, hooked), tree,
                       environment(inside, record, knows_heads), out)
    with io.open(log, encoding='utf-8', errors='replace') as text:
        output = text.read()
    if code is None:
        raise RunError('{}\nthe {} run did not end within {} s'.format(
            output, name, RUN_SECONDS))
    if not os.path.exists(record):
        raise RunError('{}\nthe {} run left no record, exit code {}'.format(
            output, name, code))
    with io.open(record, encoding='utf-8') as text:
        return Run(code, output, json.load(text))


def bounded(arguments, folder, env, out):
    """The exit code, or None if time was up.

    The child leads a process group of its own, so that the servers which its
    tests fork end with it.
    """
    child = subprocess.Popen(
        arguments, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out,
        stderr=subprocess.STDOUT, start_new_session=True)
    try:
        return child.wait(timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    finally:
        end_group(child)


def end_group(child):
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # the usual case: nothing of it is left
    child.wait()
