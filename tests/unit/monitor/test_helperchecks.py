"""monitor.helperchecks: checks that may hang, in threads of their own."""
from __future__ import absolute_import, division, print_function

import threading

import pytest

from Products.ZServerViews.monitor.helperchecks import SOON, HelperCheck, HelperChecks

LONG = 10


def parts(check):
    return check.name, check.ok, check.detail


class Time(object):
    now = 100.0

    def __call__(self):
        return self.now


class Pause(object):
    """Stops a check's thread between two runs, until it is told to go on."""

    def __init__(self):
        self.seconds = []
        self.reached = threading.Semaphore(0)
        self.leave = threading.Semaphore(0)

    def __call__(self, seconds):
        self.seconds.append(seconds)
        self.reached.release()
        self.leave.acquire()


class Site(object):
    """A check whose world is under control."""

    def __init__(self, call, **options):
        self.clock, self.pause = Time(), Pause()
        self.reports, self.notices = [], []
        options.setdefault('notice', lambda check: self.notices.append(
            (check.ok, check.detail)))
        options.setdefault('report', lambda name, exc_info:
                           self.reports.append((name, exc_info[1])))
        self.check = HelperCheck('mine', call, clock=self.clock,
                                 pause=self.pause, **options)

    def start(self):
        self.check.start()
        return self.check._daemon.thread

    def ran(self):
        """Wait until one run is over; the result."""
        self.pause.reached.acquire()
        return self.check.result()

    def again(self):
        self.pause.leave.release()
        return self.ran()

    def end(self):
        self.check.stop()
        self.pause.leave.release()
        self.check._daemon.thread.join(LONG)
        assert not self.check._daemon.thread.is_alive()


class Secret(Exception):
    pass


def raising(error):
    def check():
        raise error
    return check


@pytest.mark.parametrize('call, ok, detail', [
    (lambda: None, True, u'ok'), (lambda: True, True, u'ok'),
    (lambda: u'2 of 3\n', False, u'2 of 3?'),
    (lambda: b'bytes', False, u'bytes'),
    (lambda: 'x' * 1000, False, u'x' * 197 + u'...'),
    (lambda: False, False, u'returned False'),
    (lambda: 0, False, u'returned a int'),
    (raising(Secret('dsn password=hunter2')), False, u'raised Secret'),
    (raising(SystemExit(1)), False, u'raised SystemExit'),
    (raising(KeyboardInterrupt()), False, u'raised KeyboardInterrupt')])
def test_results(call, ok, detail):
    site = Site(call)
    thread = site.start()
    assert parts(site.ran()) == ('mine', ok, detail)
    assert thread.daemon and thread.name == 'zserver-views-check-mine'
    assert parts(site.again()) == ('mine', ok, detail)
    assert site.pause.seconds == [10 if ok else SOON] * 2
    site.end()


def test_before_the_first_run():
    check = HelperCheck('mine', lambda: None)
    assert parts(check.result()) == ('mine', False, u'has not run yet')
    assert check._daemon.thread is None


def test_a_failure_is_reported_once():
    results = [Secret('a'), Secret('b'), None, Secret('c')]

    def call():
        result = results.pop(0)
        if result is not None:
            raise result

    site = Site(call)
    site.start()
    assert [site.ran().ok] + [site.again().ok for _run in range(3)] == [
        False, False, True, False]
    assert [(name, str(error)) for name, error in site.reports] == [
        ('mine', 'a'), ('mine', 'c')]
    site.end()


def test_a_report_that_fails():
    def report(name, exc_info):
        raise SystemExit(1)

    site = Site(raising(Secret()), report=report)
    site.start()
    assert not site.ran().ok
    assert not site.again().ok
    site.end()


def test_nobody_need_be_told():
    pause = Pause()
    check = HelperCheck('mine', raising(Secret()), pause=pause)
    check.start()
    pause.reached.acquire()
    assert check.result().detail == u'raised Secret'
    check.stop()
    pause.leave.release()


