"""Storages that stop in a call of theirs until somebody lets them go on."""
from __future__ import absolute_import, division, print_function

import threading
import time

from App.config import getConfiguration
from zope.interface import implementer
from ZODB.FileStorage import FileStorage
from ZODB.tests.MVCCMappingStorage import MVCCMappingStorage

from Products.ZServerViews.base import TextView
from Products.ZServerViews.interfaces import ISuite

# The name of the call that is to stop, and the seconds that the next load takes.
stops_in = [None]
slow_loads = []
goes_on = threading.Event()


def stop(name):
    if name == 'load' and slow_loads:
        time.sleep(slow_loads.pop())
    if stops_in[0] == name and not goes_on.wait(120):
        raise RuntimeError('nobody lets it go on')


class File(FileStorage):
    """All connections share it."""

    def load(self, *args, **kw):
        stop('load')
        return FileStorage.load(self, *args, **kw)

    def loadBefore(self, *args, **kw):
        stop('load')
        return FileStorage.loadBefore(self, *args, **kw)

    def tpc_vote(self, *args, **kw):
        stop('tpc_vote')
        return FileStorage.tpc_vote(self, *args, **kw)


class Instances(MVCCMappingStorage):
    """Each connection has an instance of its own, as of RelStorage."""

    def new_instance(self):
        stop('new_instance')
        return MVCCMappingStorage.new_instance(self)


class Opener(object):
    """What ZODB wants of a section of its configuration."""

    def __init__(self, section):
        self.name = section.getSectionName()
        self._path = section.path

    def open(self):
        return Instances() if self._path is None else File(self._path)


@TextView
def hang(environ):
    """In the call that the query names."""
    goes_on.clear()
    stops_in[0] = environ['QUERY_STRING']
    return u'hangs'


@TextView
def slow(environ):
    """The next load takes so many seconds."""
    slow_loads.append(float(environ['QUERY_STRING']))
    return u'slow'


# Connections that nobody gives back.
kept = []


@TextView
def keep_idle(environ):
    """So each request has to open a connection of its own."""
    pool = getConfiguration().dbtab.databases['main'].pool
    while True:
        connection = pool.pop()
        if connection is None:
            return u'kept'
        kept.append(connection)


@TextView
def go_on(environ):
    stops_in[0] = None
    goes_on.set()
    return u'goes on'


@implementer(ISuite)
class Suite(object):
    def views(self):
        return [('hang', hang), ('slow', slow), ('go_on', go_on), ('keep_idle', keep_idle)]


suite = Suite()
