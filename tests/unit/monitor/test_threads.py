"""monitor.threads: a dump of threads, by hand and of this process."""
from __future__ import absolute_import, division, print_function

import gc
import sys
import threading
import time

import pytest

from Products.ZServerViews._compat import PY2, get_ident
from Products.ZServerViews.format.stacks import group
from Products.ZServerViews.monitor import threads as threads_module
from Products.ZServerViews.monitor.helperchecks import HelperChecks
from Products.ZServerViews.monitor.thread_clocks import available, of_this_process
from Products.ZServerViews.monitor.thread_states import (
    IDLE,
    LOCK,
    RUNNING,
    SLEEPING,
    UNKNOWN,
)
from Products.ZServerViews.monitor.threads import (
    HELPER,
    LOOP,
    OTHER,
    WATCHDOG,
    WORKER,
    Description,
    Snapshot,
    collect,
    known_threads,
)
from Products.ZServerViews.runtime.site import Site

try:
    from _thread import start_new_thread
except ImportError:
    from thread import start_new_thread  # PY2

LONG = 10
WAIT = threading.Thread.start.__code__.co_filename, 'wait'
OURS = threads_module.__file__


class Code(object):
    def __init__(self, path, function):
        self.co_filename, self.co_name = path, function
        self.co_code, self.co_names = b'', ()


class Frame(object):
    """A frame without instructions; looking at its values is an error."""

    f_lasti = -1

    def __init__(self, line, back=None, path='/srv/app.py', function='work'):
        self.f_code = Code(path, function)
        self.f_lineno = line
        self.f_back = back

    @property
    def f_locals(self):
        raise AssertionError('nobody looks at values')

    f_globals = f_locals


class Thread(object):
    def __init__(self, ident, name, native_id=None):
        self.ident, self.name = ident, name
        if native_id is not None:
            self.native_id = native_id


def world(frames, *threads):
    return dict(frames=lambda: dict(frames), enumerate=lambda: threads)


def waits(line=1, path='/srv/app.py'):
    return Frame(line, Frame(5, path=path), *WAIT)


def test_one_thread():
    dump = collect(**world({7: Frame(2, Frame(1, function='outer'))},
                           Thread(7, 'one', 99)))
    assert dump.omitted == 0
    thread, = dump.threads
    assert vars(thread) == {
        'name': 'one', 'ident': 7, 'native_id': 99, 'role': OTHER,
        'state': UNKNOWN, 'request': None, 'target': None,
        'request_age_seconds': None,
        'stack': (('/srv/app.py', 1, 'outer'), ('/srv/app.py', 2, 'work')),
        'cut': False, 'unmoved_seconds': None}


def test_a_thread_that_the_threading_module_does_not_know():
    thread, = collect(**world({7: Frame(1)})).threads
    assert (thread.name, thread.native_id) == ('thread-7', None)
    thread, = collect(describe={7: Description(WORKER, name='worker 1')},
                      **world({7: Frame(1)})).threads
    assert (thread.name, thread.role) == ('worker 1', WORKER)


def test_a_thread_that_has_no_frame_any_more():
    dump = collect(**world({}, Thread(7, 'gone')))
    assert (dump.threads, dump.omitted) == ([], 0)


def test_what_is_described_and_the_order():
    describe = {1: Description(WORKER), 12: Description(WATCHDOG),
                2: Description(WORKER, 'GET /slow', 3.5),
                3: Description(LOOP), 10: Description(WORKER)}
    dump = collect(describe=describe, **world(
        dict((ident, Frame(1)) for ident in (1, 2, 3, 4, 5, 10, 12)),
        Thread(1, 'w-9'), Thread(10, 'w-10'), Thread(2, 'w-2'),
        Thread(3, 'main'), Thread(4, 'zserver-views-log-queue'),
        Thread(5, 'bad\x1bname'), Thread(12, 'dog')))
    assert [(thread.name, thread.role) for thread in dump.threads] == [
        ('w-2', WORKER), ('main', LOOP), ('w-9', WORKER), ('w-10', WORKER),
        ('dog', WATCHDOG), ('zserver-views-log-queue', HELPER),
        ('bad?name', OTHER)]
    thread = dump.threads[0]
    assert (thread.request, thread.request_age_seconds) == ('GET /slow', 3.5)


def test_the_oldest_request_comes_first():
    describe = dict((ident, Description(WORKER, 'GET /', age))
                    for ident, age in enumerate([2.0, None, 30.0, 2.0]))
    dump = collect(describe=describe, **world(
        dict((ident, Frame(1)) for ident in describe)))
    assert [thread.ident for thread in dump.threads] == [2, 0, 3, 1]


def test_too_many_frames_leave_the_innermost():
    frame = None
    for line in range(1, 11):
        frame = Frame(line, frame)
    thread, = collect(max_frames=3, **world({1: frame})).threads
    assert [line for _path, line, _function in thread.stack] == [8, 9, 10]
    assert thread.cut


