"""The views that the functional cases ask for, good ones and bad ones.

Child processes import this module by itself; `suite` mounts all of them.
"""
from __future__ import absolute_import, division, print_function

import json
import logging
import os
import resource
import sys
import tempfile
import threading
import time

from zope.interface import implementer

from Products.ZServerViews.base import JSONView, TextView, ViewError, aside
from Products.ZServerViews.interfaces import ISuite

MEGABYTE = 1 << 20
PLAIN = ('Content-Type', 'text/plain')
VIEWS = []

# Requests of Zope wait here until somebody opens the gate, in the loop.
gate = threading.Event()
# Two requests keep each other waiting with these.
locks = threading.Lock(), threading.Lock()
# The threads that are kept at the gate, and such as are busy otherwise.
at_gate = []
waiting = []
counts = {}


@implementer(ISuite)
class Suite(object):
    def views(self):
        return [(view.__name__, view) for view in VIEWS]


suite = Suite()


def view(function):
    VIEWS.append(function)
    return function


def length(body):
    return ('Content-Length', str(len(body)))


# Good ones

@view
def hello(environ, start_response):
    start_response('200 OK', [PLAIN, length(b'hello')])
    return [b'hello']


@view
@TextView
def text(environ):
    return u'gr\xfc\xdfe'


@view
@TextView
def error(environ):
    raise ViewError('418 I\'m a teapot', u'sh\xf6rt',
                    [('X-Pot', 'yes'), ('Content-Type', 'text/x-pot')])


@view
@TextView
def texts(environ):
    yield u'gr\xfc'
    yield u'\xdfe'


@view
@TextView
def texts_error(environ):
    raise ViewError('404 Not Found', u'nothing')
    yield


@view
@TextView
def known_heads(environ):
    """How many heads this server knows, as received."""
    server = environ['zserverviews.server']._server
    found = getattr(server, '_views_heads', None)
    return u'%d' % (0 if found is None else len(found.heads))


@view
@JSONView
def value(environ):
    return {'b': [1, None], 'a': u'\xfc'}


@view
def environ(environ, start_response):
    body = environ['wsgi.input'].read()
    shown = dict((key, item) for key, item in environ.items()
                 if isinstance(item, (str, int, bool, list, tuple)))
    shown['keys'] = sorted(environ)
    shown['body'] = body.decode('latin-1')
    shown['thread'] = threading.current_thread().ident
    data = json.dumps(shown).encode('utf-8')
    start_response('200 OK', [length(data)])
    return [data]


@view
def parts(environ, start_response):
    start_response('200 OK', [PLAIN])
    for part in (b'one ', b'', b'two ', b'three'):
        yield part


@view
def late_start(environ, start_response):
    yield b''
    start_response('201 Created', [PLAIN])
    yield b'late'


@view
def writer(environ, start_response):
    write = start_response('200 OK', [PLAIN])
    write(b'one ')
    write(b'two ')
    return [b'three']


@view
def write_in_generator(environ, start_response):
    write = start_response('200 OK', [PLAIN])
    write(b'one ')
    yield b'two '
    write(b'three ')
    yield b'four'


@view
def replaced(environ, start_response):
    start_response('200 OK', [PLAIN])
    try:
        raise KeyError('x')
    except KeyError:
        start_response('503 Service Unavailable', [('X-Second', 'yes')],
                       sys.exc_info())
    return [b'sorry']


@view
def self_chunked(environ, start_response):
    start_response('200 OK', [('Transfer-Encoding', 'chunked')])
    return [b'4\r\nself', b'\r\n3\r\nchu\r', b'\n3\r\nnk\n\r\n0\r\n\r\n']


@view
def no_content(environ, start_response):
    start_response('204 No Content', [])
    return [b'must not be sent']


@view
def not_modified(environ, start_response):
    start_response('304 Not Modified', [('ETag', '"x"')])
    return []


@view
def empty(environ, start_response):
    start_response('200 OK', [PLAIN])
    return []


@view
def closes(environ, start_response):
    start_response('200 OK', [('Connection', 'close'), length(b'bye')])
    return [b'bye']


@view
def own_server(environ, start_response):
    start_response('200 OK', [('Server', 'mine'), ('Date', 'then'),
                              length(b'')])
    return []


@view
def file(environ, start_response):
    handle = tempfile.TemporaryFile()
    handle.write(b'0123456789' * 10000)
    handle.seek(10)
    start_response('200 OK', [PLAIN])
    return environ['wsgi.file_wrapper'](handle)


@view
def disconnected(environ, start_response):
    gone = environ['waitress.client_disconnected']()
    data = repr(gone).encode('ascii')
    start_response('200 OK', [length(data)])
    return [data]


@view
def big(environ, start_response):
    body = b'x' * (64 * MEGABYTE)
    start_response('200 OK', [length(body)])
    return [body]


@view
def huge(environ, start_response):
    megabytes = 1024
    part = b'y' * MEGABYTE
    start_response('200 OK', [('Content-Length', str(megabytes * MEGABYTE))])
    return (part for _number in range(megabytes))


