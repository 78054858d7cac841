"""What kind of storage a database has, and what it says of itself at once.

Nothing is called that takes a lock or asks somebody else: all are plain
attributes, of which a storage has some or none. They are looked for by name:
neither ZEO nor RelStorage need be there.
"""
from __future__ import absolute_import, division, print_function

import re
from numbers import Number

from Products.ZServerViews.format.text import clean, text
from Products.ZServerViews.zopeapp.wrapping import attribute, has

# How much is kept of a name, in characters.
LONGEST = 200

# The attributes by which a storage wraps others.
INNER = ('base', 'changes')
DEEPEST = 4

# RelStorage makes its name of how it connects, and leaves out a password only
# where that is a word of its own.
_TOLD_OF_DSN = re.compile(
    u'\\b(?:dbname|host|hostaddr|port|service|user)=[^\\s\'"?&;]+')
_PASSWORD = re.compile(
    u'\\b((?:pass[a-z]*|pwd|secret|token)[\'"]?\\s*[=:]\\s*)'
    u'(?:\'(?:\\\\.|[^\'\\\\])*\'|"(?:\\\\.|[^"\\\\])*"|\\S+)')
_IN_URL = re.compile(u'(://[^/\\s:@]*:)\\S*@')


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
    return callable(attribute(attribute(storage, '_storage'), 'sync'))


def name_of(storage):
    """What it is called: of a file its path; None if that is not known."""
    name = attribute(storage, '__name__')
    return None if name is None else clean(without_password(text(name)),
                                           LONGEST)


def without_password(name):
    """A name of a storage, of whose ``dsn`` only what can be no secret stays.
    """
    before, dsn, after = name.partition(u'dsn=')
    before = _without(u'@', _IN_URL, _without(u'', _PASSWORD, before))
    # The name of a database may be a URL in its turn.
    return before + dsn + u' '.join(
        _without(u'@', _IN_URL, told) for told in _TOLD_OF_DSN.findall(after))


def _without(end, pattern, text):
    # PY2: for a template such as '\\1' re imports, and so may wait for the import
    # of another thread. For a function it does not.
    return pattern.sub(lambda found: found.group(1) + u'...' + end, text)


def all_of(storage, depth=DEEPEST):
    """The storage and those that it wraps, the outermost first."""
    found = [storage]
    for name in INNER if depth else ():
        inner = attribute(storage, name)
        if inner is not None and has(inner, 'tpc_vote'):
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
        bool(attribute(one, '_pack_is_in_progress', False))
        for one in all_of(storage))


def blobs(storage):
    """Where the files of blobs are, or None."""
    for one in all_of(storage):
        helper = attribute(one, 'fshelper')
        folder = (attribute(helper, 'base_dir')
                  or attribute(attribute(one, '_options'), 'blob_dir'))
        if folder:
            return clean(folder, LONGEST)
    return None


def client(storage):
    """The client of ZEO that a storage is, or wraps; or None."""
    return None if storage is None else first(
        lambda one: one if is_client(one) else None, storage)


def is_client(storage):
    """Whether it is one, connected or not."""
    return has(storage, '_server_addr')


def is_relational(storage):
    """Whether it is RelStorage, or wraps one."""
    return first(lambda one: attribute(one, '_store_connection_pool'),
                 storage) is not None


def zeo(storage):
    """Of a client of ZEO: whether it is connected, and its cache."""
    if not is_client(storage):
        return None
    address = attribute(storage, '_server_addr')
    cache = attribute(storage, '_cache')
    return {'connected': is_connected(storage),
            'server': clean(address, LONGEST) if address else None,
            'cache_hits': number(cache, '_n_accesses'),
            'cache_added': number(cache, '_n_adds'),
            'cache_evicted': number(cache, '_n_evicts'),
            'cache_limit_bytes': number(cache, 'maxsize')}


def number(owner, name):
    """An attribute, if it is a number; else None."""
    found = attribute(owner, name)
    return found if isinstance(found, Number) else None


def is_connected(storage):
    """Whether a client of ZEO is connected; None where that is not known."""
    if has(storage, '_connection'):
        # Before ZEO 5, where any attribute of `_server` raises if it is not.
        return attribute(storage, '_connection') is not None
    operational = attribute(attribute(attribute(
        storage, '_server'), 'client'), 'operational')
    return None if operational is None else bool(operational)


def relstorage(storage, members):
    """Of RelStorage: its cache, and its connections to the database."""
    pool = attribute(storage, '_store_connection_pool')
    if pool is None:
        return None
    client = attribute(attribute(storage, '_cache'), 'local_client')
    cache = attribute(client, '_cache')
    loading = [one for one in (attribute(member, '_normal_storage')
                               for member in members)
               if attribute(attribute(one, '_load_connection'),
                            'connection') is not None]
    return {'cache_hits': number(cache, 'hits'),
            'cache_misses': number(cache, 'misses'),
            'cache_sets': number(cache, 'sets'),
            'cache_bytes': number(cache, 'weight'),
            'cache_limit_bytes': number(cache, 'limit'),
            'load_connections': len(loading),
            'store_connections_idle': len(attribute(pool, '_connections', ())),
            'instances': number(pool, '_count')}
