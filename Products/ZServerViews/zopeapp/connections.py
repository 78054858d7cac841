"""The connections of a database, read while its lock may be held for long.

`DB.open` makes a connection inside the lock of the database, and a storage that
hangs there hangs with it. So no method of ZODB is called here, and no lock is
taken: all are plain attributes, each read in one step of the interpreter. No
object of the database is looked at.
"""
from __future__ import absolute_import, division, print_function

import time

# What ZODB says where no limit of bytes is set.
NO_LIMIT = 0


def pool_of(db):
    """{'limit', 'connections', 'open', 'idle', ...}, for JSON, and its members.

    (document, [connection]); any thread, never waits. The connections are as
    many as there are, in no order.
    """
    pool = db.pool
    members = all_of(pool)
    opened = [connection for connection in members
              if connection.opened is not None]
    return {'limit': pool_size(pool), 'connections': len(members),
            'open': len(opened), 'idle': len(members) - len(opened),
            'historical': historical(db)}, members


def pool_size(pool):
    """The limit above which ZODB warns."""
    return getattr(pool, '_size', None)


def historical(db):
    """How many connections there are to states of the past."""
    pools = getattr(db.historical_pool, 'pools', {})
    return sum(len(members(pool.all)) for pool in list(pools.values()))


def all_of(pool):
    return members(pool.all)


def members(weak):
    """The living members of a weak set: of Python's own, or of ZODB3's.

    ``list(weak)`` would raise while another thread adds one.
    """
    data = weak.data
    references = (data.valuerefs() if hasattr(data, 'valuerefs')
                  else list(data))
    found = [reference() for reference in references]
    return [member for member in found if member is not None]


def together(connection):
    """The connection, and those to other databases that belong to it: from their
    second time on they are opened with it, and by no `DB.open`."""
    found = dict(getattr(connection, 'connections', None) or ()).values()
    return [connection] + [one for one in found if one is not connection]


def open_seconds(connection, now=time.time):
    """Since when a connection is open; None while it is not."""
    opened = connection.opened
    return None if opened is None else max(0.0, now() - opened)


def cache_of(connection):
    """What a connection's cache holds and should hold, for JSON."""
    cache = connection._cache
    return {'objects': cache.cache_non_ghost_count,
            'ghosts': max(0, len(cache) - cache.cache_non_ghost_count),
            'bytes': cache.total_estimated_size,
            'target_objects': cache.cache_size,
            'target_bytes': cache.cache_size_bytes or None}
