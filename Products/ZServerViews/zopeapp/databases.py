"""The readiness check ``zodb``: are the site's databases there?

Only helper threads call this: it may wait for another machine.
"""
from __future__ import absolute_import, division, print_function

# The root of a database; every database has it.
ROOT = b'\0' * 8


def check_databases():
    """None if each open database answers, else a text with the first that
    does not.

    What a storage raises comes through.
    """
    databases = open_databases()
    if not databases:
        return u'no database is open'
    for name in sorted(databases):
        # Only of the class when it has been closed, as at the process's end.
        storage = vars(databases[name]).get('storage')
        reason = u'closed' if storage is None else ask(storage)
        if reason is not None:
            return u'database %s: %s' % (name, reason)
    return None


def open_databases():
    """{name: DB} of those in zope.conf that Zope has opened."""
    from App.config import getConfiguration
    dbtab = getattr(getConfiguration(), 'dbtab', None)
    return {} if dbtab is None else dict(dbtab.databases)


def ask(storage):
    """Why a storage cannot be used, as a text; or None.

    A client of ZEO knows whether it is connected, and is asked for a record's
    history, for which it asks its server. RelStorage asks its database for
    the size, on a connection of its own. A file is there or was never opened.
    """
    is_connected = getattr(storage, 'is_connected', None)
    if is_connected is None:
        storage.getSize()
    elif not is_connected():
        return u'not connected'
    else:
        storage.history(ROOT)
    return None
