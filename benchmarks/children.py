"""Child processes: each is bounded in time and ended by its own pid."""
from __future__ import absolute_import, division, print_function

import os
import signal
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENDING = 5.0


class Failed(Exception):
    """A child did not do what it was started for."""


def module(name, *arguments):
    """The command that runs one of our own modules in this Python."""
    return [sys.executable, '-m', 'benchmarks.' + name] + [
        str(argument) for argument in arguments]


def shown(command):
    """A command as somebody would type it at the checkout's top."""
    return ' '.join('python' if word == sys.executable else word
                    for word in command)


def environ():
    """Children take the product from this checkout, installed or not."""
    return dict(os.environ, PYTHONPATH=TOP)


def start(command, seconds, **options):
    """A Popen that the kernel ends after so many seconds at the latest."""

    def bound():
        # An alarm outlives exec: it holds for programs that are not ours,
        # and also when this process is killed and can end nothing.
        signal.alarm(int(seconds) + 1)

    options.setdefault('env', environ())
    options.setdefault('cwd', TOP)
    options.setdefault('stdin', subprocess.DEVNULL)
    # Away from the terminal: Ctrl-C reaches only this process, which then ends
    # its children one by one.
    return subprocess.Popen(command, preexec_fn=bound, start_new_session=True,
                            **options)


def output(command, seconds, text=None, **options):
    """Run to the end; (stdout, stderr), or Failed with what they say."""
    if text is not None:
        options['stdin'] = subprocess.PIPE
    child = start(command, seconds, stdout=subprocess.PIPE,
                  stderr=subprocess.PIPE, universal_newlines=True, **options)
    try:
        found, complaint = child.communicate(text)
    finally:
        stop(child)
    if child.returncode:
        raise Failed('{0} ended with {1}:\n{2}'.format(
            shown(command), child.returncode, (found + complaint)[-2000:]))
    return found, complaint


def stop(child):
    """End this child and wait for it."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(ENDING)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(ENDING)
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
