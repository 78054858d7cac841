"""What the tests of `make demo` and of buildout.cfg share."""
from __future__ import absolute_import, division, print_function

import os
import random
import shutil
import socket
import time
from contextlib import closing

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What make, setuptools and buildout leave at the top, beside all that is
# hidden: a fresh clone has none of it.
MADE = ('bin', 'build', 'develop-eggs', 'dist', 'eggs', 'htmlcov', 'parts',
        'var')


# Below those that the system takes for outgoing connections: one of them might
# be in use by the time that a server wants it, or wants it again.
PORTS = range(20000, 32000)


def copy_checkout(target):
    """A copy as a fresh clone would be; its path."""
    def ignored(folder, names):
        if folder == TOP:
            return [name for name in names if name in MADE
                    or name.startswith('.git') or name.endswith('.egg-info')]
        return ['__pycache__'] if '__pycache__' in names else []
    path = os.path.join(str(target), 'checkout')
    shutil.copytree(TOP, path, ignore=ignored)
    return path


def free_port(number=1):
    """A port of 127.0.0.1 that nobody uses at this moment; of so many
    neighbours the first."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        if all(_is_free(port + more) for more in range(number)):
            return port


def _is_free(port):
    with closing(socket.socket()) as probe:
        try:
            probe.bind(('127.0.0.1', port))
        except EnvironmentError:
            return False
        return True


def is_listening(port):
    return is_listening_at(('127.0.0.1', port))


def is_listening_at(address):
    """At a (host, port), or the path of a unix socket."""
    family = (socket.AF_UNIX if isinstance(address, str)
              else socket.AF_INET)
    with closing(socket.socket(family)) as probe:
        return probe.connect_ex(address) == 0


def wait_for(process, log, words, seconds):
    """Read the log until it has these words; its text."""
    end = time.monotonic() + seconds
    while True:
        with open(log, errors='replace') as lines:
            text = lines.read()
        if words in text:
            return text
        assert process.poll() is None, 'it ended:\n' + text
        assert time.monotonic() < end, 'it took too long:\n' + text
        time.sleep(0.1)
