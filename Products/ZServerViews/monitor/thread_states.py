"""What a thread waits for, as far as it can be known.

CPython shows no frame for a function written in C. A thread in ``with lock:``
or ``select.select()`` is seen only in the caller's frame. What it waits for is
told, in this order, by

- its innermost frames, where these are functions that do nothing but wait:
  those of the standard library, and of servers;
- on Python 2.7 the call that its innermost frame is at: see `python27_calls`;
- on Linux its processor clock, and what the kernel says of a thread whose clock
  stands still: see `thread_clocks`.

Where nothing tells, the state is `UNKNOWN`. Neither source files nor values of
variables are read.
"""
from __future__ import absolute_import, division, print_function

import os
import threading

RUNNING = 'running'
IDLE = 'idle'
LOCK = 'waiting for lock'
SOCKET = 'waiting for socket'
FILE = 'waiting for file'
DATABASE = 'waiting for database'
SLEEPING = 'sleeping'
WAITING = 'waiting'
UNKNOWN = '-'

STATES = (RUNNING, LOCK, DATABASE, SOCKET, FILE, SLEEPING, WAITING, IDLE,
          UNKNOWN)

# Packages that talk to a database: one of the last folders of a file's path.
DATABASES = frozenset([
    'ZODB', 'ZEO', 'relstorage', 'psycopg', 'psycopg2', 'psycopg_pool',
    'MySQLdb', 'pymysql', 'cx_Oracle', 'oracledb', 'sqlite3', 'sqlalchemy',
    'ZRDB', 'ZPsycopgDA', 'ZMySQLDA', 'SQLAlchemyDA'])

# Where the standard library lies, as code objects name it.
_LIBRARY = os.path.dirname(
    threading.Thread.start.__code__.co_filename) + os.sep
_IMPORTLIB = '<frozen importlib._bootstrap>'

# Functions of the standard library that do little but wait, of Python 2.7 and
# of 3.10 and newer.
_WAITS = {
    LOCK: {'threading.py': ['wait', 'acquire', 'join', '__enter__',
                            '_wait_for_tstate_lock', '_shutdown'],
           'logging/__init__.py': ['acquire']},
    SOCKET: {'selectors.py': ['select'],
             'socket.py': ['accept', 'create_connection', 'flush',
                           'getaddrinfo', 'getfqdn', 'meth', 'read',
                           'readinto', 'readline', 'write'],
             'ssl.py': ['accept', 'connect', 'do_handshake', 'read', 'recv',
                        'recv_into', 'send', 'sendall', 'unwrap', 'write']},
    WAITING: {'subprocess.py': ['_eintr_retry_call', '_try_wait']},
}

_BY_FRAME = dict(
    ((_LIBRARY + name.replace('/', os.sep), function), state)
    for state, files in _WAITS.items()
    for name, functions in files.items() for function in functions)
_BY_FRAME[_IMPORTLIB, 'acquire'] = LOCK

# Functions that wait for something to do, by the end of the file's path: in a
# function written in C ...
_IDLERS = frozenset([
    ('PubCore/ZRendezvous.py', 'accept'),
    ('waitress/wasyncore.py', 'poll'), ('waitress/wasyncore.py', 'poll2'),
    ('asyncore.py', 'poll'), ('asyncore.py', 'poll2'),
    ('asyncore.py', 'poll3'),
    ('futures/thread.py', '_worker'),
    ('runtime/log_queue.py', '_run'), ('runtime/watchdog.py', '_run'),
    ('monitor/helperchecks.py', '_run'), ('wsgi/view_threads.py', '_run'),
    ('wsgi/lateness.py', '_run'), ('zopeapp/opened.py', '_run')])

# ... or by way of others, whose frames are the standard library's.
_IDLERS_ABOVE = frozenset([
    ('waitress/task.py', 'handler_thread'),
    ('queue.py', 'get'), ('Queue.py', 'get'),
    ('multiprocessing/pool.py', 'worker')])

_IDLERS_NAMES = frozenset(
    function for _path, function in _IDLERS | _IDLERS_ABOVE)

# How far the owner of a wait is looked for, in frames.
_NEAR = 15


def nothing():
    """What is known of a thread of which nothing but its stack is."""
    return None


def state(stack, otherwise=nothing):
    """One of `STATES` for a thread.

    ``stack``
        Tuples (file, line, function), the innermost last.
    ``otherwise``
        Called where its innermost frame does not tell; returns one of `STATES`
        or None.
    """
    if not stack:
        return UNKNOWN
    found = _by_frame(stack[-1]) or otherwise() or UNKNOWN
    if found not in (LOCK, SOCKET, FILE, WAITING):
        return found
    owner = _owner(stack)
    if owner is None:
        return found
    if _end(owner) in _IDLERS_ABOVE:
        return found if _enters(stack[-1], owner) else IDLE
    return DATABASE if _of_database(owner[0]) else found


def _by_frame(frame):
    path, _line, function = frame
    found = _BY_FRAME.get((path, function))
    if found is None and function in _IDLERS_NAMES and _end(frame) in _IDLERS:
        return IDLE
    return found


def _enters(frame, owner):
    """Whether it waits to enter: then somebody keeps the lock."""
    return frame is owner or frame[2] in ('__enter__', 'acquire')


def on_a_condition(stack):
    """Whether the thread is in Event.wait() or Condition.wait()."""
    return bool(stack) and (stack[-1][0], stack[-1][2]) == (
        _LIBRARY + 'threading.py', 'wait')


def _owner(stack):
    """The innermost frame that is not a helper of the standard library's."""
    for frame in stack[:-_NEAR - 1:-1]:
        if _end(frame) in _IDLERS_ABOVE or not _of_library(frame[0]):
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


def _end(frame):
    """(end of the path, function) as the idlers have it; else None."""
    path, _line, function = frame
    if function not in _IDLERS_NAMES:
        return None  # nearly always
    ending = (os.path.basename(path)
              if os.path.dirname(path) + os.sep == _LIBRARY
              else '/'.join(path.split(os.sep)[-2:]))
    return ending, function
