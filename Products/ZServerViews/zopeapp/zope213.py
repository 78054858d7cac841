"""Zope 2.13 only: a configuration mistake stops the start there too.

Its product loader logs whatever `initialize` raises and starts the site
without the product. Zope 4 and later let it through.
"""
from __future__ import absolute_import, division, print_function

import logging
import sys

from Products.ZServerViews.runtime.log_records import LOGGER_NAME


def stop_start(error):
    """Have the server end as soon as it has started, with exit code 1.

    Does nothing where an exception does that. The message goes to the
    console; the loader writes it, with a traceback, to the event log. With
    another server than ZServer, as with infrae.wsgi, the process ends here, by
    SystemExit, which the loader does not swallow.
    """
    from App.version_txt import getZopeVersion
    if getZopeVersion()[0] != 2:
        return
    sys.stderr.write('\n%s: %s\n' % (type(error).__name__, error))  # PY2
    if not _is_on_zserver():  # PY2
        logging.getLogger(LOGGER_NAME).error(  # PY2
            'Zope is not started: %s', error)
        raise SystemExit(1)  # PY2
    import Lifetime  # PY2
    Lifetime.shutdown(1, fast=1)  # PY2


def _is_on_zserver():
    """Whether the servers of zope.conf have been made: its loop will run.

    Others read that file too, and leave the factories of servers alone.
    """
    from App.config import getConfiguration  # PY2
    return any(not hasattr(server, 'create')  # PY2
               for server in getConfiguration().servers)  # PY2
