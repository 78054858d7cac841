"""Documents as the suite answers them, and an instance that answers with them."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.cli.top.asking import Trouble
from Products.ZServerViews.cli.top.places import place
from Products.ZServerViews.cli.top.watching import Watcher


def workers(busy=0, total=4, waiting=0, finished=20, oldest=None):
    return {'workers': total, 'busy': busy, 'waiting': waiting,
            'oldest_wait_seconds': oldest,
            'finished_by_seconds': {'10': finished}}


def request(path=u'/page', worked=None, age=1.5, ident=None, **kw):
    return dict({
        'method': u'GET', 'path': path, 'asked_host': None, 'asked_path': None,
        'phase': 'waiting' if worked is None else 'publishing',
        'age_seconds': age, 'worked_seconds': worked, 'worker_ident': ident,
        'worker_name': None if ident is None else u'waitress-%d' % ident,
        'user': None, 'client_gone': False}, **kw)


def requests(*documents):
    return {'requests': list(documents), 'omitted_requests': 0}


def thread(ident, *stack, **kw):
    return dict({'ident': ident, 'role': 'worker', 'state': 'waiting for lock',
                 'request_age_seconds': 12.0, 'unmoved_seconds': 3.25,
                 'stack': [list(frame) for frame in stack]}, **kw)


def threads(*documents):
    return {'threads': list(documents)}


def health(*reasons):
    return {'status': 'fail' if reasons else 'pass', 'checks': dict(
        ('check %d' % number, [{'status': 'fail', 'output': reason}])
        for number, reason in enumerate(reasons))}


def metrics(*counts, **kw):
    """One histogram, with the numbers of requests up to 0.1, 1 and 10 seconds."""
    return {'families': [
        {'name': 'other', 'series': [{'value': 1}]},
        {'name': 'process_start_time_seconds',
         'series': [{'value': kw.get('started', 1.0)}]},
        {'name': 'http_server_request_duration_seconds', 'series': [
            {'count': counts[-1], 'sum': 1.0,
             'buckets': [[0.1, counts[0]], [1, counts[1]], [10, counts[2]]]}]}]}


class Clock(object):
    """One that stands still until it is moved."""

    now = 100.0

    def __call__(self):
        return self.now


class Suite(object):
    """Answers as an instance does: a document for each view, or a Trouble.

    ``asked``
        [(name, query, timeout)]
    """

    def __init__(self, **documents):
        self.documents = dict({
            'workers': workers(), 'live': health(), 'ready': health(),
            'requests': requests(), 'threads': threads(),
            'metrics': metrics(0, 0, 0, 0)}, **documents)
        self.asked = []

    def ask(self, place, name, query='', timeout=None):
        self.asked.append((name, query, timeout))
        document = self.documents[name]
        if isinstance(document, Trouble):
            raise document
        return document

    @property
    def names(self):
        return [name for name, _query, _timeout in self.asked]


def watcher(suite, name='http://127.0.0.1:8080', clock=None):
    return Watcher(place(name), 1.0, 1.5, suite.ask, clock or Clock())


def looked(name='http://127.0.0.1:8080', **documents):
    """A Watcher that has looked once at a suite with these documents."""
    made = watcher(Suite(**documents), name)
    made.look()
    return made


FRAMES = [(u'/lib/python3.11/site-packages/waitress/task.py', 84, u'handler'),
          (u'/srv/mysite/accounts.py', 15, u'__call__'),
          (u'/usr/lib/python3.11/threading.py', 320, u'wait')]


def stuck(**more):
    """The documents of four stuck workers, and two requests that wait."""
    return dict({
        'workers': workers(4, 4, 2, 0, 11.5),
        'ready': health(u'the oldest request has waited 11.5 s'),
        'requests': requests(*[
            request(u'/report', 12.0 + ident, 12.0 + ident, ident)
            for ident in range(4)] + [request(age=11.5), request(age=3.0)]),
        'threads': threads(*[thread(ident, *FRAMES) for ident in range(4)])},
        **more)
