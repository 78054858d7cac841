"""Random requests get the same answers whether heads are known or not.

Two processes play the same scripts, see `tests.functional.heads`: in one the
look-up of heads as received is in force, in the other it is off. What clients,
views, counters and the access log get is the same, byte for byte.

``ZSV_HEADS`` and ``ZSV_SEED`` make them other and more, for a longer look.
"""
from __future__ import absolute_import, division, print_function

import difflib
import io
import json
import os
import subprocess
import sys

import pytest

from tests.functional.harness.on_waitress import knows_heads
from tests.functional.heads.faults import FAULTS

HEADS = int(os.environ.get('ZSV_HEADS', 100000))
SEED = os.environ.get('ZSV_SEED', '17')
# What a script sends on average, at the least.
HEADS_OF_A_SCRIPT = 25
# So many find any of the faults.
FEW_SCRIPTS = 300
# Characters of the difference between two transcripts.
SHOWN = 4000
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Way(object):
    """A process that plays scripts, and what it has written."""

    def __init__(self, folder, name, **asked):
        self._out = str(folder.join(name))
        self._asked = dict({'seed': SEED, 'known': None, 'fault': None,
                            'show': None, 'out': self._out}, **asked)
        # It is measured where it is short: the other tests reach all lines.
        environ = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
        for name in [name for name in environ if name.startswith('COVERAGE_')]:
            del environ[name]
        with io.open(self._out + '.log', 'wb') as log:
            self._child = subprocess.Popen(
                [sys.executable, '-m', 'tests.functional.heads.child',
                 json.dumps(self._asked)], cwd=TOP, env=environ, stdout=log,
                stderr=subprocess.STDOUT)

    def lines(self):
        """All that it has written, once it has ended."""
        try:
            code = self._child.wait()
        finally:
            if self._child.poll() is None:
                self._child.kill()
                self._child.wait()
        with io.open(self._out + '.log', encoding='utf-8') as log:
            assert code == 0, log.read()
        with io.open(self._out, 'rb') as out:
            return out.read().splitlines()


def both(folder, scripts, show=None):
    """What two ways have written; the second one knows no heads."""
    ways = [Way(folder, 'way%d' % number, scripts=scripts, known=known, show=show)
            for number, known in enumerate((None, 0))]
    return [way.lines() for way in ways]


def first_difference(found, wanted):
    """The number of the first line that differs; None if none does."""
    for number, pair in enumerate(zip(found, wanted)):
        if pair[0] != pair[1]:
            return number
    return None if len(found) == len(wanted) else min(len(found), len(wanted))


def difference(folder, number, scripts):
    """Where the steps of a script differ, as a text."""
    found, wanted = [lines[number:]
                     for lines in both(folder, scripts, show=number)]
    return '\n'.join(line.decode('latin-1') for line in difflib.diff_bytes(
        difflib.unified_diff, wanted, found, b'unknown', b'known',
        lineterm=b''))[:SHOWN]


def test_known_heads_change_nothing(tmpdir):
    scripts = HEADS // HEADS_OF_A_SCRIPT
    known, unknown = both(tmpdir, scripts)
    counted, uncounted = [json.loads(lines.pop().decode('ascii'))
                          for lines in (known, unknown)]
    differs = first_difference(known, unknown)
    if differs is not None and differs < scripts:
        pytest.fail('seed %s, script %d:\n%s' % (
            SEED, differs, difference(tmpdir, differs, scripts)))
    assert differs is None, (SEED, known[differs:differs + 3],
                             unknown[differs:differs + 3])
    assert counted['heads'] == uncounted['heads'] >= HEADS
    assert counted['lines'] == uncounted['lines'] > 0
    # It was in force, and only there.
    assert counted['found'] > HEADS / 20
    assert uncounted['found'] == 0


def test_this_run_has_what_it_is_for(zope):
    """With ``ZSV_KNOWN_HEADS=off`` no instance of any test knows a head."""
    with zope.connect() as connection:
        found = [int(connection.get('/v/known_heads').text) for _time in range(4)]
    assert found[0] == 0
    assert (found[-1] > 0) == knows_heads()


@pytest.fixture(scope='module')
def unknown(tmpdir_factory):
    """What comes of a few scripts where no head is known."""
    return Way(tmpdir_factory.mktemp('unknown'), 'way', scripts=FEW_SCRIPTS,
               known=0).lines()


@pytest.mark.parametrize('fault', [fault.__name__ for fault in FAULTS])
def test_the_comparison_finds_a_wrong_memory(tmpdir, unknown, fault):
    found = Way(tmpdir, 'way', scripts=FEW_SCRIPTS, known=0, fault=fault).lines()
    assert first_difference(found[:FEW_SCRIPTS], unknown[:FEW_SCRIPTS]) is not None