def test_too_many_threads_leave_those_that_are_described():
    frames = dict((ident, Frame(1)) for ident in range(10))
    dump = collect(describe={8: Description(LOOP)}, max_threads=2,
                   **world(frames))
    assert [thread.ident for thread in dump.threads] == [8, 0]
    assert dump.omitted == 8
    assert dump.known == 2


def test_a_limit_counts_what_it_leaves_out():
    frames = dict((ident, Frame(1 + ident % 3)) for ident in range(9))
    dump = collect(describe={8: Description(LOOP)}, limit=2, **world(frames))
    assert [thread.ident for thread in dump.threads] == [8, 0]
    assert (dump.omitted, dump.known, dump.different) == (7, 9, 3)


def test_a_limit_forgets_nobody_that_has_not_moved():
    now = [100.0]
    snapshot = Snapshot(lambda: now[0])
    look = dict(snapshot=snapshot, **world({1: Frame(1), 2: Frame(2)}))
    collect(**look)
    now[0] += 2
    thread, = collect(limit=1, **look).threads
    assert thread.unmoved_seconds == 2.0
    now[0] += 2
    assert [thread.unmoved_seconds for thread in collect(**look).threads
            ] == [4.0, 4.0]


@pytest.mark.parametrize('known, name, expected', [
    (None, 'any', LOCK), (None, 'zserver-views-log-queue', IDLE),
    (Description(WATCHDOG), 'any', IDLE), (Description(WORKER), 'any', LOCK),
    (Description(HELPER, 'GET /'), 'any', LOCK)])
def test_a_helper_that_waits_for_a_condition_is_idle(known, name, expected):
    thread, = collect(describe=known and {1: known}, **world(
        {1: waits(path=OURS)}, Thread(1, name))).threads
    assert thread.state == expected


def test_a_helper_in_which_other_code_waits_is_not_idle():
    # A check of the site's, or a view that runs aside.
    thread, = collect(describe={1: Description(HELPER)},
                      **world({1: waits()})).threads
    assert thread.state == LOCK
    thread, = collect(describe={1: Description(HELPER)}, **world({1: Frame(
        1, None, *WAIT)})).threads
    assert thread.state == LOCK


def test_a_check_that_rests_is_idle_and_one_that_waits_does():
    go_on = threading.Event()
    checks = HelperChecks({'rests': lambda: True, 'fails': lambda: False,
                           'waits': lambda: go_on.wait(LONG)})
    expected = {'rests': IDLE, 'fails': IDLE, 'waits': LOCK}
    checks.start()
    try:
        for _look in range(1000):
            found = dict((thread.name.rpartition('-')[2], thread.state)
                         for thread in collect().threads
                         if thread.name.startswith('zserver-views-check-'))
            if expected.items() <= found.items():
                break
            time.sleep(0.01)
        else:
            raise AssertionError(found)
    finally:
        checks.stop()
        go_on.set()


def test_a_helper_of_which_nothing_tells():
    thread, = collect(describe={1: Description(HELPER)},
                      **world({1: Frame(1)})).threads
    assert thread.state == UNKNOWN


class Clocks(object):
    """Those of two threads."""

    @staticmethod
    def state(native_id):
        return {70: SLEEPING, None: RUNNING}.get(native_id)


def test_the_clock_where_the_stack_does_not_tell():
    dump = collect(clocks=Clocks(), **world(
        {7: Frame(1), 8: Frame(1), 9: Frame(1), 10: waits()},
        Thread(7, 'a', 70), Thread(8, 'b', 80), Thread(9, 'c'),
        Thread(10, 'd', 70)))
    assert [thread.state for thread in dump.threads] == [
        SLEEPING, UNKNOWN, RUNNING, LOCK]


def test_the_thread_that_looks_is_running():
    thread, = collect(**world({get_ident(): waits()})).threads
    assert thread.state == RUNNING


OWN_THREADS = ['zserver-views-log-queue', 'zserver-views-watchdog']


def test_own_threads_are_idle_at_the_first_look():
    site = Site()
    site.log_queue.start()
    site.watchdog.start()
    try:
        for _look in range(100):
            found = dict((thread.name, thread.state)
                         for thread in collect().threads
                         if thread.name in OWN_THREADS)
            if found == dict.fromkeys(OWN_THREADS, IDLE):
                break
            time.sleep(0.01)
        else:
            raise AssertionError(found)
    finally:
        watching = site.watchdog._daemon.thread
        site.watchdog.stop()
        watching.join(LONG)


@pytest.mark.parametrize('request_text, expected', [
    (None, IDLE), ('GET /', LOCK)])
def test_a_worker_with_a_request_is_never_idle(request_text, expected):
    queue = Frame(1, None, '/x/waitress/task.py', 'handler_thread')
    thread, = collect(
        describe={1: Description(WORKER, request_text)},
        **world({1: Frame(2, queue, *WAIT)})).threads
    assert thread.state == expected


