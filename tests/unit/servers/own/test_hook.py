"""hook: requests pass in a worker, and views are answered by the loop."""
from __future__ import absolute_import, division, print_function

import os
import threading
import time

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.config.values import address
from Products.ZServerViews.runtime.forks import Forks
from Products.ZServerViews.servers.contracts import IHook
from Products.ZServerViews.servers.own import beginnings
from Products.ZServerViews.servers.own import hook as hook_module
from Products.ZServerViews.servers import views_loop as loop_module
from Products.ZServerViews.servers.own import request as request_module
from Products.ZServerViews.servers.own.views_filter import make_filter
from tests.checkout import free_port
from tests.functional.client import Connection
from tests.unit import dummies
from tests.unit.servers.own.own_dummies import (
    Hooked,
    application,
    environ,
    thread_of_view,
)
from tests.waiting import awaited

pytestmark = pytest.mark.skipif(PY2, reason='not on Python 2.7')


def somewhere():
    return address('127.0.0.1:%d' % free_port())


@pytest.fixture
def make():
    made = []

    def make(*mounts, **settings):
        made.append(Hooked(*mounts, **settings))
        return made[-1]

    yield make
    for hooked in made:
        hooked.close()


def loops():
    return [thread for thread in threading.enumerate()
            if thread.name == loop_module.NAME]


def test_a_view_runs_in_the_thread_of_the_loop(make):
    view, threads = thread_of_view()
    hooked = make(dummies.mount(a_view=view))
    assert not loops()
    answer = hooked.ask('/a')
    assert answer.status == '200 OK' and answer.body == b'a view'
    assert answer.headers == [('X-Here', 'yes'), ('Content-Length', '6')]
    assert hooked.ask('/a').body == b'a view'
    assert threads == [loop_module.NAME] * 2
    assert len(loops()) == 1
    assert hooked.ask('/b').body == b'the site'
    hooked.close()
    awaited(lambda: not loops())
    assert hooked.ask('/a').body == b'the site'
    assert len(threads) == 2


def test_the_first_request_for_the_site_starts_the_loop(make):
    hooked = make(dummies.mount())
    assert not hooked.hook.serves and not hooked.hook.is_reached
    assert hooked.ask('/b').body == b'the site'
    assert hooked.hook.serves and hooked.hook.is_reached
    awaited(lambda: hooked.site.loops.all)
    assert [loop.thread for loop in hooked.site.loops.all] == [
        thread.ident for thread in loops()]


def test_where_another_loop_turns_nothing_is_in_force(make):
    hooked = make(dummies.mount())
    hooked.site.begin_loop(lambda: None, drains=False)
    assert hooked.ask('/a').body == b'the site'
    hooked.hook.begin()
    assert not loops()
    hooked.hook.uninstall()
    hooked.hook.install()
    assert hooked.ask('/a').body == b'the site'


def test_where_loops_are_unseen_nothing_is_in_force(make):
    hooked = make(dummies.mount())
    hooked.close()
    hooked.site.loops_are_unseen = True
    hooked.hook.install()
    assert hooked.ask('/a').body == b'the site'
    assert not loops()


def test_access_is_that_of_the_port_of_the_site(make):
    hooked = make(dummies.mount('/a', tier='operator'))
    for given in {}, {'HTTP_X_FORWARDED_FOR': '127.0.0.1'}:
        assert hooked.ask('/a', **given).status == '403 Forbidden'


def test_the_environ_of_a_view(make):
    found = []

    def view(environ, start_response):
        found.append(dict(environ, body=environ['wsgi.input'].read()))
        start_response('200 OK', [])
        return []

    hooked = make(dummies.mount('/a', view))
    hooked.ask('/a', method='POST', body=b'body',
               SERVER_SOFTWARE='a server').body
    found, = found
    assert found['body'] == b'body'
    assert (found['SCRIPT_NAME'], found['PATH_INFO']) == ('/a', '')
    assert found['zserverviews.reserved'] is False
    assert found['zserverviews.server'] is hooked.hook._loop.state
    assert found['zserverviews.peer'] is None
    assert found['zserverviews.site'] is hooked.site
    assert found['SERVER_SOFTWARE'] == 'a server'


def test_the_recorder_is_told(make):
    hooked = make(dummies.mount())
    hooked.site.record(True)
    found = []

    def site(environ, start_response):
        found.extend(hooked.site.recorder.current.values())
        return application(environ, start_response)

    pipeline = hooked.zope.pipeline(site)
    hooked.ask('/b', pipeline, REQUEST_URI='/b?c').body
    request, = found
    assert request.path == u'/b' and request.method == 'GET'
    now = hooked.site.recorder.now()
    document = request.document(now)
    assert document['waited_seconds'] is None
    assert document['sent_bytes'] is None
    assert document['client_address'] == '127.0.0.1'
    assert request.as_seen(request.worker or 1).times(now)[1] is None
    assert hooked.site.recorder.current == {}
    assert request.status == '200'
    assert hooked.site.recorder.finished.total() == 1
    # Not twice, where the filter and the pipeline have it.
    hooked.ask('/b', make_filter(pipeline)).body
    assert hooked.site.recorder.finished.total() == 2


