"""Views that do what `zserverviews check` looks for."""
from __future__ import absolute_import, division, print_function

import logging
import time

from Products.ZServerViews.base import TextView


@TextView
def sleeps(environ):
    time.sleep(0.3)
    return u'slept'


@TextView
def logs(environ):
    logging.getLogger('mysite').warning('on purpose')
    return u'logged'


@TextView
def imports(environ):
    import fixture_imported
    return u'imported %s' % fixture_imported.__name__


@TextView
def hangs(environ):
    time.sleep(60)
    return u'awake'


@TextView
def much(environ):
    return u'x' * (2 << 20)


@TextView
def fails(environ):
    raise RuntimeError('on purpose')


@TextView
def takes_log_locks(environ):
    for handler in logging.getLogger().handlers:
        handler.flush()  # of a StreamHandler: with its lock
    return u'flushed'
