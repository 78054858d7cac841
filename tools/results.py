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

    def settle(self, second):
        """The result of a second attempt at what failed is added."""
        self.passed += second.passed
        self.failed = second.failed

    def read(self, report):
        for case in report.iter('testcase'):
            outcomes = {child.tag: child for child in case}
            if 'failure' in outcomes or 'error' in outcomes:
                self.failed += 1
            elif 'skipped' in outcomes:
                self.skipped.append(
                    (case.get('name'), reason_of(outcomes['skipped'])))
            else:
                self.passed += 1

    def reasons(self):
        """Each reason once, with the case that it is for, or how many."""
        cases = {}
        for name, reason in self.skipped:
            cases.setdefault(reason, []).append(name)
        return ['{0} ({1})'.format(
            reason, names[0] if len(names) == 1 else '%d cases' % len(names))
            for reason, names in cases.items()]

    def __str__(self):
        words = '{0} passed, {1} failed'.format(self.passed, self.failed)
        if self.skipped:
            words += ', {0} skipped'.format(len(self.skipped))
        return words


def reason_of(skipped):
    """Of a whole module the message does not tell, but the text does."""
    message = skipped.get('message')
    if message == 'collection skipped' and 'Skipped: ' in skipped.text:
        return skipped.text.split('Skipped: ')[1].rstrip('\'")')
    return message
