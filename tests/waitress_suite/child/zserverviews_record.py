"""A pytest plugin: leave a record of the run for the one who started it."""
from __future__ import absolute_import, division, print_function

import io
import json
import os

from waitress import server

RECORD_VARIABLE = 'ZSERVERVIEWS_SUITE_RECORD'


def dotted(cls):
    return '{}.{}'.format(cls.__module__, cls.__name__)


class Recorder(object):

    def __init__(self):
        self.outcomes = {}
        self.reasons = {}
        self.channel_classes = set()

    def look(self):
        self.channel_classes.add(dotted(server.BaseWSGIServer.channel_class))

    def pytest_runtest_logstart(self):
        self.look()

    def pytest_runtest_logreport(self, report):
        # Three phases report for each test: the first that is not 'passed'
        # is its outcome. An error in setup or teardown counts as failed.
        if self.outcomes.get(report.nodeid, 'passed') == 'passed':
            self.outcomes[report.nodeid] = report.outcome
        if report.skipped:
            self.reasons[report.nodeid] = reason(report)

    def pytest_sessionfinish(self):
        self.look()
        record = {
            'outcomes': self.outcomes,
            'reasons': self.reasons,
            'channel_classes': sorted(self.channel_classes),
            'collected_from': os.path.dirname(server.__file__),
        }
        with io.open(os.environ[RECORD_VARIABLE], 'w',
                     encoding='utf-8') as out:
            out.write(json.dumps(record))


def reason(report):
    """Why a test was skipped: pytest gives (file, line, 'Skipped: why')."""
    said = report.longrepr
    text = said[2] if isinstance(said, tuple) else str(said)
    return text.partition('Skipped: ')[2] or text


def pytest_configure(config):
    config.pluginmanager.register(Recorder())
