"""monitor.recorder: requests in work, by worker."""
from __future__ import absolute_import, division, print_function

import threading

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.monitor.requests import TRAVERSING, WAITING


def test_the_way_of_a_request():
    now = [100.0]
    recorder = Recorder(lambda: now[0])
    assert recorder.now() == 100.0
    request = recorder.received('GET', '/a?b', '192.0.2.1')
    assert (request.phase, request.path, request.client) == (
        WAITING, '/a', '192.0.2.1')
    assert recorder.here() is None
    now[0] = 103.0
    recorder.begins(request)
    assert recorder.here() is request
    assert recorder.current == {get_ident(): request}
    assert (request.phase, request.worker) == (TRAVERSING, get_ident())
    assert request.waited(now[0]) == 3.0
    recorder.ends()
    assert recorder.here() is None and recorder.current == {}
    assert recorder.finished.total() == 1


class Notes(object):
    """Notes what a reader finds at that moment."""

    least = 0.0

    def __init__(self, recorder):
        self._recorder = recorder
        self.found = []

    def note(self, *note):
        recorder = self._recorder
        self.found.append((list(recorder.current.values()),
                           recorder.finished.total()))

    append = note


def test_one_that_ends_is_found_in_work_until_it_is_noted():
    recorder = Recorder()
    recorder.ended = recorder.profiled = notes = Notes(recorder)
    request = recorder.received('GET', '/a', None)
    recorder.begins(request)
    recorder.ends()
    # It is never in work and finished at once: it would have begun twice.
    assert notes.found == [([request], 0)] * 2
    assert (recorder.current, recorder.finished.total()) == ({}, 1)


def test_an_end_without_a_beginning():
    recorder = Recorder()
    recorder.ends()
    assert recorder.finished.total() == 0


def test_the_end_of_another_one():
    recorder = Recorder()
    request = recorder.received('GET', '/', None)
    recorder.begins(request)
    recorder.ends(recorder.received('GET', '/other', None))
    assert recorder.here() is request and recorder.finished.total() == 0
    recorder.ends(request)
    assert recorder.here() is None and recorder.finished.total() == 1


def test_each_thread_has_its_own():
    recorder = Recorder()
    recorder.begins(recorder.received('GET', '/mine', None))
    seen = []
    thread = threading.Thread(target=lambda: seen.append(recorder.here()))
    thread.start()
    thread.join()
    assert seen == [None]


def test_a_request_that_begins_anew():
    request = Recorder().received('GET', '/', None)
    request.publishes('fred')
    request.traverses()
    assert (request.phase, request.user) == (TRAVERSING, 'fred')