def test_threads_that_have_not_moved():
    now = [100.0]
    snapshot = Snapshot(lambda: now[0])

    def look(*lines):
        frames = dict(enumerate(map(Frame, lines)))
        return [thread.unmoved_seconds for thread in collect(
            snapshot=snapshot, **world(frames)).threads]

    assert look(1, 1) == [None, None]
    now[0] += 2
    assert look(1, 2, 3) == [2.0, None, None]
    now[0] += 2
    assert look(1, 2) == [4.0, 2.0]
    now[0] += 2
    # The third one had been away; so its number is another thread's.
    assert look(2, 2, 3) == [None, 4.0, None]
    assert look() == []
    assert snapshot._seen == {}


def test_a_worker_has_not_stood_there_longer_than_with_its_request():
    now = [100.0]
    snapshot = Snapshot(lambda: now[0])
    for age, expected in (5.0, None), (1.0, 1.0), (3.0, 2.0):
        thread, = collect(
            snapshot=snapshot, describe={0: Description(WORKER, 'GET /', age)},
            **world({0: Frame(1)})).threads
        assert thread.unmoved_seconds == expected
        now[0] += 1


def test_folding():
    frames = dict((ident, Frame(1 + ident % 2)) for ident in range(5))
    frames[9] = Frame(2)
    groups = group(collect(describe={9: Description(LOOP)},
                           **world(frames)).threads)
    assert [[thread.ident for thread in members] for members in groups] == [
        [9], [0, 2, 4], [1, 3]]


def test_no_frame_is_kept():
    class Local(object):
        gone = []

        def __del__(self):
            self.gone.append(1)

    event, ready = threading.Event(), threading.Event()

    def work():
        local = Local()
        ready.set()
        event.wait(LONG)
        del local

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait(LONG)
    gc.disable()
    try:
        collect(max_threads=1)
        dump = collect()
        event.set()
        thread.join(LONG)
        assert Local.gone == [1]
    finally:
        gc.enable()
    assert dump


def test_known_threads_takes_no_lock():
    # In a thread: if it waited, the test would fail rather than hang.
    found = []
    with threading._active_limbo_lock:
        thread = threading.Thread(target=lambda: None)
        looking = Looking(found)
        looking.start()
        assert looking.done.wait(LONG)
    assert threading.current_thread() in found
    assert thread not in found


class Looking(object):
    """A thread that is none of the threading module's."""

    def __init__(self, found):
        self.found = found
        self.done = threading.Event()

    def start(self):
        start_new_thread(self.run, ())

    def run(self):
        self.found.extend(known_threads())
        self.done.set()


def test_without_the_dictionary_of_threads(monkeypatch):
    monkeypatch.setattr(threads_module, 'threading',
                        type('Module', (), {'enumerate': lambda: ['all']}))
    threads_module.threading.enumerate = staticmethod(lambda: ['all'])
    assert known_threads() == ['all']


def test_this_process():
    dump = collect(describe={get_ident(): Description(LOOP)})
    first = dump.threads[0]
    assert (first.ident, first.role, first.state) == (
        get_ident(), LOOP, RUNNING)
    assert first.name == threading.current_thread().name
    assert 'test_this_process' in [frame[2] for frame in first.stack]
    if sys.version_info >= (3, 8):
        assert first.native_id == threading.get_native_id()


def enter(lock):
    with lock:
        pass


def deadlocked(mine, other, me, them):
    try:
        with mine:
            me.set()
            them.wait(LONG)
            enter(other)
    except Exception:
        # The test ends a deadlock by a release that is not its own.
        pass


def test_a_deadlock_of_two_locks():
    one, two = threading.Lock(), threading.Lock()
    first, second = threading.Event(), threading.Event()
    pair = [threading.Thread(target=deadlocked, args=arguments)
            for arguments in [(one, two, first, second),
                              (two, one, second, first)]]
    for thread in pair:
        thread.start()
    try:
        found = in_deadlock([thread.ident for thread in pair])
        assert [thread.stack[-1][2] for thread in found] == ['enter'] * 2
        assert len(group(found)) == 1
    finally:
        one.release()
        for thread in pair:
            thread.join(LONG)


def in_deadlock(idents):
    """The two threads, once both are seen to wait for a lock in `enter`.

    On Python 2.7 the stacks tell; else the clocks, if there are any.
    """
    clocks = of_this_process()
    if not (PY2 or available()):
        return wait_for(idents, clocks, UNKNOWN)
    return wait_for(idents, clocks, LOCK)


def wait_for(idents, clocks, expected):
    for _look in range(1000):
        clocks.look([getattr(thread, 'native_id', None)
                     for thread in known_threads()])
        found = [thread for thread in collect(clocks=clocks).threads
                 if thread.ident in idents]
        if all(thread.state == expected and thread.stack[-1][2] == 'enter'
               for thread in found):
            return found
        time.sleep(0.01)
    raise AssertionError(found)
