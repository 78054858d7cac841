"""How many tests passed, failed and were skipped in one environment."""
from __future__ import absolute_import, division, print_function

import os
from xml.etree import ElementTree


class Result:
    """Counts from pytest's report; without one, the environment is one."""

    def __init__(self, status, report):
        self.passed = self.failed = 0
        self.skipped = []
        if os.path.exists(report):
            self.read(ElementTree.parse(report))
        elif not status:
            self.passed = 1
        if status and not self.failed:
            self.failed = 1

    def read(self, report):
        for case in report.iter('testcase'):
            outcomes = {child.tag: child for child in case}
            if 'failure' in outcomes or 'error' in outcomes:
                self.failed += 1
            elif 'skipped' in outcomes:
                self.skipped.append('{0}: {1}'.format(
                    case.get('name'), outcomes['skipped'].get('message')))
            else:
                self.passed += 1

    def __str__(self):
        words = '{0} passed, {1} failed'.format(self.passed, self.failed)
        if self.skipped:
            words += ', {0} skipped'.format(len(self.skipped))
        return words
