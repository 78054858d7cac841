"""Programs that read zope.conf and serve nothing: nothing of ours runs there.

Such are zconsole, zopectl and bin/instance with run and debug, and adduser.
"""
from __future__ import absolute_import, division, print_function

import json
import os
import subprocess
import sys

import pytest

from tests.functional.harness import SECTION, Instance
from tests.functional.harness.instance import SITE
from tests.functional.harness.on_zserver import NOT_ROOT

CONF = SECTION % 'monitor /-/ Products.ZServerViews.views.monitor' + """
%%import Products.ZServerViews
<zserver-views settings>
    listen 127.0.0.1:0
    hang-dump %(folder)s/hang
    hang-after 5s
    switch-interval 1ms
    check fixture_checks.counted
    check-interval 1s
</zserver-views>
"""

# What zconsole and zopectl do before they run a script.
RUN = """
import sys
try:
    from ZServer.Zope2.Startup.run import configure
except ImportError:
    # There is no ZServer, or it is inside Zope 2.13.
    from Zope2.Startup import run
    configure = getattr(run, 'configure_wsgi', None) or run.configure
conf, script = sys.argv[1:]
del sys.argv[1:]
configure(conf)
import Zope2
app = Zope2.app()
exec(compile(open(script).read(), script, 'exec'))
"""

SCRIPT = """
import json, logging, os, signal, sys, threading, time
import fixture_checks
time.sleep(1.5)
interval = getattr(sys, 'getswitchinterval', lambda: None)
print('FOUND ' + json.dumps({
    'threads': [thread.name for thread in threading.enumerate()],
    'interval': interval(),
    'handlers': [str(signal.getsignal(number)) for number in (
        signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)],
    'handle': logging.Logger.handle.__module__,
    'checked': fixture_checks.calls,
    'files': sorted(os.readlink('/proc/self/fd/' + fd).split(':')[0]
                    for fd in os.listdir('/proc/self/fd')
                    if os.path.exists('/proc/self/fd/' + fd))}))
"""


def run(instance, command):
    script = os.path.join(instance.folder, 'script.py')
    with open(script, 'w') as text:
        text.write(SCRIPT)
    environ = dict(os.environ, PYTHONPATH=os.pathsep.join(
        filter(None, [SITE, os.environ.get('PYTHONPATH', '')])))
    output = subprocess.check_output(
        command + [os.path.join(instance.folder, 'etc', 'zope.conf'), script],
        env=environ, cwd=instance.folder, stderr=subprocess.STDOUT,
        close_fds=True)
    line, = [line for line in output.decode('utf-8').splitlines()
             if line.startswith('FOUND ')]
    return json.loads(line[len('FOUND '):].replace(instance.folder, ''))


COMMANDS = {'child': [sys.executable, '-c', RUN]}
if Instance.name != 'zserver':
    COMMANDS['zconsole'] = [
        sys.executable, '-m', 'Zope2.utilities.zconsole', 'run']
elif os.getuid() == 0:
    # Which Zope 2.13 refuses to be.
    COMMANDS['child'] = NOT_ROOT + COMMANDS['child']


@pytest.mark.parametrize('how', sorted(COMMANDS))
def test_nothing_runs(make_instance, how):
    plain = run(make_instance(''), COMMANDS[how])
    instance = make_instance(CONF.replace('%%', '%'))
    with open(os.path.join(instance.folder, 'etc', 'zope.conf')) as conf:
        text = conf.read().replace('%(folder)s', instance.folder)
    with open(os.path.join(instance.folder, 'etc', 'zope.conf'), 'w') as conf:
        conf.write(text)
    found = run(instance, COMMANDS[how])
    assert found == plain
    assert not os.path.exists(os.path.join(instance.folder, 'hang'))
