"""runtime.signals: which are taken, and given back."""
from __future__ import absolute_import, division, print_function

import os
import signal
import tempfile
import threading

import pytest

from Products.ZServerViews.runtime.signals import Signals, handled_in_c
from tests.unit import dummies
from tests.waiting import awaited


@pytest.fixture
def site():
    made = dummies.Site()
    made.signals = Signals(made)
    numbers = signal.SIGTERM, signal.SIGUSR1, signal.SIGINT
    before = [signal.signal(number, signal.SIG_DFL) for number in numbers]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield made
    made.signals.uninstall()
    for number, theirs in zip(numbers, before):
        signal.signal(number, theirs)


def handler():
    return signal.getsignal(signal.SIGTERM)


def test_taken_and_given_back(site):
    site.signals.install(drains=True)
    site.signals.install(drains=True)
    assert handler() not in (signal.SIG_DFL, signal.SIG_IGN)
    site.signals.uninstall()
    assert handler() == signal.SIG_DFL
    site.signals.uninstall()


def test_not_where_the_server_cannot_drain(site):
    site.signals.install(drains=False)
    assert handler() == signal.SIG_DFL


def test_not_with_the_setting_off(site):
    site.settings.signals = False
    site.signals.install(drains=True)
    assert handler() == signal.SIG_DFL


def test_somebody_elses_stays(site):
    def theirs(number, frame):
        raise AssertionError('not called')

    signal.signal(signal.SIGTERM, theirs)
    site.signals.install(drains=True)
    assert handler() is theirs
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    site.signals.install(drains=True)
    signal.signal(signal.SIGTERM, theirs)
    site.signals.uninstall()
    assert handler() is theirs


def in_thread(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()


def test_a_loop_in_another_thread(site):
    in_thread(site.signals.install, True)
    assert handler() == signal.SIG_DFL
    site.signals.install(drains=True)
    in_thread(site.signals.uninstall)
    assert handler() != signal.SIG_DFL
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def test_sigterm_begins_to_drain(site):
    woken = []
    site.signals.install(drains=True)
    site.loops.begin(lambda: woken.append(1)).running = True
    os.kill(os.getpid(), signal.SIGTERM)
    # Python calls a handler a moment later.
    awaited(lambda: woken == [1])
    assert site.drain.active
    assert handler() == signal.SIG_DFL


def test_sigterm_has_the_process_end_in_time(site):
    site.settings.drain_timeout = 7.0
    site.signals.install(drains=True)
    site.loops.begin(lambda: None).running = True
    os.kill(os.getpid(), signal.SIGTERM)
    awaited(lambda: site.exit_guard.begun_with == [('SIGTERM', 7.0, True)])


@pytest.mark.parametrize('running', [True, False])
def test_a_second_sigterm_for_process_1(site, monkeypatch, running):
    # The kernel would drop it.
    exits = []
    monkeypatch.setattr(os, 'getpid', lambda: 1)
    monkeypatch.setattr(os, 'kill', lambda *args: None)
    monkeypatch.setattr(os, '_exit', exits.append)
    site.signals.install(drains=True)
    site.loops.begin(lambda: None).running = running
    handler()(signal.SIGTERM, None)
    assert exits == ([] if running else [143])
    assert site.drain.active is running
    handler()(signal.SIGTERM, None)
    assert exits[-1] == 143


def ends_at_once(site, monkeypatch):
    """Whether SIGTERM ends the process now, as it does by default."""
    killed = []
    monkeypatch.setattr(os, 'kill', lambda *args: killed.append(args))
    handler()(signal.SIGTERM, None)
    return (killed == [(os.getpid(), signal.SIGTERM)]
            and handler() == signal.SIG_DFL and not site.drain.active)


def test_sigterm_without_a_running_loop(site, monkeypatch):
    site.signals.install(drains=True)
    site.loops.begin(None).running = False
    assert ends_at_once(site, monkeypatch)


def test_sigterm_when_the_thread_of_a_loop_has_ended(site, monkeypatch):
    in_thread(lambda: site.loops.begin(None))
    loop, = site.loops.all
    awaited(lambda: loop.has_ended)
    site.signals.install(drains=True)
    assert ends_at_once(site, monkeypatch)


def test_sigterm_between_two_turns(site):
    site.signals.install(drains=True)

    def turns():
        site.loops.begin(lambda: None)
        # No turn is under way.
        os.kill(os.getpid(), signal.SIGTERM)

    site.loops.bounded(turns)()
    awaited(lambda: site.drain.active)


def test_sigterm_where_the_hook_cannot_tell_whether_the_loop_runs(site):
    site.signals.install(drains=True)
    site.loops.begin(lambda: None)
    os.kill(os.getpid(), signal.SIGTERM)
    awaited(lambda: site.drain.active)


def test_sigterm_behind_an_uninstall_in_another_thread(site, monkeypatch):
    site.signals.install(drains=True)
    site.loops.begin(None).running = True
    in_thread(site.signals.uninstall)
    assert ends_at_once(site, monkeypatch)


# SIGUSR1


class Watchdog(object):
    asked = 0

    def ask_for_dump(self):
        self.asked += 1


@pytest.mark.parametrize('drains', [True, False])
def test_sigusr1_asks_for_a_dump(site, drains):
    site.watchdog = Watchdog()
    site.signals.install(drains)
    for number in 1, 2:
        os.kill(os.getpid(), signal.SIGUSR1)
        awaited(lambda: site.watchdog.asked == number)
    site.signals.uninstall()
    assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL


def test_a_handler_in_c_stays(site):
    faulthandler = pytest.importorskip('faulthandler')
    with tempfile.TemporaryFile() as stacks:
        faulthandler.register(signal.SIGUSR1, stacks)
        try:
            assert signal.getsignal(signal.SIGUSR1) == signal.SIG_DFL
            site.signals.install(drains=True)
            os.kill(os.getpid(), signal.SIGUSR1)
            stacks.seek(0)
            assert b'test_a_handler_in_c_stays' in stacks.read()
        finally:
            faulthandler.unregister(signal.SIGUSR1)
    assert handler() != signal.SIG_DFL


def test_who_has_handlers_in_c(tmpdir):
    status = tmpdir.join('status')
    status.write('Name:\tpython\nSigCgt:\t0000000000004202\n')
    assert handled_in_c(str(status)) == {2, 10, 15}
    status.write('Name:\tpython\n')
    assert handled_in_c(str(status)) == frozenset()
    assert handled_in_c(str(tmpdir.join('missing'))) == frozenset()
    # Not SIGINT, which a shell lets its programs in the background ignore.
    before = signal.signal(signal.SIGUSR2, lambda number, frame: None)
    try:
        assert signal.SIGUSR2 in handled_in_c()
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert signal.SIGUSR2 not in handled_in_c()


def test_ctrl_c_ends_the_loop_in_its_next_turn(site):
    woken = []
    site.signals.install(drains=True)
    site.loops.begin(lambda: woken.append(1)).running = True
    os.kill(os.getpid(), signal.SIGINT)
    awaited(lambda: woken == [1])
    assert site.drain.stopped
    assert site.exit_guard.begun_with == [('SIGINT', 0.0, False)]
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(5)


def test_ctrl_c_before_the_loop_turns(site):
    site.signals.install(drains=True)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(5)
    assert not site.drain.stopped


def test_ctrl_c_is_given_back(site):
    site.signals.install(drains=True)
    assert signal.getsignal(signal.SIGINT) != signal.default_int_handler
    site.signals.uninstall()
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler
