"""The instances of a soak: one of each server, with everything mounted."""
from __future__ import absolute_import, division, print_function

import contextlib
import os
import shutil
import tempfile
import time

from tests.checkout import free_port
from tests.functional.client import Connection
from tests.functional.harness.on_waitress import WaitressInstance
from tests.functional.harness.on_zserver import ZServerInstance
from tests.functional.test_access import write_token
from tests.functional.test_listener import with_settings

# Of connections: more than all clients need, few enough to be exceeded.
LIMIT = 100
PATIENCE = 60

VIEWS = ('<view monitor>', 'path /-/',
         'name Products.ZServerViews.views.monitor', '</view>',
         '<view soak>', 'path /soak/', 'name fixture_soak.suite', '</view>')
SETTINGS = '''
listen 127.0.0.1:{port}
token-file {folder}/token
hang-dump {folder}/hang.dump
check zodb
check fixture_checks.mine
check-interval 1s
check-timeout 30s
ready-max-wait 60s
ready-max-queue 1000
'''


class ZServerBeside(ZServerInstance):
    """Run by a Python 2.7 of its own."""

    environment = None

    @classmethod
    def prepare(cls):
        # Not above: it is for Python 3 alone.
        from tools.python27 import Soaked
        cls.environment = Soaked('soak')
        if not cls.environment.is_ready():
            cls.environment.make()
        cls.environment.install_product()

    def script(self, name):
        return self.environment.script(name)


KINDS = {'waitress': WaitressInstance, 'zserver': ZServerBeside}


def prepare(kinds):
    """What takes minutes, when it is for the first time."""
    if 'zserver' in kinds:
        ZServerBeside.prepare()


class Site(object):
    """A running instance of this kind, and what clients must know of it."""

    def __init__(self, kind):
        self.folder = tempfile.mkdtemp(prefix='zsv-')
        self.listener = '127.0.0.1', free_port()
        write_token(self.path('token'))
        settings = SETTINGS.format(folder=self.folder, port=self.listener[1])
        environ = {'CHECKS': self.folder, 'PYTHONDONTWRITEBYTECODE': '1'}
        self.instance = KINDS[kind](
            with_settings(*tuple(settings.split('\n')) + VIEWS),
            environ=environ, **KINDS[kind].limited_to(LIMIT))
        self.is_zserver = kind == 'zserver'
        self.disturbances = Disturbances()

    def start(self):
        self.instance.start()
        self.wait_until(self.listens)

    def path(self, name):
        return os.path.join(self.folder, name)

    def connect(self):
        return self.instance.connect(PATIENCE)

    def connect_to_listener(self):
        return Connection(self.listener, PATIENCE)

    def get(self, target, **kw):
        with self.connect() as connection:
            return connection.get(target, **kw)

    def listens(self):
        """Its own listener comes and goes with the views."""
        try:
            with self.connect_to_listener() as connection:
                return connection.get('/v/hello').code == 200
        except (EOFError, EnvironmentError):
            return False

    def wait_until(self, condition):
        end = time.time() + PATIENCE
        while not condition():
            assert time.time() < end, 'still not: %r' % (condition,)
            time.sleep(0.05)

    def processes(self):
        """Those that have been started for it, whoever's children they are."""
        mark = ('CHECKS=' + self.folder).encode('ascii')
        return [pid for pid in os.listdir('/proc') if pid.isdigit()
                and mark in content('/proc/%s/environ' % pid).split(b'\0')]

    def stop(self):
        self.instance.stop()
        shutil.rmtree(self.folder)


def content(path):
    """Empty for a process that has ended, or is somebody else's."""
    try:
        with open(path, 'rb') as opened:
            return opened.read()
    except EnvironmentError:
        return b''


class Fallback(Exception):
    """The event loop was late: the fallback responder has answered."""


class Disturbances(object):
    """When something was done to the site that clients may notice.

    While views are gone any answer may be another one. While there are more
    connections than the limit allows the idle ones are closed, and while the
    site is drained each behind its answer. On a busy machine the fallback
    responder may answer. Nothing excuses a client that waits in vain.
    """

    CLOSED = EOFError, ConnectionError
    EXCUSED = {'gone': Exception, 'full': CLOSED, 'drained': CLOSED}

    def __init__(self):
        self._changes = dict.fromkeys(self.EXCUSED, 0)

    @contextlib.contextmanager
    def lasting(self, kind):
        # Odd while it lasts. One thread of a site does such things.
        self._changes[kind] += 1
        try:
            yield
        finally:
            self._changes[kind] += 1

    def mark(self):
        return dict(self._changes)

    def excuse(self, error, mark):
        """Whether one of them has lasted at any time since the mark."""
        if isinstance(error, Fallback):
            return True
        return not isinstance(error, TimeoutError) and any(
            isinstance(error, excused)
            and (mark[kind] % 2 or mark[kind] != self._changes[kind])
            for kind, excused in self.EXCUSED.items())
