from __future__ import absolute_import, division, print_function

import pytest

from tests.functional.harness import Instance

NO_100 = 'medusa never sends 100 Continue'
FIRST_100 = ('waitress 1 sends 100 Continue once for each connection, without '
             'regard to the answers before it')
OWN_USR1 = ('there Zope itself handles SIGUSR1, even where another handler '
            'was installed before, and writes the stacks to its console')
OWN_TERM = ('there Zope itself handles SIGTERM, even where another handler '
            'was installed before, and gives running requests a second')
COMPANION = 'the companion needs Python 3'
ANY_LINE = 'waitress {0} accepts any line as a request'
JUST_WAITS = ('a thread of Python 2.7 that waits for the interpreter just waits, '
              'as in a sleep')
ONE_LOOP = 'there the listener for views has the event loop of the site'
LOOKAHEAD = 'waitress 1 never looks ahead while a request is in work'

# The cases that one server cannot hold, and why: "file", "file::function" or
# "file::function[parameter]". A file is not collected there, anything smaller
# is reported as skipped. All other cases must hold on every server.
CANNOT_HOLD = {
    'zserver': {
        'test_filters.py':
            'ZServer has no pipeline, and writes the access log itself',
        'test_waitress_settings.py': "the settings are waitress's own",
        'test_known_heads.py': 'heads are known on waitress alone',
        'test_companion.py': COMPANION,
        'test_http.py::test_chunked_body':
            'medusa does not read request bodies that are sent in chunks',
        'test_http.py::test_expect_continue': NO_100,
        'test_http.py::test_expect_continue_twice': NO_100,
        'test_http.py::test_expect_continue_behind_a_view': NO_100,
        'test_drain.py::test_running_requests_finish': OWN_TERM,
        'test_drain.py::test_a_request_on_an_idle_connection_is_answered':
            OWN_TERM,
        'test_drain.py::test_at_most_the_time_set': OWN_TERM,
        'test_drain.py::test_a_second_signal_ends_it_at_once': OWN_TERM,
        'test_drain.py::test_the_setting_signals': OWN_TERM,
        'test_drain.py::test_a_handler_of_somebody_else_is_left_alone':
            OWN_TERM,
        'test_drain.py::test_ctrl_c_inside_a_view_is_not_lost':
            "Zope's own handler raises SystemExit at any place of the event "
            'loop, and a view or medusa may treat that as a failure',
        'test_watchdog.py::test_the_listener_while_the_site_is_blocked':
            ONE_LOOP,
        'test_watchdog.py::test_a_view_that_blocks_the_loop_of_the_listener':
            ONE_LOOP,
        'test_watchdog.py::test_sigusr1_logs_all_stacks': OWN_USR1,
        'test_watchdog.py::test_sigusr1_that_somebody_else_handles': OWN_USR1,
        'test_watchdog.py::test_sigusr1_with_the_setting_off': OWN_USR1,
        'test_blame.py::test_a_view_that_sleeps_beside_others_that_compute':
            JUST_WAITS,
        'test_failures.py::test_a_client_that_sends_rubbish':
            'medusa accepts any two words as a request, and ignores a '
            'Content-Length that is not a number',
    },
    'waitress 1': {
        'test_companion.py': COMPANION,
        'test_known_heads.py': 'waitress 1 has its own hook, which knows no heads',
        'test_http.py::test_expect_continue_twice': FIRST_100,
        'test_http.py::test_expect_continue_behind_a_view': FIRST_100,
        'test_blame.py::test_a_view_that_sleeps_beside_others_that_compute':
            JUST_WAITS,
        'test_failures.py::test_a_client_that_sends_rubbish[line]':
            ANY_LINE.format(1),
        'test_waitress_settings.py::test_client_disconnected': LOOKAHEAD,
        'test_waitress_settings.py::test_client_disconnected_by_default':
            LOOKAHEAD,
        'test_waitress_settings.py::test_with_setting[lookahead]': LOOKAHEAD,
    },
    'waitress 2': {
        'test_known_heads.py': 'waitress 2.0 does not keep the target of a request '
                               'as sent, so no head is known there',
        'test_failures.py::test_a_client_that_sends_rubbish[line]':
            ANY_LINE.format(2),
    },
    'waitress': {},
}

_cases = CANNOT_HOLD[Instance.name]
collect_ignore = [case for case in _cases if '::' not in case]


def pytest_collection_modifyitems(items):
    reasons = dict(('functional/' + case, reason)
                   for case, reason in _cases.items())
    for item in items:
        for case in reasons:
            if item.nodeid.endswith(case) or case + '[' in item.nodeid:
                item.add_marker(pytest.mark.skip(reason=reasons[case]))


@pytest.fixture(scope='module')
def zope():
    """A running instance with all views of the fixture mounted."""
    instance = Instance()
    instance.start()
    yield instance
    assert instance.is_running(), instance.output()
    instance.stop()


@pytest.fixture
def make_instance():
    """A factory of further instances, each of which is stopped at the end."""
    made = []

    def make(*args, **kw):
        instance = Instance(*args, **kw)
        made.append(instance)
        return instance

    make.kind = Instance
    yield make
    for instance in made:
        instance.stop()
