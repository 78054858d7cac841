"""Pages of a real Zope for the functional cases; registered in its ZCML."""
from __future__ import absolute_import, division, print_function

import ctypes
import json
import logging
import math
import re
import sys
import threading
import time

import fixture_views
from App.config import getConfiguration
from zope.component import adapter
from zope.interface import implementer
from zope.publisher.interfaces import IPublishTraverse
from ZPublisher.interfaces import IPubStart
from ZPublisher.Iterators import IStreamIterator

from Products.Five.browser import BrowserView
from Products.ZServerViews import initialize, update_configuration


@adapter(IPubStart)
def tell_the_worker(event):
    """Each answer of Zope itself says which thread made it."""
    event.request.response.setHeader(
        'X-Thread', str(threading.current_thread().ident))


class Wait(BrowserView):
    """Keeps its worker until the gate opens."""

    def __call__(self):
        fixture_views.at_gate.append(threading.current_thread().ident)
        if not fixture_views.gate.wait(120):
            raise RuntimeError('nobody opened the gate')
        return 'waited ' + self.request.form.get('name', '')


class Grow(BrowserView):
    """Takes 4 MiB more, ten times in a second, until the gate opens."""

    def __call__(self):
        held = []
        while len(held) < 1000 and not fixture_views.gate.wait(0.1):
            held.append(b'x' * (4 << 20))
        return '%d' % len(held)


class Hoarded(object):
    """What `Hoard` has kept."""

    def __init__(self, secret):
        self.secret = secret


class Hoard(BrowserView):
    """A leak: keeps so many objects for ever."""

    kept = []

    def __call__(self):
        form = self.request.form
        self.kept.extend(Hoarded(form['secret'])
                         for _number in range(int(form['number'])))
        return '%d' % len(self.kept)


class NoKey(type):
    """Of a class that is no key, and has no module that can be read."""

    __hash__ = None

    @property
    def __module__(self):
        raise RuntimeError('code of the site has run')


class Hostile(BrowserView):
    """Keeps so many objects of such a class, whose name clears a terminal."""

    kept = []

    def __call__(self):
        kind = NoKey(str('Hostile\x1b[2J'), (object,), {'__module__': 'fixture_zope'})
        self.kept.extend(kind() for _number in range(
            int(self.request.form['number'])))
        return '%d' % len(self.kept)


class HoldLogs(BrowserView):
    """Keeps its worker, and the lock of every log handler."""

    def __call__(self):
        handlers = [reference() for reference in logging._handlerList]
        for handler in handlers:
            handler.acquire()
        try:
            Wait(self.context, self.request)()
        finally:
            for handler in handlers:
                handler.release()
        return 'held'


class Log(BrowserView):
    """Logs a word, at the level DEBUG if no other is told, or a failure."""

    def __call__(self):
        form = self.request.form
        exc_info = None
        if 'fail' in form:
            try:
                raise ValueError('failed as token=Planted-2')
            except ValueError:
                exc_info = sys.exc_info()
        logger = logging.getLogger('fixture.logged')
        if not logger.handlers:
            # Those of the site may take no DEBUG.
            logger.addHandler(logging.StreamHandler())
        logger.log(
            int(form.get('level', logging.DEBUG)), 'debug of %s', form['word'],
            exc_info=exc_info)
        return 'logged'


class SetLevel(BrowserView):
    """Sets the level of that logger, as any code may."""

    def __call__(self):
        logging.getLogger('fixture.logged').setLevel(
            int(self.request.form['level']))
        return 'set'


class Echo(BrowserView):
    """Says what it was asked."""

    def __call__(self):
        body = self.request.get('BODY') or b''
        return 'echo %s %d' % (self.request.form.get('name', ''), len(body))


class Import(BrowserView):
    """Keeps its worker inside an import."""

    def __call__(self):
        sys.modules.pop('slow_import', None)
        import slow_import
        return 'imported ' + slow_import.__name__


