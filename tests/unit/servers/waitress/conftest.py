"""Which of these tests the installed waitress can run."""
from __future__ import absolute_import, division, print_function

import pytest
from waitress.channel import HTTPChannel

from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.servers.waitress.hook1 import OldWaitressHook
from tests.unit.waitress_dummies import World

# Those of `hook`, for waitress 2 and newer, work with its channel. Python 2.7
# has waitress 1, whose channel is served by `hook1`.
if not hasattr(HTTPChannel, 'send_continue'):
    collect_ignore = [
        'test_%s.py' % name for name in (
            'admission', 'answering', 'connection', 'cost', 'entries',
            'environ', 'hook', 'known_heads', 'listener', 'loop', 'offloaded',
            'seams', 'sending', 'shutdown', 'targets')]


@pytest.fixture
def recorded():
    """A world with a recorder, whose hook is that of this waitress."""
    made = World()
    if OldWaitressHook(None, None).unusable() is None:
        made.hook = OldWaitressHook(made.table, made.site)
    made.site.table = made.table
    made.site.recorder = Recorder()
    made.hook.install()
    made.mount('/view', lambda environ, start_response: (
        start_response('200 OK', [('Content-Length', '4')]), [b'view'])[1])
    yield made
    made.hook.uninstall()
