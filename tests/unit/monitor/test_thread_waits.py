"""What is known of real threads that wait, on each Python: a table."""
from __future__ import absolute_import, division, print_function

import os
import select
import socket
import threading
import time

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.monitor.thread_clocks import available, of_this_process
from Products.ZServerViews.monitor.thread_states import (
    IDLE,
    LOCK,
    RUNNING,
    SLEEPING,
    SOCKET,
    UNKNOWN,
    WAITING,
)
from Products.ZServerViews.monitor.threads import collect

try:
    import queue
except ImportError:
    import Queue as queue  # PY2

LONG = 20


class Stuck(object):
    """Ways to wait until `release`, each in a method of its own."""

    def __init__(self):
        self.lock = threading.Lock()
        self.lock.acquire()
        self.event = threading.Event()
        self.queue = queue.Queue()
        self.near, self.far = socket.socketpair()
        if PY2:
            self.near = socket.socket(_sock=self.near)  # PY2
        self.reader, self.writer = os.pipe()
        self.sleeper = threading.Thread(target=self.event.wait, args=(LONG,))
        self.go_on = True

    def release(self):
        self.go_on = False
        self.event.set()
        self.queue.put(None)
        self.far.send(b'.')
        os.write(self.writer, b'.')
        self.lock.release()

    def close(self):
        self.near.close()
        self.far.close()
        os.close(self.reader)
        os.close(self.writer)

    def enters(self):
        with self.lock:
            pass

    def acquires(self):
        self.lock.acquire()

    def enters_often(self):
        # So often that the interpreter has specialized the call.
        lock = threading.Lock()
        for number in range(100):
            with lock if number < 99 else self.lock:
                pass

    def waits(self):
        self.event.wait(LONG)

    def joins(self):
        self.sleeper.start()
        self.sleeper.join(LONG)

    def gets(self):
        self.queue.get(timeout=LONG)

    def selects(self):
        select.select([self.near], [], [], LONG)

    def polls(self):
        poll = select.poll()
        poll.register(self.near, select.POLLIN)
        poll.poll(20000)

    def receives(self):
        self.near.recv(1)

    def receives_in_time(self):
        self.near.settimeout(LONG)
        self.near.recv(1)

    def reads_a_line(self):
        lines = self.near.makefile('rb', 1)
        lines.read(1)

    def reads_a_pipe(self):
        os.read(self.reader, 1)

    def sleeps(self):
        while self.go_on:
            time.sleep(1)

    def sleeps_by_select(self):
        while self.go_on:
            select.select([], [], [], 1)

    def computes(self):
        while self.go_on:
            sum(range(100))


# (function, what the clocks tell, what Python 2.7 is told by the call); both
# stand aside where the frame's function tells.
CASES = [
    (Stuck.enters, LOCK, LOCK),
    (Stuck.enters_often, LOCK, LOCK),
    (Stuck.acquires, LOCK, LOCK),
    (Stuck.waits, LOCK, LOCK),
    (Stuck.joins, LOCK, LOCK),
    (Stuck.gets, IDLE, IDLE),
    (Stuck.selects, SOCKET, SOCKET),
    (Stuck.polls, SOCKET, SOCKET),
    (Stuck.receives, SOCKET, SOCKET),
    (Stuck.receives_in_time, SOCKET, SOCKET),
    (Stuck.reads_a_line, SOCKET, SOCKET),
    (Stuck.reads_a_pipe, WAITING, UNKNOWN),
    (Stuck.sleeps, SLEEPING, SLEEPING),
    (Stuck.sleeps_by_select, SLEEPING, SOCKET),
    (Stuck.computes, RUNNING, UNKNOWN),
]
BY_FRAME = {Stuck.waits: LOCK, Stuck.joins: LOCK, Stuck.gets: IDLE,
            Stuck.reads_a_line: SOCKET}


@pytest.mark.parametrize('case', CASES, ids=lambda case: case[0].__name__)
def test_what_is_known_of_a_thread(case):
    function, by_clock, by_call = case
    by_frame = by_call if PY2 else BY_FRAME.get(function, UNKNOWN)
    stuck = Stuck()
    thread = threading.Thread(target=function, args=(stuck,))
    thread.start()
    try:
        wait_for(thread, by_frame, collect)
        if available():
            wait_for(thread, by_clock, looks())
    finally:
        stuck.release()
        thread.join(LONG)
        stuck.close()


def looks():
    clocks = of_this_process()

    def look():
        clocks.look([thread.native_id for thread in threading.enumerate()])
        return collect(clocks=clocks)

    return look


def wait_for(thread, expected, look):
    """Until two looks in a row find that state."""
    found = []
    for _look in range(200):
        found += [one.state for one in look().threads
                  if one.ident == thread.ident]
        if found[-2:] == [expected] * 2:
            return
        time.sleep(0.06)
    raise AssertionError('%s instead of %s' % (found[-20:], expected))


@pytest.mark.skipif(not available(), reason='Python 3 on Linux has clocks of '
                    'threads; elsewhere no state comes from them')
def test_threads_that_wait_for_the_interpreter_do_not_wait_for_a_lock():
    stuck = Stuck()
    threads = [threading.Thread(target=stuck.computes) for _thread in range(5)]
    for thread in threads:
        thread.start()
    idents = [thread.ident for thread in threads]
    look, found = looks(), []
    try:
        # At least a dozen looks; more where the processors have much else to
        # do, and each thread gets little of them.
        while len(found) < 60 or RUNNING not in found and len(found) < 600:
            time.sleep(0.25)
            found += [one.state for one in look().threads
                      if one.ident in idents]
    finally:
        stuck.release()
        for thread in threads:
            thread.join(LONG)
        stuck.close()
    assert RUNNING in found
    assert set(found) <= {RUNNING, UNKNOWN}, found