class Nap(BrowserView):
    """Keeps its worker for so many seconds."""

    def __call__(self):
        time.sleep(float(self.request.form['seconds']))
        return 'awake'


class Phases(BrowserView):
    """Sleeps for so many seconds at three lines, one after the other."""

    def __call__(self):
        seconds = float(self.request.form['seconds'])
        self.nap(seconds)  # first phase
        self.nap(seconds)  # second phase
        self.nap(seconds)  # third phase
        return 'through'

    def nap(self, seconds):
        time.sleep(seconds)


class Leak(BrowserView):
    """Has what its client has sent in variables, in the log and in the text of
    an exception, and keeps its worker for so many seconds."""

    def __call__(self):
        request = self.request
        secrets = list(request.form.values()) + list(request.cookies.values())
        secrets += [value for name, value in request.environ.items()
                    if name.startswith('HTTP_')]
        secrets += [request._auth or '', request['QUERY_STRING']]
        logger = logging.getLogger('fixture')
        for secret in map(str, secrets):
            logger.warning('Told %s', secret)
            logger.error('Told ' + secret)
            logger.error(secret, extra={'value': secret})
        time.sleep(float(request.form['seconds']))
        raise ValueError(' '.join(map(str, secrets)))


class Exit(BrowserView):
    """Ends its worker, or tries to."""

    def __call__(self):
        raise SystemExit(1)


class Large(BrowserView):
    """More than a client's socket takes, less than waitress's watermark."""

    def __call__(self):
        return 'x' * 12000000


class KeepLock(BrowserView):
    """Keeps the lock of the interpreter for so many seconds, in C."""

    def __call__(self):
        ctypes.PyDLL(None).sleep(int(self.request.form['name']))
        return 'kept'


class Match(BrowserView):
    """Keeps the lock of the interpreter for about so many seconds, by a regular
    expression; says 'matched'."""

    def __call__(self):
        wanted = float(self.request.form['seconds'])
        letters, took = 16, 0.0
        # Each letter doubles the time.
        while took < 0.05:
            letters += 1
            took = self.match(letters)
        self.match(letters + int(round(math.log(wanted / took, 2))))
        return 'matched'

    @staticmethod
    def match(letters):
        begin = time.time()
        re.match('(x+x+)+y', 'x' * letters)
        return time.time() - begin


class Compute(BrowserView):
    """Computes in Python until the gate opens."""

    def __call__(self):
        fixture_views.waiting.append(threading.current_thread().ident)
        end = time.time() + 120
        while not fixture_views.gate.is_set() and time.time() < end:
            self.work()
        return 'computed'

    def work(self):
        for _step in range(1000):
            pass


class Hold(Compute):
    """Keeps the lock of the interpreter for 150 ms, again and again."""

    def work(self):
        ctypes.PyDLL(None).usleep(150000)
        time.sleep(0.01)


class Stacks(BrowserView):
    """Looks at the stacks of all threads, as error reporters do."""

    def __call__(self):
        return '%d' % len(sys._current_frames())


class Secrets(BrowserView):
    """Keeps its worker, and what its client has sent in local variables."""

    def __call__(self):
        request = self.request
        secrets = [request._auth,
                   request.cookies, request.form, request['QUERY_STRING']]
        assert all(secrets), secrets
        for secret in secrets:
            Wait(self.context, request)()
        return 'kept'


class Deadlock(BrowserView):
    """Two requests, one with name=first, keep each other's workers."""

    def __call__(self):
        try:
            if self.request.form['name'] == 'first':
                self.first()
            else:
                self.second()
        except threading.ThreadError:
            pass  # somebody has broken the deadlock
        return 'free'

    def first(self):
        with fixture_views.locks[0]:
            self.meet()
            with fixture_views.locks[1]:  # deadlock of the first
                pass

    def second(self):
        with fixture_views.locks[1]:
            self.meet()
            with fixture_views.locks[0]:  # deadlock of the second
                pass

    def meet(self):
        fixture_views.waiting.append(threading.current_thread().ident)
        while len(fixture_views.waiting) < 2:
            time.sleep(0.01)


