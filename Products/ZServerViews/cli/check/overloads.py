"""The overloads: each is a context in which views are asked.

A context is given the `Ground` it runs on; what it finds out is appended to the
ground's ``remarks``, and what must not be to its ``problems``.
"""
from __future__ import absolute_import, division, print_function

import contextlib
import socket
import time

from Products.ZServerViews.cli.check import client
from Products.ZServerViews.cli.check.ground import FINISHING
from Products.ZServerViews.cli.check.work import C_SECONDS, WORK

QUEUED = 46
FURTHER = 300
MORE_IDLE = 50
RECORDS = 20
DESCRIPTORS = 1100
MEGABYTE = 1 << 20
# In a second, for each connection that asks ten times.
MOST_TURNS = 200


def baseline(ground):
    """Nothing else to do."""
    return _nothing()


@contextlib.contextmanager
def _nothing():
    yield


def workers_asleep(ground):
    """All workers sleep, further requests wait for one."""
    return ground.at_work(*['sleep'] * (ground.instance.threads + QUEUED))


@contextlib.contextmanager
def _connections(ground, sent):
    number = ground.connection_limit + MORE_IDLE
    opened = []
    try:
        for _number in range(number):
            opened.append(client.connect(ground.site_address))
            try:
                opened[-1].sendall(sent)
            except socket.error:
                pass  # it has been evicted already
        ground.settle()
        yield
    finally:
        for connection in opened:
            connection.close()
    ground.remarks.append('%d connections' % number)


def idle_connections(ground):
    """More connections than the server's limit, all of them idle."""
    return _connections(ground, b'')


def half_sent(ground):
    """The same number, each with half of a request."""
    return _connections(ground, client.request(ground.path)[:-4] + b'\r\nX-')


def waiting_requests(ground):
    """Far more connections, each with a request for Zope."""
    return ground.at_work(*['sleep'] * (ground.instance.threads + FURTHER))


@contextlib.contextmanager
def log_locks(ground):
    """A worker holds the locks of all log handlers."""
    before = ground.control('state')['logged']
    kinds = ['logs'] + ['sleep'] * (ground.instance.threads + QUEUED)
    with ground.at_work(*kinds):
        for _number in range(RECORDS):
            ground.control('log')
        yield
    ground.wait_until('logged', lambda found: found - before >= RECORDS)
    written = ground.control('state')['logged'] - before
    text = ('%d of %d records logged in the event loop were written'
            % (written, RECORDS))
    ground.remarks.append(text)
    if written < RECORDS:
        ground.problems.append(text)


def slow_import(ground):
    """A worker is inside an import (on Python 2 with the import lock)."""
    return ground.at_work('imports')


@contextlib.contextmanager
def readers(ground):
    """Three clients ask for much and read nothing."""
    names = ['huge', 'endless', 'huge']
    before = None
    if ground.instance is not None:
        before = ground.instance.resident_bytes()
    opened = []
    try:
        for name in names:
            opened.append(client.connect(ground.address))
            opened[-1].sendall(_unread(ground, name))
        yield
        if before is not None:
            grown = ground.instance.resident_bytes() - before
            ground.remarks.append('the memory grew by %.1f MiB'
                                  % (grown / MEGABYTE))
    finally:
        for connection in opened:
            connection.close()


def _unread(ground, name):
    if ground.instance is None:
        return client.request(ground.path) * 50
    return client.request('/-check-/' + name)


@contextlib.contextmanager
def sleeping_view(ground):
    """Another view sleeps; it has had two overruns."""
    for _number in range(2):
        client.ask(ground.address, '/-check-/sleep')
    sleeper = client.connect(ground.address)
    try:
        sleeper.sendall(client.request('/-check-/sleep') * 40)
        yield
    finally:
        sleeper.close()


def python_loops(ground):
    """All workers are in Python loops that never wait."""
    return ground.at_work(*['loop'] * ground.instance.threads)


@contextlib.contextmanager
def many_descriptors(ground):
    """More descriptors than select() supports."""
    if not ground.control('open_files?%d' % DESCRIPTORS):
        ground.remarks.append('not tried: the system allows fewer descriptors')
    try:
        yield
    finally:
        ground.control('close_files')


@contextlib.contextmanager
def no_descriptors(ground):
    """No descriptor is left for a new connection."""
    control = client.connect(ground.address)
    try:
        ground.control('use_up_files', control)
        # Something that cannot be accepted.
        with contextlib.closing(client.connect(ground.address)):
            _watch_turns(ground, control)
            yield
    finally:
        _give_back(ground, control)
        control.close()
    ground.remarks.append('requested on connections that were already open')
    # On a new one:
    ground.control('state')


def _watch_turns(ground, control):
    """Does the event loop rest? Idle connections would be closed meanwhile."""
    before = ground.control('state', control)['turns']
    for _tenth in range(10):
        time.sleep(0.1)
        for connection in ground.kept:
            ground.control('state', connection)
        turns = ground.control('state', control)['turns'] - before
    if turns > MOST_TURNS * (1 + len(ground.kept)):
        ground.problems.append('the event loop spins: %d iterations in a '
                               'second' % turns)


def _give_back(ground, control):
    try:
        ground.control('close_files', control)
    except client.Lost:
        # It was evicted for a newer connection: then that one gets through.
        ground.control('close_files')


@contextlib.contextmanager
def c_code(ground):
    """A worker is in C code that holds the interpreter's lock."""
    ground.remarks.append('nothing in the process can answer for %d s'
                          % C_SECONDS)
    pending = client.Pending(ground.site_address, WORK + 'c_code')
    try:
        # Nothing shows that it has begun.
        time.sleep(0.3)
        yield
        if not pending.finish(FINISHING):
            ground.problems.append('the worker has not finished')
    finally:
        pending.close()
