"""Which of these tests the installed waitress can run."""
from __future__ import absolute_import, division, print_function

from waitress.channel import HTTPChannel

# Those of `hook`, for waitress 2 and newer, work with its channel. Python 2.7
# has waitress 1, whose channel is served by `hook1`.
if not hasattr(HTTPChannel, 'send_continue'):
    collect_ignore = [
        'test_%s.py' % name for name in (
            'admission', 'answering', 'connection', 'cost', 'entries',
            'environ', 'hook', 'listener', 'loop', 'offloaded', 'seams', 'sending',
            'shutdown', 'targets')]