def test_a_check_that_hangs_and_comes_back():
    entered, leave = threading.Semaphore(0), threading.Semaphore(0)

    def call():
        entered.release()
        leave.acquire()

    site = Site(call, timeout=5)
    site.start()
    entered.acquire()
    site.clock.now += 5
    assert site.check.result().detail == u'has not run yet'
    leave.release()
    assert site.ran().ok
    # The next run hangs: the last result holds until the time is over.
    site.pause.leave.release()
    entered.acquire()
    site.clock.now += 4
    assert site.check.result().ok
    site.clock.now += 1.5
    assert parts(site.check.result()) == ('mine', False,
                                          u'no result for 5.5 s')
    # It is not started a second time.
    before = threading.active_count()
    site.check.start()
    assert threading.active_count() == before
    leave.release()
    assert parts(site.ran()) == ('mine', False, u'took 5.5 s')
    leave.release()
    assert site.again().ok
    # Each change is told once, from when on it shows.
    assert site.notices == [(False, u'no result for 5.5 s'), (True, u'ok')]
    site.end()


def test_a_change_is_noticed_once():
    results = [None, u'full', u'full', None]
    site = Site(lambda: results.pop(0))
    site.start()
    assert site.ran().line() == u'[+]mine ok (0 ms ago)'
    site.clock.now += 4
    assert site.check.result().line() == u'[+]mine ok (4.0 s ago)'
    for _run in range(3):
        site.again()
    assert site.notices == [(False, u'full'), (True, u'ok')]
    site.end()


def test_what_is_reported_is_not_noticed_but_its_end_is():
    results = [True, False]

    def call():
        if not results.pop():
            raise Secret('a')

    site = Site(call)
    site.start()
    assert not site.ran().ok
    assert site.again().ok
    assert (len(site.reports), site.notices) == (1, [(True, u'ok')])
    site.end()


def test_a_notice_that_fails():
    def notice(check):
        raise SystemExit(1)

    site = Site(lambda: False, notice=notice)
    site.start()
    assert not site.ran().ok
    assert not site.again().ok
    site.end()


def test_a_result_grows_old():
    site = Site(lambda: None, interval=10, timeout=5)
    site.start()
    assert site.ran().ok
    site.clock.now += 15
    assert site.check.result().ok
    site.clock.now += 1
    assert parts(site.check.result()) == ('mine', False,
                                          u'has not run for 16.0 s')
    assert site.again().ok
    site.end()


def test_a_thread_that_has_ended_is_started_again():
    site = Site(lambda: None)
    first = site.start()
    site.ran()
    site.end()
    second = site.start()
    assert second is not first
    assert site.ran().ok
    site.end()


def test_one_that_hangs_delays_no_other():
    leave, ran = threading.Event(), threading.Semaphore(0)
    pause = Pause()

    def fine():
        ran.release()

    checks = HelperChecks({'hangs': lambda: leave.wait(LONG), 'fine': fine},
                          pause=pause)
    assert [check.name for check in checks.results()] == ['fine', 'hangs']
    checks.start()
    for _run in range(3):
        ran.acquire()
        pause.reached.acquire()
        assert [check.ok for check in checks.results()] == [True, False]
        pause.leave.release()
    checks.stop()
    leave.set()
    pause.leave.release()
    pause.leave.release()


def test_a_run_that_begins_late_has_its_time_all_the_same():
    entered, leave, hangs = threading.Semaphore(0), threading.Semaphore(0), []

    def call():
        if hangs:
            entered.release()
            leave.acquire()

    site = Site(call, interval=10, timeout=5)
    site.start()
    assert site.ran().ok
    hangs.append(True)
    site.clock.now += 14
    site.pause.leave.release()
    entered.acquire()
    site.clock.now += 4
    assert site.check.result().ok
    site.clock.now += 2
    assert site.check.result().detail == u'no result for 6.0 s'
    leave.release()
    assert site.ran().detail == u'took 6.0 s'
    site.end()
