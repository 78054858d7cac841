"""What the timing of storages adds to a load: python -m benchmarks.storage

The same records are loaded from a FileStorage with and without the wrapper, in
turns, by the storage of a connection as ZODB's `Connection` asks it. The times are
the fastest of many rounds each; the ratio is the median of those of two rounds
behind each other, since whatever else the machine does is about the same in both.
"""
from __future__ import absolute_import, division, print_function

import os
import shutil
import sys
import tempfile

import transaction
import ZODB
from persistent.mapping import PersistentMapping
from ZODB.FileStorage import FileStorage
from ZODB.POSException import ConflictError

from Products.ZServerViews._compat import stopwatch
from Products.ZServerViews.zopeapp.watched import Watched

RECORDS = 300
ROUNDS = 1000
GOAL = 2.5


def filled(db):
    """The oids of some records."""
    connection = db.open()
    root = connection.root()
    for number in range(RECORDS):
        root[number] = PersistentMapping({'title': 'x' * 100,
                                          'numbers': list(range(20))})
    transaction.commit()
    found = [root[number]._p_oid for number in range(RECORDS)]
    connection.close()
    return found


def seconds(load, oids):
    """Of one load, in one round."""
    began = stopwatch()
    for oid in oids:
        load(oid)
    return (stopwatch() - began) / len(oids)


def measured(folder):
    """(seconds of a load without, and with the wrapper; the median ratio)"""
    db = ZODB.DB(FileStorage(os.path.join(folder, 'Data.fs')))
    oids = filled(db)
    connection = db.open()
    storage = connection._storage
    plain = storage.load
    watched = Watched(db, lambda: None, ConflictError, 5)
    watched.begin(timed=True)
    timed = storage.load
    assert timed is not plain
    rounds = [(seconds(plain, oids), seconds(timed, oids))
              for _round in range(ROUNDS)]
    watched.end()
    connection.close()
    db.close()
    ratios = sorted(with_it / without for without, with_it in rounds)
    return (min(without for without, _with_it in rounds),
            min(with_it for _without, with_it in rounds),
            ratios[len(ratios) // 2])


def main():
    folder = tempfile.mkdtemp(prefix='zsv-storage-')
    try:
        without, timed, ratio = measured(folder)
    finally:
        shutil.rmtree(folder)
    percent = (ratio - 1) * 100
    print('a load of FileStorage: %.0f ns; timed: %.0f ns; ratio %.4f, '
          '%.2f %% more (goal: at most %.1f %%)'
          % (without * 1e9, timed * 1e9, ratio, percent, GOAL))
    return 0 if percent <= GOAL else 1


if __name__ == '__main__':
    sys.exit(main())
