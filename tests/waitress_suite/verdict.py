"""What must be true of the run without the hook and the run with it.

Each function returns a list of complaints, empty when all is well.
"""
from __future__ import absolute_import, division, print_function

import collections
import glob
import os

from .runs import PROOF_FILE

WAITRESS_CLASS = 'waitress.channel.HTTPChannel'
OUR_PACKAGE = 'Products.ZServerViews.'


def file_of(test):
    """Tests are recorded as ``folder/file::class::name``."""
    return os.path.basename(test.split('::')[0])


def count(run, outcome):
    """How many of waitress's tests, without ours, had this outcome."""
    return sum(1 for test, found in run.outcomes.items()
               if found == outcome and file_of(test) != PROOF_FILE)


def complaints(tree, control, hooked):
    # A test that fails with the hook alone is a difference.
    found = failures(control) + differences(control.outcomes, hooked.outcomes)
    for name, run in (('without', control), ('with', hooked)):
        if run.code:
            found.append('{} the hook pytest ended with exit code {}'.format(
                name, run.code))
        found += ['{} the hook {}'.format(name, complaint)
                  for complaint in missing(tree, run)]
    return found + in_force(control, hooked)


def differences(control, hooked):
    """Tests whose outcome is not the same in both runs."""
    return ['{}: {} without the hook, {} with it'.format(
        test, control.get(test, 'not run'), hooked.get(test, 'not run'))
        for test in sorted(set(control) | set(hooked))
        if control.get(test) != hooked.get(test)]


def failures(control):
    return ['{}: {} even without the hook'.format(test, outcome)
            for test, outcome in sorted(control.outcomes.items())
            if outcome not in ('passed', 'skipped')]


def missing(tree, run):
    """Test files none of whose tests passed: not collected, or all skipped."""
    expected = set(os.path.basename(path) for path in glob.glob(
        os.path.join(glob.escape(tree), 'tests', 'test_*.py')))
    passed = collections.Counter(
        file_of(test) for test, outcome in run.outcomes.items()
        if outcome == 'passed')
    if not expected:
        return ['the archive has no test files']
    return ['no test passed in ' + name
            for name in sorted(expected | set([PROOF_FILE]))
            if not passed[name]]


def in_force(control, hooked):
    """The class that makes channels, seen before each test and at the end."""
    found = []
    if control.channel_classes != [WAITRESS_CLASS]:
        found.append('without the hook channels were made by {}'.format(
            control.channel_classes))
    if not (len(hooked.channel_classes) == 1
            and hooked.channel_classes[0].startswith(OUR_PACKAGE)):
        found.append('with the hook channels were made by {}'.format(
            hooked.channel_classes))
    if control.collected_from != hooked.collected_from:
        found.append('the runs used different copies of waitress: {}, {}'
                     .format(control.collected_from, hooked.collected_from))
    return found
