"""servers.waitress: how many of our functions a request passes.

Times do not belong into tests, and instructions are counted by the benchmark;
but calls are the same on every machine. Whoever needs more of them on these
paths, which docs/speed.rst measures, is to know it.
"""
from __future__ import absolute_import, division, print_function

import gc
import itertools
import os
import sys
from collections import Counter

import pytest

import Products.ZServerViews
from Products.ZServerViews.base import TextView
from Products.ZServerViews.http.encoder import Heads
from Products.ZServerViews.monitor.recorder import Recorder
from Products.ZServerViews.servers.waitress import known_heads
from Products.ZServerViews.servers.waitress.admission import admission_of
from tests.unit.dummies import stopped_heads
from tests.unit.servers.waitress.test_environ import QUICK
from tests.unit.servers.waitress.test_loop import GET, Served

# Functions that a request for a view passes whose head is known.
MOST_KNOWN = 27

OURS = os.path.dirname(Products.ZServerViews.__file__)


@pytest.fixture
def served():
    made = Served()
    made.site.heads = stopped_heads()
    made.mount('/text', TextView(lambda environ: u'text'), access_log=False)
    # A new longest time would be told, by one call more.
    made.mounts[-1].usage.longest = 3600
    made.site.settings.view_budget = 3600
    # As in a site, the limit is far.
    for admission in filter(None, map(admission_of, made.servers)):
        admission.limit = 100
    yield made
    made.close()


def calls(work):
    """{(file, name): how often} of the functions of ours that it passes."""
    counted = Counter()

    def seen(frame, event, argument):
        code = frame.f_code
        if event == 'call' and code.co_filename.startswith(OURS):
            counted[code.co_filename, code.co_name] += 1

    # What tests before have left would be closed by us in between.
    gc.collect()
    gc.disable()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return counted


def request(served, path, before=1):
    """What a request on a connection passes in the loop, behind so many that were
    the same; what each iteration has to ask is left out."""
    client = served.connect(0)
    for _number in range(before):
        client.sendall(GET % path)
        served.turn()
        served.workers.run()
        served.turn()
        assert client.recv(1000)
    idle = calls(lambda: served.turn(1))
    client.sendall(GET % path)
    return calls(lambda: served.turn(1)) - idle


def test_a_request_for_the_site(served):
    passed = request(served, b'page')
    # Nothing is done behind the worker's answer.
    assert calls(served.workers.run) == {}
    assert [(name, number) for (_path, name), number in passed.items()] == [
        ('add_task_or_view', 1)]


@pytest.mark.skipif(not QUICK, reason='that waitress makes each environ itself')
@pytest.mark.parametrize('is_known, is_remembered, most', [
    (True, True, MOST_KNOWN), (True, False, MOST_KNOWN + 6),
    (False, True, 27), (False, False, 33)])
def test_a_request_for_a_view(served, monkeypatch, is_known, is_remembered,
                              most):
    if not is_known:
        monkeypatch.setattr(known_heads, 'LIMIT', 0)
    if not is_remembered:
        served.site.heads = NoMemory()
    passed = request(served, b'text', 3)
    assert served.clients[0].recv(1000).endswith(b'text')
    assert sum(passed.values()) <= most, passed
    assert len(set(path for path, _name in passed)) <= 9, passed


class NoMemory(Heads):
    """Makes each head anew, as in a new second."""

    def __init__(self):
        self.seconds = itertools.count()
        Heads.__init__(self, lambda: next(self.seconds))


def test_a_request_for_the_site_that_is_recorded(served):
    # In a new second a counter is set to nought.
    served.site.recorder = Recorder(lambda: 5.0)
    served.hook.install()
    passed = request(served, b'page') + calls(served.workers.run)
    assert sum(passed.values()) <= 19, passed
