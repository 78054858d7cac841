"""runtime.forks: forked children, with a real Site and without."""
from __future__ import absolute_import, division, print_function

import os
import subprocess
import sys
import threading

import pytest

from Products.ZServerViews.runtime import forks as forks_module
from Products.ZServerViews.runtime.forks import Forks
from Products.ZServerViews.runtime.site import Site
from tests.unit import dummies


class Followed(object):
    """What `Forks` calls."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda: self.calls.append(name)


@pytest.fixture
def hooks(monkeypatch):
    """What Python would be given, of a process that has nothing of ours."""
    found = []
    monkeypatch.setattr(forks_module, '_hooked', [])
    monkeypatch.setattr(forks_module, '_followers', set())
    monkeypatch.setattr(os, 'register_at_fork',
                        lambda **hooks: found.append(hooks), raising=False)
    return found


def test_one_hook_for_all_and_for_ever(hooks):
    first, second = Forks(Followed()), Forks(Followed())
    assert hooks == []
    for forks in first, second, first:
        forks.follow()
    hook, = hooks
    hook['before']()
    hook['after_in_parent']()
    hook['after_in_child']()
    assert first._site.calls == second._site.calls == [
        'before_fork', 'after_fork', 'begin_anew']


@pytest.mark.parametrize('what', ['before', 'after_in_parent', 'after_in_child'])
def test_a_site_that_fails_spares_the_others(hooks, monkeypatch, what):
    """Then Python says what has failed, and the fork goes on."""
    def failing():
        raise ValueError('broken')

    good, bad = Forks(Followed()), Forks(Followed())
    # All that is called.
    bad._site.before_fork = bad._site.after_fork = failing
    bad._site.begin_anew = failing
    bad.follow()
    good.follow()
    monkeypatch.setattr(forks_module, '_followers', [bad, good])
    hook, = hooks
    with pytest.raises(ValueError):
        hook[what]()
    assert len(good._site.calls) == 1


def test_where_python_has_no_hooks(hooks, monkeypatch):
    monkeypatch.delattr(os, 'register_at_fork')
    Forks(Followed()).follow()
    assert hooks == []


def test_a_fork_that_nobody_tells_of(monkeypatch):
    forks, pid = Forks(Followed()), os.getpid()
    forks.look()
    assert forks._site.calls == []
    monkeypatch.setattr(os, 'getpid', lambda: pid + 1)
    forks.look()
    forks.look()
    assert forks._site.calls == ['begin_anew']
    monkeypatch.setattr(os, 'getpid', lambda: pid + 2)
    forks.look()
    assert forks._site.calls == ['begin_anew'] * 2


def test_one_thread_begins_anew(monkeypatch):
    forks, pid = Forks(Followed()), os.getpid()
    monkeypatch.setattr(os, 'getpid', lambda: pid + 1)
    forks._beginning.acquire()  # by another one
    forks.look()
    assert forks._site.calls == []
    forks._beginning.release()


def test_one_part_that_fails_spares_the_others():
    site = Site()
    log_queue = site.log_queue = dummies.LogQueue()
    site.loops.begin(None)
    site.drain.hold()

    def failing():
        raise ValueError('broken')

    site.when_forked = failing
    site.begin_anew()
    assert site.loops.all == () and not site.drain.held
    assert [text for _level, text, _exc_info in log_queue.logged] == [
        'A forked process did not begin anew']


# A process with all that a site can have, and its children. A child says what
# it is like before it serves, and while it does, and ends in order.
REAL = """
import ctypes, logging, os, signal, sys, threading, time
from Products.ZServerViews.config.settings import ProcessSettings
from Products.ZServerViews.runtime.site import Site

how, folder = sys.argv[1:]
logging.basicConfig(filename=os.path.join(folder, 'log'), level=logging.INFO,
                    format='%(process)d %(message)s')
site = Site()
site.settings = ProcessSettings({
    'hang-dump': os.path.join(folder, 'hang'), 'hang-after': 60.0,
    'switch-interval': 0.001 if sys.version_info[0] > 2 else None})
interval = getattr(sys, 'getswitchinterval', float)
initial = interval()

def names():
    if how == 'c':
        return []  # Python knows those of the parent too
    return sorted(thread.name for thread in threading.enumerate()
                  if thread.name.startswith('zserver-views'))

def awaited(condition):
    end = time.time() + 30
    while not condition():
        assert time.time() < end
        time.sleep(0.01)

def begin():
    site.record(True)
    site.describe(True)
    site.check({'one': lambda: None})
    site.start(['/a'])
    site.begin_loop(lambda: None, drains=True)
    awaited(lambda: site.checks.results()[0].ok)
    awaited(lambda: site.process.versions is not None)
    awaited(lambda: os.path.exists(os.path.join(folder, 'hang')))
    site.log_queue.log(logging.INFO, 'served')
    assert site.log_queue.flush(30)
    assert signal.getsignal(signal.SIGTERM) == site.signals._terminate

begin()
running = names()
before = site.loops.all
site.recorder.begins(site.recorder.received('GET', '/', None))
site.drain.hold()
site.view_threads._lock.acquire()  # as another thread may have it
site.running.acquire()
released = site.running, site.view_threads._lock
for number in range(50):
    site.log_queue.log(logging.INFO, 'line %d', number)
if how == 'c' or sys.version_info[0] == 2:
    # Where Python is not told, the locks of log handlers are not free again.
    assert site.log_queue.flush(30)
child = (ctypes.PyDLL(None).fork if how == 'c' else os.fork)()
if not child:
    if sys.version_info[0] == 2 or how == 'c':
        site.forks.look()
    assert names() == [], names()
    assert site.loops.all == () and not site.recorder.current
    assert not site.drain.draining and site.log_queue.left() == 0
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert interval() == initial
    begin()
    assert names() == running, names()
    site.log_queue.log(logging.INFO, 'the end')
    if how == 'c':
        site.log_queue.flush(30)
        os._exit(7)
    sys.exit(7)
for lock in released:
    lock.release()
status = os.waitpid(child, 0)[1] >> 8
assert site.loops.all == before and site.drain.held and names() == running
site.log_queue.log(logging.INFO, 'the end')
assert site.log_queue.flush(30)
with open(os.path.join(folder, 'log')) as log:
    lines = log.read().splitlines()
for text in ['line %d' % number for number in range(50)]:
    assert lines.count('%d %s' % (os.getpid(), text)) == 1, text
    assert lines.count('%d %s' % (child, text)) == 0, text
said = 'Views served from the event loop: /a'
for text in 'served', said, 'the end':
    for pid in os.getpid(), child:
        assert lines.count('%d %s' % (pid, text)) == 1, (text, pid, lines)
print(status)
"""


@pytest.mark.parametrize('how', ['python', 'c'])
def test_a_real_child(tmpdir, how):
    program = subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-c', REAL, how, str(tmpdir)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    killer = threading.Timer(120, program.kill)
    killer.start()
    output = program.communicate()[0]
    killer.cancel()
    assert output.decode('ascii').splitlines()[-1:] == ['7'], output
