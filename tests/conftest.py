"""What is collected, the browser, and the option by which tools/test_all.py has
failed cases tried once more."""
from __future__ import absolute_import, division, print_function

import io
import os

import pytest

# These have environments of their own, of Python 3. Python 2.7 cannot even import
# what they test, or test it with.
collect_ignore = (
    ['test_demo.py', 'test_prometheus.py', 'test_recipes.py']
    if str is bytes else [])


def pytest_addoption(parser):
    parser.addoption(
        '--failed-cases', metavar='FILE', help='write to FILE which cases '
        'failed, and run only those that it names if it is there')


def pytest_configure(config):
    path = config.getoption('--failed-cases')
    if path:
        config.pluginmanager.register(FailedCases(path))


class FailedCases(object):

    def __init__(self, path):
        self._path = path
        self._failed = []

    def pytest_collection_modifyitems(self, config, items):
        if not os.path.exists(self._path):
            return
        with io.open(self._path, encoding='utf-8') as lines:
            wanted = set(lines.read().split(u'\n'))
        others = [item for item in items if item.nodeid not in wanted]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item.nodeid in wanted]

    def pytest_runtest_logreport(self, report):
        if report.failed and report.nodeid not in self._failed:
            self._failed.append(report.nodeid)

    def pytest_sessionfinish(self):
        with io.open(self._path, 'w', encoding='utf-8') as lines:
            lines.write(u'\n'.join(self._failed))


@pytest.fixture(scope='module')
def browser():
    """Chromium, for tests with the mark ``browser``."""
    # Only their environment has what drives it.
    from tests.status_browser import chromium
    with chromium() as made:
        yield made