def test_a_fault_of_ours_costs_no_request(make, monkeypatch):
    hooked = make(dummies.mount())
    monkeypatch.setattr(hook_module, 'find_mount', None)
    for _time in range(2):
        assert hooked.ask('/a').body == b'the site'
    (_level, text, exc_info), = hooked.site.log_queue.logged
    assert 'failed and are disabled' in text and exc_info is not None
    awaited(lambda: not loops())


class BrokenInput(object):
    """A client that has gone, or has said nonsense."""

    def read(self, size):
        raise ValueError('no chunk')


def test_a_fault_of_a_client_costs_no_view(make):
    view, _threads = thread_of_view()
    hooked = make(dummies.mount(a_view=view))
    with pytest.raises(ValueError, match='no chunk'):
        hooked.ask('/a', method='POST', **{
            'wsgi.input': BrokenInput(), 'wsgi.input_terminated': True})
    assert hooked.ask('/a').body == b'a view'
    assert not hooked.site.log_queue.logged


def test_too_large_a_body(make, monkeypatch):
    monkeypatch.setattr(request_module, 'LONGEST_BODY', 3)
    view, threads = thread_of_view()
    hooked = make(dummies.mount(a_view=view))
    answer = hooked.ask('/a', method='POST', body=b'four')
    assert answer.status.startswith('413 ') and answer.body
    assert not threads
    assert hooked.ask('/b', method='POST', body=b'four').body == b'the site'


def test_nothing_is_left_of_requests_that_a_loop_does_not_begin(
        make, monkeypatch):
    monkeypatch.setattr(request_module, 'PATIENCE', 0.01)
    monkeypatch.setattr(loop_module.ViewsLoop, '_turn',
                        lambda loop: time.sleep(0.01))
    hooked = make(dummies.mount())
    for _time in range(3):
        assert hooked.ask('/a').status.startswith('503 ')
    assert not hooked.hook._loop._handed_over


def test_a_loop_that_cannot_begin(make, monkeypatch):
    def no_thread(*args):
        raise RuntimeError('no thread')

    hooked = make(dummies.mount())
    monkeypatch.setattr(loop_module.Daemon, 'start', no_thread)
    before = len(os.listdir('/proc/self/fd'))
    # Neither a server nor a request ends with it.
    hooked.hook.begin('a server')
    assert hooked.ask('/a').body == b'the site'
    assert len(os.listdir('/proc/self/fd')) == before
    (_level, text, _exc_info), = hooked.site.log_queue.logged
    assert 'failed and are disabled' in text


def test_views_that_go_and_come_again(make):
    view, threads = thread_of_view()
    hooked = make(dummies.mount(a_view=view))
    for _time in range(3):
        hooked.hook.install()
        assert hooked.ask('/a').body == b'a view'
        assert hooked.hook._loop.pipeline is hooked.pipeline
        hooked.hook.uninstall()
        awaited(lambda: not loops())
        assert hooked.ask('/a').body == b'the site'
    assert len(threads) == 3


class Slow(object):
    """A connection that holds the loop up."""

    def __init__(self):
        self.begun, self.go_on = threading.Event(), threading.Event()

    def begin(self):
        self.begun.set()
        assert self.go_on.wait(20)


def test_views_that_come_again_before_the_loop_has_ended(make, monkeypatch):
    monkeypatch.setattr(loop_module, 'TO_END', 0.01)
    hooked, slow = make(dummies.mount()), Slow()
    hooked.hook.begin()
    hooked.hook._loop.take_over(slow)
    assert slow.begun.wait(20)
    try:
        hooked.hook.uninstall()
        hooked.hook.install()
        assert hooked.ask('/a').body != b'the site'
    finally:
        slow.go_on.set()
    awaited(lambda: len(loops()) == 1)


def test_a_listener_that_cannot_be_is_said_once(make, monkeypatch, tmp_path):
    monkeypatch.setattr(loop_module, 'TRY_AGAIN', 0.01)
    monkeypatch.setattr(loop_module, 'TICK', 0.01)
    tries = []
    folder = tmp_path / 'folder'
    hooked = make(dummies.mount(), listen=address(str(folder / 'socket')))
    is_free = loop_module.is_free
    monkeypatch.setattr(loop_module, 'is_free',
                        lambda asked: tries.append(1) or is_free(asked))
    hooked.hook.begin()
    awaited(lambda: len(tries) > 3)
    (_level, text, _exc_info), = hooked.site.log_queue.logged
    assert 'No listener for views' in text
    folder.mkdir()
    awaited(lambda: hooked.site.views_socket)


