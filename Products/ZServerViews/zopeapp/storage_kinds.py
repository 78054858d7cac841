"""What kind of storage a database has, and what it says of itself at once.

Nothing is called that takes a lock or asks somebody else: all are plain
attributes, of which a storage has some or none. They are looked for by name:
neither ZEO nor RelStorage need be there.
"""
from __future__ import absolute_import, division, print_function

import re

from Products.ZServerViews.format.text import clean, text

# How much is kept of a name, in characters.
LONGEST = 200

# The attributes by which a storage wraps others.
INNER = ('base', 'changes')
DEEPEST = 4

# RelStorage makes its name of how it connects, and leaves out a password only
# where that is a word of its own.
_TOLD_OF_DSN = re.compile(
    u'\\b(?:dbname|host|hostaddr|port|service|user)=[^\\s\'"]+')
_PASSWORD = re.compile(u'\\b(pass[a-z]*=)(?:\'[^\']*\'|"[^"]*"|\\S+)')


def document(storage, members=()):
    """For JSON; ``members`` are the connections of the database.

    Never raises: of a storage of somebody else's making only the kind may be
    known. ``storage`` is None when the database has been closed.
    """
    found = {'kind': None if storage is None else type(storage).__name__,
             'name': None, 'inner': [], 'blobs': None, 'zeo': None,
             'relstorage': None}
    try:
        if storage is not None:
            found.update(_of(storage, members))
    except Exception:
        pass
    return found


def _of(storage, members):
    return {'name': name_of(storage),
            'inner': [type(one).__name__ for one in all_of(storage)[1:]],
            'blobs': blobs(storage),
            'zeo': first(zeo, storage),
            'relstorage': first(lambda one: relstorage(one, members),
                                storage)}


def syncs(storage):
    """Whether its `sync` asks anybody.

    What ZODB 5 puts around a storage, for each connection, always has that.
    """
    if type(storage).__module__ != 'ZODB.mvccadapter':
        return True
    return callable(getattr(getattr(storage, '_storage', None), 'sync', None))


def name_of(storage):
    """What it is called: of a file its path; None if that is not known."""
    name = getattr(storage, '__name__', None)
    return None if name is None else clean(without_password(text(name)),
                                           LONGEST)


def without_password(name):
    """A name of a storage, of whose ``dsn`` only what can be no secret stays.
    """
    before, dsn, after = name.partition(u'dsn=')
    return _PASSWORD.sub(u'\\1...', before) + dsn + u' '.join(
        _TOLD_OF_DSN.findall(after))


def all_of(storage, depth=DEEPEST):
    """The storage and those that it wraps, the outermost first."""
    found = [storage]
    for name in INNER if depth else ():
        inner = getattr(storage, name, None)
        if inner is not None and hasattr(inner, 'tpc_vote'):
            found += all_of(inner, depth - 1)
    return found


def first(tell, storage):
    """What the first of `all_of` has to tell that is not None."""
    for one in all_of(storage):
        found = tell(one)
        if found is not None:
            return found
    return None


def is_packing(storage):
    """Whether a file is packed at this moment, whoever has asked for it."""
    return storage is not None and any(
        bool(getattr(one, '_pack_is_in_progress', False))
        for one in all_of(storage))


def blobs(storage):
    """Where the files of blobs are, or None."""
    for one in all_of(storage):
        helper = getattr(one, 'fshelper', None)
        folder = (getattr(helper, 'base_dir', None)
                  or getattr(getattr(one, '_options', None), 'blob_dir', None))
        if folder:
            return clean(folder, LONGEST)
    return None


def client(storage):
    """The client of ZEO that a storage is, or wraps; or None."""
    return None if storage is None else first(
        lambda one: one if hasattr(one, '_server_addr') else None, storage)


def is_relational(storage):
    """Whether it is RelStorage, or wraps one."""
    return first(lambda one: getattr(one, '_store_connection_pool', None),
                 storage) is not None


def zeo(storage):
    """Of a client of ZEO: whether it is connected, and its cache."""
    if not hasattr(storage, '_server_addr'):
        return None
    cache = getattr(storage, '_cache', None)
    return {'connected': is_connected(storage),
            'server': clean(storage._server_addr, LONGEST)
            if storage._server_addr else None,
            'cache_hits': getattr(cache, '_n_accesses', None),
            'cache_added': getattr(cache, '_n_adds', None),
            'cache_evicted': getattr(cache, '_n_evicts', None),
            'cache_limit_bytes': getattr(cache, 'maxsize', None)}


def is_connected(storage):
    """Whether a client of ZEO is connected; None where that is not known."""
    if hasattr(storage, '_connection'):
        # Before ZEO 5, where any attribute of `_server` raises if it is not.
        return storage._connection is not None
    client = getattr(getattr(storage, '_server', None), 'client', None)
    return None if client is None else bool(client.operational)


def relstorage(storage, members):
    """Of RelStorage: its cache, and its connections to the database."""
    pool = getattr(storage, '_store_connection_pool', None)
    if pool is None:
        return None
    client = getattr(getattr(storage, '_cache', None), 'local_client', None)
    cache = getattr(client, '_cache', None)
    loading = [one for one in (getattr(member, '_normal_storage', None)
                               for member in members)
               if getattr(getattr(one, '_load_connection', None),
                          'connection', None) is not None]
    return {'cache_hits': getattr(cache, 'hits', None),
            'cache_misses': getattr(cache, 'misses', None),
            'cache_sets': getattr(cache, 'sets', None),
            'cache_bytes': getattr(cache, 'weight', None),
            'cache_limit_bytes': getattr(cache, 'limit', None),
            'load_connections': len(loading),
            'store_connections_idle': len(getattr(pool, '_connections', ())),
            'instances': getattr(pool, '_count', None)}
