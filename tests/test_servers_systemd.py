"""What systemd hears of servers without a hook, as docs/recipes.rst says."""
from __future__ import absolute_import, division, print_function

import pytest

from tests.functional.harness import on_others
from tests.functional.harness.instance import FIXTURE_SECTION
from tests.notify_socket import NotifySocket
from tests.waiting import awaited

pytestmark = pytest.mark.servers


@pytest.fixture
def start():
    """start(kind): an instance, and what is in the place of systemd."""
    made = []

    def start_one(kind):
        systemd = NotifySocket()
        made.append(systemd.close)
        zope = type('AsService', (kind,), {'_command': with_its_pid(kind)})(
            FIXTURE_SECTION, environ=systemd.environ())
        made.append(zope.stop)
        return zope.start(), systemd

    yield start_one
    for end in reversed(made):
        end()


def with_its_pid(kind):
    """The command of a kind, with the variable that systemd sets."""

    def command(zope):
        return ['/bin/sh', '-c', 'SYSTEMD_EXEC_PID=$$ exec "$0" "$@"'
                ] + kind._command(zope)

    return command


@pytest.mark.parametrize('kind', [
    on_others.Cheroot, on_others.Bjoern, on_others.Werkzeug],
    ids=lambda kind: kind.name)
def test_the_loop_for_views_tells(start, kind):
    zope, systemd = start(kind)
    systemd.wait_for('READY=1')
    for _time in range(2):
        systemd.wait_for('WATCHDOG=1')
    zope.end()
    systemd.listen()
    assert systemd.heard.count('READY=1') == 1


@pytest.mark.parametrize('kind', [
    on_others.GThread, on_others.GunicornPreload, on_others.UWSGI],
    ids=lambda kind: kind.name)
def test_workers_say_nothing(start, kind):
    zope, systemd = start(kind)
    awaited(zope.listener_answers)
    zope.end()
    systemd.listen()
    assert 'WATCHDOG=1' not in systemd.heard
    # That is the server's own.
    assert systemd.heard.count('READY=1') <= 1
