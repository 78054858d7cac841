"""Runs a view of the monitor suite as the loop does, and measures its time.

    python -m benchmarks.looks threads 50 json

makes 50 threads, or as many requests, calls the view with ``?format=json``,
and prints the milliseconds of each call as JSON. No socket and no server is
there: what is measured is how long a loop would do nothing else. ::

    python -m benchmarks.looks metrics 500 prometheus

mounts so many views that there are 500 series.
"""
from __future__ import absolute_import, division, print_function

import argparse
import json
import threading
import time

from . import targets

# Frames of a thread: about as many as a request has that Zope publishes.
DEPTH = 40
PATH = '/site/folder/document-{0}/@@view'


class Queued(object):
    """Threads deep in some functions, each on a stack of its own."""

    def __init__(self, number):
        self._asleep = threading.Semaphore(0)
        self._go_on = threading.Event()
        self.threads = [
            threading.Thread(target=self._one, args=(index, DEPTH),
                             name='waitress-{0}'.format(index), daemon=True)
            for index in range(number)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        for _thread in self.threads:
            self._asleep.acquire()
        return self

    def __exit__(self, *exc_info):
        self._go_on.set()
        for thread in self.threads:
            thread.join()

    # The bits of a thread's number choose its path through these two.

    def _one(self, index, left):
        if not left:
            self._sleep()
        elif index & 1:
            self._other(index >> 1, left - 1)
        else:
            self._one(index >> 1, left - 1)

    def _other(self, index, left):
        if not left:
            self._sleep()
        elif index & 1:
            self._other(index >> 1, left - 1)
        else:
            self._one(index >> 1, left - 1)

    def _sleep(self):
        self._asleep.release()
        self._go_on.wait()


class ServerState(object):
    """Stands for a server with these workers and requests."""

    connection_limit = 2000
    knows_queue = True
    worker = worker_count = text = None
    not_known = ()

    def __init__(self, workers, waiting):
        self._workers = [thread.ident for thread in workers]
        self._waiting = waiting

    def requests(self):
        return self._waiting

    def worker_idents(self):
        return self._workers

    def worker_names(self):
        return {}

    def connections(self):
        return len(self._waiting)


def requests(recorder, number, workers):
    """So many requests; those at the beginning have a worker."""
    made = [recorder.received('GET', PATH.format(index), '192.0.2.7')
            for index in range(number)]
    for request, worker in zip(made, workers):
        request.start(recorder.now(), worker.ident)
        request.publishes('visitor')
        recorder.current[worker.ident] = request
    return made


def environ(site, server, view, form):
    return {'REQUEST_METHOD': 'GET', 'SCRIPT_NAME': '/-/' + view,
            'PATH_INFO': '', 'QUERY_STRING': 'format=' + form,
            'zserverviews.site': site, 'zserverviews.server': server}


def milliseconds(call, repeats):
    """The time of each call, behind some that warm everything up."""
    def no_matter(status, headers, exc_info=None):
        if status != '200 OK':
            raise RuntimeError(status)

    found = []
    for _number in range(repeats + 3):
        started = time.perf_counter()
        b''.join(call(no_matter))
        found.append(1e3 * (time.perf_counter() - started))
    return found[3:]


def mount_for(number):
    """The Service with so many series of metrics, and a few more."""
    service = targets.mount_suite()
    recorder = service.site.recorder
    for method in 'GET', 'POST', 'HEAD':
        for status in b'200', b'302', b'404', b'500':
            request = recorder.received(method, '/', None)
            recorder.begins(request)
            request.status = status
            recorder.ends()
    service.site.metrics.readings.read()
    entries = {'monitor': '/-/ Products.ZServerViews.views.monitor'}
    while series(service) < number:
        entries['view-{0}'.format(len(entries))] = (
            '/view-{0} benchmarks.targets.text_view'.format(len(entries)))
        service.configure({'zserver-views': entries})
    return service


def series(service):
    view = service.table.by_path['/-/metrics'].view
    text, = view(environ(service.site, ServerState((), ()), 'metrics',
                         'prometheus'), lambda status, headers: None)
    return sum(line[:1] not in (b'', b'#') for line in text.splitlines())


def measure(view, number, form, repeats):
    service = (mount_for(number) if view == 'metrics'
               else targets.mount_suite())
    site = service.site
    workers = number if view == 'threads' else targets.THREADS
    try:
        with Queued(workers) as queued:
            made = requests(site.recorder, len(queued.threads)
                            if view == 'metrics' else number, queued.threads)
            asked = environ(site, ServerState(queued.threads, made), view,
                            form)
            mount = service.table.by_path['/-/' + view]
            return milliseconds(
                lambda start_response: mount.view(asked, start_response),
                repeats)
    finally:
        service.configure({})


def main():
    parser = argparse.ArgumentParser(prog='python -m benchmarks.looks')
    parser.add_argument('view', choices=('threads', 'requests', 'metrics'))
    parser.add_argument('number', type=int)
    parser.add_argument('format')
    parser.add_argument('--repeats', type=int, default=200)
    given = parser.parse_args()
    print(json.dumps(measure(given.view, given.number, given.format,
                             given.repeats)))


if __name__ == '__main__':
    main()
