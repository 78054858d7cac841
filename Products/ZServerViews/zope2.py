"""Zope 2.13 only: a configuration mistake stops the start there too.

Its product loader logs whatever `initialize` raises and starts the site
without the product. Zope 4 and later let it through.
"""
from __future__ import absolute_import, division, print_function

import sys


def stop_start(error):
    """Have the server end as soon as it has started, with exit code 1.

    Does nothing where an exception does that. The message goes to the
    console; the loader writes it, with a traceback, to the event log.
    """
    from App.version_txt import getZopeVersion
    if getZopeVersion()[0] != 2:
        return
    import Lifetime  # PY2
    sys.stderr.write('\n%s: %s\n' % (type(error).__name__, error))  # PY2
    Lifetime.shutdown(1, fast=1)  # PY2
