"""A real Zope for part 2: made by mkwsgiinstance, started by runwsgi."""
from __future__ import absolute_import, division, print_function

import configparser
import contextlib
import os
import re
import shutil
import sys
import tempfile
import time

from . import targets
from .children import Failed, output, shown, start, stop

SECTION = """
<product-config zserver-views>
    text %s benchmarks.targets.text_view
</product-config>
""" % targets.PATH
PAGE = """
<configure xmlns="http://namespaces.zope.org/browser">
  <page
      name="sleep"
      for="OFS.interfaces.IApplication"
      class="benchmarks.sleeper.Sleep"
      permission="zope2.Public"
      />
</configure>
"""
STARTING = 60
SERVING = r'Serving on http://127\.0\.0\.1:(\d+)'


def script(name):
    """A console script of the environment that runs the benchmark."""
    path = os.path.join(os.path.dirname(sys.executable), name)
    if not os.path.exists(path):
        raise Failed('{0} is missing: install Zope[wsgi] into the '
                     'environment of {1}'.format(path, sys.executable))
    return path


def listen_anywhere(ini):
    """A free port, and as many threads as the other parts have."""
    # Interpolated values must come out as they went in.
    parser = configparser.RawConfigParser()
    parser.optionxform = str
    parser.read(ini)
    server = parser['server:main']
    server['host'] = '127.0.0.1'
    server['port'] = '0'
    server['threads'] = str(targets.THREADS)
    with open(ini, 'w') as changed:
        parser.write(changed)


class Zope(object):
    """Use as a context: it is made, started, ended and removed.

    Unless ``started``, another process runs it. ``section`` is the end of its
    zope.conf.
    """

    def __init__(self, seconds, started=True, section=SECTION):
        self.seconds = seconds
        self.started = started
        self.section = section
        self.folder = None
        self.child = None
        self.port = None

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='zserverviews-bench-')
        with contextlib.ExitStack() as unless_it_starts:
            unless_it_starts.push(self)
            self.make()
            if self.started:
                self.start()
            unless_it_starts.pop_all()
        return self

    def __exit__(self, *exc_info):
        if self.child is not None:
            stop(self.child)
        shutil.rmtree(self.folder, ignore_errors=True)

    def make(self):
        output([script('mkwsgiinstance'), '-d', self.folder,
                '-u', 'admin:admin'], 60)
        includes = self.path('etc', 'package-includes')
        os.makedirs(includes, exist_ok=True)
        with open(os.path.join(includes, 'bench-configure.zcml'), 'w') as page:
            page.write(PAGE)
        with open(self.path('etc', 'zope.conf'), 'a') as configuration:
            configuration.write(self.section)
        listen_anywhere(self.path('etc', 'zope.ini'))

    def command(self):
        return [script('runwsgi'), self.path('etc', 'zope.ini')]

    def described(self):
        return shown(['runwsgi', '{instance}/etc/zope.ini'])

    def start(self):
        with open(self.path('console.log'), 'w') as console:
            self.child = start(
                self.command(), self.seconds, stdout=console, stderr=console,
                cwd=self.folder)
        self.port = int(self.wait_for(SERVING, STARTING)[0])

    def events(self):
        """The event log: Zope's own file, in which waitress writes too."""
        try:
            with open(self.path('var', 'log', 'event.log')) as events:
                return events.read()
        except FileNotFoundError:
            return ''

    def complaint(self):
        with open(self.path('console.log')) as console:
            return console.read()[-2000:]

    def wait_for(self, pattern, seconds, times=1):
        """Until the event log has this, so often; what was found there."""
        ends = time.time() + seconds
        found = []
        while len(found) < times:
            if self.child.poll() is not None or time.time() > ends:
                raise Failed('Zope did not come to {0!r}:\n{1}'.format(
                    pattern, self.complaint()))
            time.sleep(0.05)
            found = re.findall(pattern, self.events())
        return found
