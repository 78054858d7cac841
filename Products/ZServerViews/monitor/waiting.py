"""What a thread waits for, as far as its innermost frames tell.

CPython shows no frame for a function written in C. A thread in ``with lock:``
or ``select.select()`` is seen only in the caller's frame, at the instruction
that makes the call. So the state is inferred from the functions on the stack
and from the name that the innermost frame is just calling; where neither tells
anything the thread is said to be running. A thread that has just come back
from such a call and waits for the interpreter looks as if it still waited.

Neither source files nor values of variables are read.
"""
from __future__ import absolute_import, division, print_function

import os
import threading

from Products.ZServerViews.monitor.calling import WITH

RUNNING = 'running'
IDLE = 'idle'
LOCK = 'waiting for lock'
SOCKET = 'waiting for socket'
FILE = 'waiting for file'
DATABASE = 'waiting for database'
SLEEPING = 'sleeping'

STATES = (RUNNING, LOCK, DATABASE, SOCKET, FILE, SLEEPING, IDLE)

# Names that mean one thing whoever has them. Not read, write, send or get:
# they seldom wait, and a busy loop over them would look like waiting. Of all
# objects whose __enter__ is written in C, only locks wait in it.
CALLS = {
    WITH: LOCK, 'acquire': LOCK,
    'sleep': SLEEPING,
    'select': SOCKET, 'poll': SOCKET, 'recv': SOCKET, 'recv_into': SOCKET,
    'recvfrom': SOCKET, 'accept': SOCKET, 'connect': SOCKET,
    'sendall': SOCKET, 'getaddrinfo': SOCKET, 'gethostbyname': SOCKET,
    'gethostbyaddr': SOCKET, 'do_handshake': SOCKET,
    'flock': FILE, 'lockf': FILE, 'fsync': FILE, 'fdatasync': FILE,
    'execute': DATABASE, 'executemany': DATABASE, 'commit': DATABASE,
    'rollback': DATABASE,
}

# Packages that talk to a database: one of the last folders of a file's path.
DATABASES = frozenset([
    'ZODB', 'ZEO', 'relstorage', 'psycopg', 'psycopg2', 'psycopg_pool',
    'MySQLdb', 'pymysql', 'cx_Oracle', 'oracledb', 'sqlite3', 'sqlalchemy'])

# Where the standard library lies, as code objects name it.
_LIBRARY = os.path.dirname(
    threading.Thread.start.__code__.co_filename) + os.sep

_WAITS_IN_THREADING = frozenset(
    ['wait', 'acquire', 'join', '_wait_for_tstate_lock', '__enter__'])

# Functions that wait for something to do, by the end of the file's path. The
# frames above them, if any, are the standard library's.
_IDLERS = frozenset([
    ('waitress/task.py', 'handler_thread'),
    ('PubCore/ZRendezvous.py', 'accept'),
    ('waitress/wasyncore.py', 'poll'), ('waitress/wasyncore.py', 'poll2'),
    ('asyncore.py', 'poll'), ('asyncore.py', 'poll2'),
    ('asyncore.py', 'poll3'),
    ('queue.py', 'get'), ('Queue.py', 'get'),
    ('futures/thread.py', '_worker'), ('multiprocessing/pool.py', 'worker')])

_IDLERS_NAMES = frozenset(function for _path, function in _IDLERS)

# How far the owner of a wait is looked for, in frames.
_NEAR = 15


def state(stack, called=None):
    """One of `STATES` for a thread.

    ``stack``
        Tuples (file, line, function), the innermost last.
    ``called``
        The name that its innermost frame is calling: see `called_by`.
    """
    # Some alias such functions with an underscore in front.
    called = called and called.lstrip('_')
    found = _innermost(stack[-1], called) if stack else RUNNING
    if found in (RUNNING, SLEEPING, DATABASE):
        return found
    owner = _owner(stack)
    if owner is None:
        return found
    if _idles(owner):
        return found if _enters(stack[-1], called) else IDLE
    return DATABASE if _of_database(owner[0]) else found


def _enters(frame, called):
    """Whether it waits to enter: then somebody keeps the lock."""
    return called == WITH or frame[2] == '__enter__'


def on_a_condition(stack):
    """Whether the thread is in Event.wait() or Condition.wait()."""
    return bool(stack) and (stack[-1][0], stack[-1][2]) == (
        _LIBRARY + 'threading.py', 'wait')


def _innermost(frame, called):
    path, _line, function = frame
    if path == _LIBRARY + 'threading.py' and function in _WAITS_IN_THREADING:
        return LOCK
    if called is not None and path in _SOCKET_FILES:
        return SOCKET
    if called == 'get' and _idles(frame):
        return LOCK  # a queue written in C; its owner makes that idle
    return CALLS.get(called, RUNNING)


_SOCKET_FILES = frozenset(
    [_LIBRARY + name for name in ('socket.py', 'ssl.py', 'selectors.py')])


def _owner(stack):
    """The innermost frame that is not a helper of the standard library's."""
    for frame in stack[:-_NEAR - 1:-1]:
        if _idles(frame) or not _of_library(frame[0]):
            return frame
    return None


def waits_for(stack, folder):
    """Whether code below this folder, and nobody else's, has begun the wait
    that the thread is in."""
    owner = _owner(stack)
    return owner is not None and owner[0].startswith(folder + os.sep)


def _of_library(path):
    """Whether this is code of Python's own; its sqlite3 is a database."""
    return path.startswith((_LIBRARY, '<frozen ')) and not (
        'site-packages' in path or 'dist-packages' in path
        or _of_database(path))


def _of_database(path):
    return not DATABASES.isdisjoint(path.split(os.sep)[-5:-1])


def _idles(frame):
    """Whether this is one of `_IDLERS`."""
    path, _line, function = frame
    if function not in _IDLERS_NAMES:
        return False  # nearly always
    ending = (os.path.basename(path)
              if os.path.dirname(path) + os.sep == _LIBRARY
              else '/'.join(path.split(os.sep)[-2:]))
    return (ending, function) in _IDLERS