@view
def many(environ, start_response):
    start_response('200 OK', [PLAIN])
    return (b'%d' % (number % 10) for number in range(100000))


class Closing(object):
    """An iterable that counts how often it is closed, for each query."""

    def __init__(self, parts, environ):
        self._parts = iter(parts)
        self._query = environ['QUERY_STRING']

    def __iter__(self):
        return self._parts

    def close(self):
        counts[self._query] = counts.get(self._query, 0) + 1


def endless_parts():
    while True:
        yield b'z' * 65536


@view
def endless(environ, start_response):
    start_response('200 OK', [PLAIN])
    return Closing(endless_parts(), environ)


def empty_parts():
    while True:
        yield b''


@view
def endless_nothing(environ, start_response):
    start_response('200 OK', [PLAIN])
    return Closing(empty_parts(), environ)


@view
def closing(environ, start_response):
    start_response('200 OK', [PLAIN])
    return Closing([b'one'], environ)


@view
@TextView
def closed(environ):
    """How many answers to requests with this query."""
    return u'%d' % counts.get(environ['QUERY_STRING'], 0)


@view
@TextView
def open_gate(environ):
    gate.set()
    return u'open'


@view
@TextView
def close_gate(environ):
    gate.clear()
    del at_gate[:], waiting[:]
    return u'shut'


@view
@TextView
def count_waiting(environ):
    return u'%d' % (len(waiting) + count_at_gate())


def count_at_gate():
    """How many threads have come to rest there: whoever looks at their stacks
    from now on finds them in their wait."""
    condition = gate._Event__cond if str is bytes else gate._cond  # PY2
    if not condition.acquire(False):
        return 0  # somebody is about to wait
    try:
        frames = sys._current_frames()
        return sum(is_in_wait(frames.get(ident)) for ident in list(at_gate))
    finally:
        condition.release()


def is_in_wait(frame):
    """Whether a thread is in Condition.wait, called by Event.wait."""
    return frame is not None and frame.f_back is not None and (
        frame.f_code.co_name == frame.f_back.f_code.co_name == 'wait')


@view
@TextView
def count_queued(environ):
    """How many requests wait for a worker of ZServer."""
    from ZServer import PubCore
    handle = PubCore._handle
    return u'%d' % (0 if handle is None else len(handle.__self__._lists[1]))


@view
@TextView
def break_deadlock(environ):
    for lock in locks:
        lock.release()
    return u'broken'


@view
@TextView
def pid(environ):
    return u'%d' % os.getpid()


# Bad ones

@view
def no_start(environ, start_response):
    return [b'no head']


@view
def returns_none(environ, start_response):
    start_response('200 OK', [])


@view
def returns_text(environ, start_response):
    start_response('200 OK', [])
    return u'text'


@view
def yields_text(environ, start_response):
    start_response('200 OK', [])
    return [u'text']


@view
def starts_twice(environ, start_response):
    start_response('200 OK', [])
    start_response('200 OK', [])
    return [b'twice']


@view
def raises(environ, start_response):
    password = environ.get('HTTP_COOKIE')
    raise RuntimeError('on purpose', len(password or ''))


@view
def raises_after_start(environ, start_response):
    start_response('200 OK', [length(b'never sent')])
    raise RuntimeError('on purpose')


@view
def raises_after_head(environ, start_response):
    start_response('200 OK', [PLAIN])
    yield b'begun'
    raise RuntimeError('on purpose')


@view
def too_late(environ, start_response):
    start_response('200 OK', [PLAIN])
    yield b'begun'
    try:
        raise KeyError('too late')
    except KeyError:
        start_response('500 Oops', [], sys.exc_info())
    yield b'never sent'


@view
def exits(environ, start_response):
    sys.exit('on purpose')


@view
def interrupts(environ, start_response):
    raise KeyboardInterrupt


@view
def exits_after_head(environ, start_response):
    start_response('200 OK', [PLAIN])
    yield b'begun'
    raise SystemExit


@view
def generator_exit(environ, start_response):
    raise GeneratorExit


class BadClose(Closing):
    def close(self):
        raise SystemExit('in close')


@view
def bad_close(environ, start_response):
    start_response('200 OK', [PLAIN])
    return BadClose([b'fine'], environ)


@view
def too_few(environ, start_response):
    start_response('200 OK', [('Content-Length', '10')])
    return [b'four']


@view
def too_many(environ, start_response):
    start_response('200 OK', [('Content-Length', '4')])
    return [b'four', b'teen']


@view
def endless_with_length(environ, start_response):
    start_response('200 OK', [('Content-Length', '70000')])
    return Closing(endless_parts(), environ)


@view
def self_chunked_unfinished(environ, start_response):
    start_response('200 OK', [('Transfer-Encoding', 'chunked')])
    return [b'4\r\nself\r\n']


def bad_head(name, status='200 OK', headers=()):
    def bad(environ, start_response):
        start_response(status, list(headers))
        return [b'must not be sent']
    bad.__name__ = name
    VIEWS.append(bad)