@implementer(IStreamIterator)
class Parts(object):
    """One part, and the other when the gate opens."""

    def __init__(self, view):
        self._view = view
        self._parts = iter([b'x' * 1000, b'y' * 24])

    def __iter__(self):
        return self

    def __next__(self):
        part = next(self._parts)
        if part.startswith(b'y'):
            self._view()
        return part

    next = __next__

    def __len__(self):
        return 1024


class Stream(BrowserView):
    """Keeps its worker when a part of the answer has been handed over."""

    def __call__(self):
        response = self.request.response
        response.setHeader('Content-Length', '1024')
        parts = Parts(Wait(self.context, self.request))
        if not hasattr(response, 'http_chunk'):
            return parts
        # ZServer would take the parts of an iterator in its loop.
        for part in parts:
            response.write(part)


@implementer(IPublishTraverse)
class Traversed(BrowserView):
    """Keeps its worker while Zope looks for what the path means."""

    def publishTraverse(self, request, name):
        Wait(self.context, self.request)()
        return self

    def __call__(self):
        return 'found'


class AddView(BrowserView):
    """Calls update_configuration in a worker, while the server runs."""

    def __call__(self):
        form = self.request.form
        update_configuration({form['key']: form['entry']})
        return 'added'


class PatchBehind(BrowserView):
    """Another product patches the server while views are served."""

    def __call__(self):
        import fixture_patches
        fixture_patches.patch('behind')
        return 'patched'


class ComeAndGo(BrowserView):
    """Takes all views away and brings them back, in a worker."""

    def __call__(self):
        sections = getConfiguration().product_config
        times = int(self.request.form['times'])
        for number in range(times):
            taken = dict(sections)
            sections.clear()
            initialize(None)
            # Some come again before the event loop has seen that they went.
            time.sleep(0.01 * (number % 3))
            sections.update(taken)
            if number % 2:
                initialize(None)
            else:
                update_configuration({'again': '/again fixture_views.hello'})
                del sections['zserver-views']['again']
        return 'came and went'


class LoadAnew(BrowserView):
    """Loads the root of the site from the storage, whatever is cached."""

    def __call__(self):
        root = self.context.getPhysicalRoot()
        root._p_jar.cacheMinimize()
        root._p_activate()
        return 'loaded'


class LoadBetweenNaps(LoadAnew):
    """The same, after so many seconds and before as many."""

    def __call__(self):
        seconds = float(self.request.form['seconds'])
        time.sleep(seconds)  # first nap
        LoadAnew.__call__(self)
        time.sleep(seconds)  # second nap
        return 'loaded'


class Write(BrowserView):
    """Changes the root of the site."""

    def __call__(self):
        root = self.context.getPhysicalRoot()
        root.written = getattr(root, 'written', 0) + 1
        return 'written'


class WriteElsewhere(BrowserView):
    """Changes the root of the database that the form names."""

    def __call__(self):
        name = self.request.form['database']
        # Nobody may have opened it yet.
        getConfiguration().dbtab.getDatabase(name=name)
        jar = self.context.getPhysicalRoot()._p_jar
        root = jar.get_connection(name).root()
        root['written'] = root.get('written', 0) + 1
        return 'written'


class WaitThenLoad(LoadAnew):
    """The same, once the gate opens: its transaction has begun by then."""

    def __call__(self):
        Wait(self.context, self.request)()
        return LoadAnew.__call__(self)


class WaitThenWrite(Write):
    """The same."""

    def __call__(self):
        Wait(self.context, self.request)()
        return Write.__call__(self)


class TakeAway(BrowserView):
    """Takes all views away."""

    def __call__(self):
        getConfiguration().product_config.pop('zserver-views', None)
        initialize(None)
        return 'gone'


class ProcessState(BrowserView):
    """What there is in this process, as JSON."""

    def __call__(self):
        import fixture_patches
        return json.dumps({'state': fixture_patches.state(),
                           'counts': fixture_patches.counts,
                           'channels': fixture_patches.channels()})
