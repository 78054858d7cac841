"""hooks.wasyncore: how many of our functions a request passes.

Times do not belong into tests, and instructions are counted by the benchmark;
but calls are the same on every machine. Whoever needs more of them on these
paths, which docs/speed.rst measures, is to know it.
"""
from __future__ import absolute_import, division, print_function

import os
import sys
from collections import Counter

import pytest

import Products.ZServerViews
from Products.ZServerViews.base import TextView
from Products.ZServerViews.monitor.recorder import Recorder

from .dummies import stopped_heads
from .test_wasyncore_loop import GET, Served

OURS = os.path.dirname(Products.ZServerViews.__file__)


@pytest.fixture
def served():
    made = Served()
    # In a new second a head is made anew.
    made.site.heads = stopped_heads()
    made.mount('/text', TextView(lambda environ: u'text'), access_log=False)
    yield made
    made.close()


def calls(work):
    """{name: how often} of the functions of the product that it passes."""
    counted = Counter()

    def seen(frame, event, argument):
        code = frame.f_code
        if event == 'call' and code.co_filename.startswith(OURS):
            counted[code.co_name] += 1

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return counted


def request(served, path):
    """What the second request on a connection passes in the loop; what each
    turn has to ask is left out."""
    client = served.connect(0, GET % path)
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
    assert passed == {'add_task_or_view': 1}


def test_a_request_for_a_view(served):
    passed = request(served, b'text')
    assert served.clients[0].recv(1000).endswith(b'text')
    assert passed.pop('add_task_or_view') == 1
    assert sum(passed.values()) <= 31, passed


def test_a_request_for_the_site_that_is_recorded(served):
    # In a new second a counter is set to nought.
    served.site.recorder = Recorder(lambda: 5.0)
    served.hook.install()
    passed = request(served, b'page') + calls(served.workers.run)
    assert sum(passed.values()) <= 19, passed
