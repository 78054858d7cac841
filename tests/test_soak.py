"""Ten minutes of mixed load on each server: everything right, nothing grows.

Both servers run at once, and nothing is measured of time.

    SOAK_SECONDS   how long (600); 30 show whether the load itself is in order,
                   but not whether memory grows
    SOAK_LEAK      memory, descriptor or thread: what each request of one kind
                   is to leak; then the test must fail
"""
from __future__ import absolute_import, division, print_function

import os
import threading

import pytest

from tests.soak import logs, samples

SECONDS = float(os.environ.get('SOAK_SECONDS') or 600)
KINDS = ['waitress', 'zserver']
# Until then caches and pools still fill.
SETTLED = 300


@pytest.fixture(scope='module')
def outcomes(request):
    """{kind of server: Outcome}, of those that tests are chosen for."""
    # Not above: they are for Python 3, and others collect this module too.
    from concurrent.futures import ThreadPoolExecutor

    from tests.soak.run import soak
    from tests.soak.servers import prepare
    chosen = [kind for kind in KINDS if can_run(kind) and any(
        '[%s]' % kind in item.name for item in request.session.items)]
    prepare(chosen)
    stopping = threading.Event()
    with ThreadPoolExecutor(len(chosen)) as pool:
        running = [pool.submit(soak, kind, SECONDS, stopping)
                   for kind in chosen]
        try:
            found = dict(zip(chosen, [run.result() for run in running]))
        finally:
            # After Ctrl-C, or when one could not start.
            stopping.set()
    capture = request.config.pluginmanager.getplugin('capturemanager')
    with capture.global_and_fixture_disabled():
        for outcome in found.values():
            print('\n%s\n' % outcome)
    return found


def can_run(kind):
    """If not, it fails where somebody has asked for all of the matrix."""
    from tools import interpreters
    return (kind != 'zserver' or os.environ.get('STRICT')
            or interpreters.find('2.7'))


@pytest.fixture(params=KINDS)
def outcome(request, outcomes):
    if request.param not in outcomes:
        pytest.skip('Python 2.7 was not found')
    return outcomes[request.param]


@pytest.mark.soak
def test_every_answer_was_right(outcome):
    assert not outcome.load.failures, '\n'.join(outcome.load.failures)
    for row in outcome.load.rows.values():
        assert row.visits > row.excused, row.name


@pytest.mark.soak
@pytest.mark.skipif(SECONDS < SETTLED, reason='SOAK_SECONDS is too short')
def test_nothing_grows(outcome):
    assert samples.growing(outcome.samples) == []


@pytest.mark.soak
def test_nothing_is_left_of_the_load(outcome):
    assert samples.left_at_the_end(outcome.samples) == []


@pytest.mark.soak
def test_no_exception_but_those_made_on_purpose(outcome):
    found = logs.unexpected(outcome.event_log)
    assert not found, '\n'.join(found)


@pytest.mark.soak
def test_no_line_is_lost(outcome):
    """In visits that were excused not all has been asked, nor by a view."""
    assert outcome.dropped_log_lines == 0
    row = outcome.load.rows['kept_alive']
    for target in '/thr-id', 'echo?name=kept':
        found = logs.lines_for(outcome.access_log, target)
        assert row.visits - row.excused <= found <= row.visits, target
    assert logs.lines_for(outcome.access_log, '/quiet') <= row.excused


@pytest.mark.soak
def test_it_has_ended_in_order(outcome):
    assert outcome.exit_code == 0
    assert outcome.processes == []


# What the tests above rely on:

def sampled(**changes):
    """Ten samples; each name is told how much more it becomes each time."""
    usual = dict.fromkeys(samples.Sample._fields, 0)
    return [samples.Sample(**dict(usual, seconds=number, **dict(
        (name, 1000 + change * number) for name, change in changes.items())))
        for number in range(10)]


@pytest.mark.parametrize('name, change', [
    ('resident', 2000000), ('objects', 100), ('blocks', 1000)])
def test_what_grows_is_seen(name, change):
    assert len(samples.growing(sampled(**{name: change}))) == 1
    assert samples.growing(sampled(**{name: change // 4})) == []
    assert samples.growing(sampled(**{name: 0})) == []
    assert samples.growing(sampled(**{name: -change})) == []


def test_a_single_sample_decides_nothing_but_the_last():
    more = sampled(descriptors=0, resident=0, threads=0)
    more[8] = more[8]._replace(descriptors=2000, resident=1 << 30, threads=2000)
    assert samples.growing(more) == samples.left_at_the_end(more) == []
    more[9] = more[9]._replace(descriptors=1001, threads=1001)
    assert len(samples.left_at_the_end(more)) == 2


def test_an_exception_on_purpose_is_told_from_others():
    record = ('2024-05-01 10:00:00,000 ERROR [x][y] failed\n'
              'Traceback (most recent call last):\n  File "a"\n    b\n%s')
    on_purpose = record % "RuntimeError: ('on purpose', 0)"
    other = record % 'RuntimeError: by accident'
    uncaptured = '2024-05-01T10:00:00 ERROR uncaptured python exception'
    records = [on_purpose, other, uncaptured, on_purpose]
    assert logs.unexpected('\n'.join(records)) == [other, uncaptured]