def test_the_filter(make):
    view, threads = thread_of_view()
    piped = make_filter(application, {})
    assert b''.join(piped(environ('/a'), lambda *args: None)) == b'the site'
    hooked = make(dummies.mount(a_view=view))
    assert hooked.ask('/a', piped).body == b'a view'
    assert hooked.ask('/b', piped).body == b'the site'
    with pytest.raises(ValueError, match='takes no settings: not a, b'):
        make_filter(application, {}, b='c', a='d')


def test_the_listener_of_the_loop(make):
    view, threads = thread_of_view()
    hooked = make(dummies.mount(a_view=view), listen=somewhere())
    hooked.hook.begin('a server')
    awaited(lambda: hooked.site.views_socket)
    for path, code in ('/a', 200), ('/b', 404):
        with Connection(hooked.site.settings.listen.address) as connection:
            assert connection.get(path).code == code
    assert threads == [loop_module.NAME]
    hooked.close()
    awaited(lambda: hooked.site.views_socket is None)
    awaited(lambda: not loops())


def test_the_address_of_another_process_is_taken_once_it_is_free(
        make, monkeypatch):
    monkeypatch.setattr(loop_module, 'TRY_AGAIN', 0.01)
    monkeypatch.setattr(loop_module, 'TICK', 0.01)
    where = somewhere()
    first, second = (make(dummies.mount(), listen=where) for _ in '12')
    first.hook.begin()
    awaited(lambda: first.site.views_socket)
    second.hook.begin()
    awaited(lambda: second.site.log_queue.logged)
    first.close()
    awaited(lambda: second.site.views_socket)
    errors = [text for _level, text, _exc_info
              in second.site.log_queue.logged if 'No listener' in text]
    assert len(errors) == 1


def test_a_forked_child_begins_anew(make):
    view, threads = thread_of_view()
    hooked = make(dummies.mount(a_view=view), listen=somewhere())
    site = hooked.site
    site.when_forked = hooked.hook.begin_anew
    assert isinstance(site.forks, Forks)
    site.forks.follow()
    assert hooked.ask('/a').body == b'a view'
    awaited(lambda: site.views_socket)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            assert not hooked.hook.serves and site.views_socket is None
            assert hooked.ask('/a').body == b'a view'
            assert hooked.hook.serves
            code = 0
        finally:
            os._exit(code)
    assert os.WEXITSTATUS(os.waitpid(pid, 0)[1]) == 0
    assert hooked.ask('/a').body == b'a view'
    with Connection(site.settings.listen.address) as connection:
        assert connection.get('/a').text == 'a view'


def test_what_begins_to_serve(make, monkeypatch):
    class Module(object):
        """A server's."""

        class HTTPServer(object):
            def serve(self):
                return 'served'

    class Uwsgi(object):
        def __init__(self, number):
            self.worker_id = lambda: number

    monkeypatch.setitem(beginnings.sys.modules, 'cheroot', Module)
    monkeypatch.setitem(beginnings.sys.modules, 'cheroot.server', Module)
    monkeypatch.setitem(beginnings.sys.modules, 'uwsgi', Uwsgi(0))
    monkeypatch.setitem(beginnings.sys.modules, 'bjoern', Module)
    monkeypatch.setitem(beginnings.sys.modules, 'gunicorn', None)
    hooked = make(dummies.mount())
    assert not hooked.zope.calls and not hooked.hook.serves
    assert Module.HTTPServer().serve() == 'served'
    assert hooked.hook.serves and hooked.hook.server == 'cheroot'
    hooked.close()
    hooked = make(dummies.mount())
    uwsgi = beginnings.sys.modules['uwsgi']
    uwsgi.post_fork_hook()
    assert not hooked.hook.serves  # a mule
    uwsgi.worker_id = lambda: 2
    uwsgi.post_fork_hook()
    assert hooked.hook.serves and hooked.hook.server == 'uWSGI'
    hooked.close()
    monkeypatch.setitem(beginnings.sys.modules, 'uwsgi', Uwsgi(1))
    hooked = make(dummies.mount())
    call, = hooked.zope.calls
    assert not hooked.hook.serves
    call()
    assert hooked.hook.serves


def test_it_is_a_hook_like_others(make):
    assert verifyObject(IHook, make().hook, tentative=True)


def test_without_waitress(make, monkeypatch):
    hooked = make(dummies.mount())
    assert hooked.hook.unusable() is None
    monkeypatch.setitem(beginnings.sys.modules, 'waitress.wasyncore', None)
    assert 'waitress' in hooked.hook.unusable()