bad_head('bad_status', status='OK')
bad_head('bad_status_lines', status='200 OK\r\nX-Injected: yes')
bad_head('bad_status_100', status='100 Continue')
bad_head('bad_value', headers=[('X-A', 'b\r\nX-Injected: yes')])
bad_head('bad_value_lf', headers=[('X-A', 'b\nX-Injected: yes')])
bad_head('bad_name', headers=[('X-A: b\r\nX-Injected', 'yes')])
bad_head('bad_name_type', headers=[(7, 'yes')])
bad_head('bad_value_type', headers=[('X-A', 7)])
bad_head('bad_characters', headers=[('X-A', u'\u20ac')])
bad_head('bad_upgrade', headers=[('Upgrade', 'h2c')])
bad_head('bad_length', headers=[('Content-Length', '-1')])
bad_head('bad_two_lengths',
         headers=[('Content-Length', '1'), ('Content-Length', '2')])
bad_head('bad_length_and_chunked',
         headers=[('Content-Length', '1'), ('Transfer-Encoding', 'chunked')])
bad_head('bad_coding', headers=[('Transfer-Encoding', 'gzip')])


# Slow ones, and such as run aside

door = threading.Event()
at_door = []
closed_in = []


def wait_at_door(environ):
    """Until somebody opens it, or for the seconds that the query says."""
    at_door.append(environ['SCRIPT_NAME'])
    try:
        door.wait(float(environ['QUERY_STRING'] or 0.3))
    finally:
        at_door.pop()
    return 'opened' if door.is_set() else 'alone'


def thread_name():
    return threading.current_thread().name


@view
@TextView
def held(environ):
    return u'%s in %s' % (wait_at_door(environ), thread_name())


@view
@TextView
def held_parts(environ):
    for _number in range(4):
        yield u'%s in %s\n' % (wait_at_door(environ), thread_name())


@view
@TextView
def open_door(environ):
    door.set()
    return u'open'


@view
@TextView
def count_at_door(environ):
    return u'%d' % len(at_door)


@view
@TextView
def shut_door(environ):
    door.clear()
    return u'shut'


@view
@aside
@TextView
def aside_held(environ):
    return u'%s in %s' % (wait_at_door(environ), thread_name())


@view
@aside
def aside_parts(environ, start_response):
    start_response('200 OK', [PLAIN])
    for part in (b'one ', b'', b'two ', b'x' * 100000, b' three'):
        yield part


@view
@TextView
@aside
def aside_texts(environ):
    for _number in range(3):
        yield u'%s\n' % thread_name()


@view
@aside
def aside_raises(environ, start_response):
    raise RuntimeError('aside')


@view
@aside
def aside_raises_after_head(environ, start_response):
    start_response('200 OK', [PLAIN])
    yield b'begun'
    raise RuntimeError('aside')


class ClosingAside(Closing):
    def close(self):
        closed_in.append(thread_name())


@view
@aside
def aside_closing(environ, start_response):
    start_response('200 OK', [PLAIN])
    wait_at_door(environ)
    return ClosingAside(endless_parts(), environ)


@view
@aside
def aside_begins(environ, start_response):
    start_response('200 OK', [PLAIN])
    yield b'begun'
    yield wait_at_door(environ).encode('ascii')


@view
@JSONView
def closed_aside(environ):
    return closed_in


@view
@TextView
def logs(environ):
    logging.getLogger('fixture').warning('the view was asked %d times', 1)
    return u'logged'


# Descriptors of this process

taken = []


@view
@TextView
def take_descriptors(environ):
    """Leave the process only so many more than it has now."""
    leave = int(environ['QUERY_STRING'].partition('=')[2])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    # There may be gaps above the lowest: fill them.
    highest = max(map(int, os.listdir('/proc/self/fd')))
    while lowest_free < highest:
        taken.append(os.dup(0))
        lowest_free = taken[-1]
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (lowest_free + 1 + leave, hard))
    taken.append(soft)
    return u'taken'


@view
@TextView
def give_descriptors(environ):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (taken.pop(), hard))
    close_files.function(environ)
    return u'given'


@view
@TextView
def open_files(environ):
    number = int(environ['QUERY_STRING'].partition('=')[2])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    taken.extend(os.dup(0) for _number in range(number))
    return u'opened'


@view
@TextView
def close_files(environ):
    while taken:
        os.close(taken.pop())
    return u'closed'


@view
@TextView
def count_turns(environ):
    from Products.ZServerViews.service import of_process
    return u'%d' % sum(
        loop.turns for loop in of_process.site.loops.all)


# What stops the loop, or everything

@view
@TextView
def blocks_until(environ):
    """Keeps the loop until there is a file of this name."""
    sys.stderr.write('the loop is blocked\n')
    sys.stderr.flush()
    end = time.time() + 120
    while not os.path.exists(environ['QUERY_STRING']) and time.time() < end:
        time.sleep(0.01)
    return thread_name()


@view
@TextView
def blocks(environ):
    """Keeps the loop, not the interpreter, for so many seconds."""
    sys.stderr.write('the loop is blocked\n')
    sys.stderr.flush()
    time.sleep(float(environ['QUERY_STRING']))
    return u'blocked'
