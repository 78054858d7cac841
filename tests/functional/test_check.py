"""`zserverviews check` over real instances of its own."""
from __future__ import absolute_import, division, print_function

import os
import subprocess
import sys

import pytest

from Products.ZServerViews.views import monitor
from tests.functional.harness import Instance
from tests.functional.harness.instance import SECTION, SITE
from tests.functional.harness.on_zserver import DEFAULT_LISTEN, NOT_ROOT

VIEWS = SECTION % """
    thread-id /thr-id Products.ZServerViews.tests.common.current_thread_id_zserver_view
    %s
"""
# No times are judged: the machine of the tests may be busy.
PATIENT = ['--quick', '--patience', '100']
ETC = 'zope.conf' if Instance.name == 'zserver' else 'zope.ini'


class Run(object):
    """One run of the command: exit code, table and progress."""

    def __init__(self, *arguments):
        command = [sys.executable, '-m', 'Products.ZServerViews.cli',
                   'check'] + list(arguments)
        if Instance.name == 'zserver' and os.getuid() == 0:
            command = NOT_ROOT + command
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, (
                SITE, os.environ.get('PYTHONPATH', ''))))))
        output, progress = process.communicate()
        self.code = process.returncode
        self.output = output.decode('utf-8')
        self.progress = progress.decode('utf-8')

    def rows(self):
        """{(scenario, view): verdict}"""
        rows = {}
        for line in self.output.partition('\n\n')[0].splitlines()[2:]:
            scenario, view, verdict = line.split()[:3]
            rows[scenario, view] = verdict
        return rows

    def offenders(self):
        return self.output.partition('\nOffenders\n')[2]


@pytest.fixture
def etc(make_instance):
    """A factory: the path of the file for an instance with these views."""

    def make(more='', name=ETC):
        return make_instance(VIEWS % more)._path('etc', name)

    return make


def scenarios(*names):
    return [word for name in names for word in ('--scenario', name)]


def test_a_clean_view_in_every_overload(etc):
    run = Run(*PATIENT + [etc()])
    assert run.code == 0, run.output + run.progress
    rows = run.rows()
    assert len(rows) == 13
    assert set(rows.values()) == {'ok', '-'}
    assert rows['c-code', '/thr-id'] == '-'
    assert 'All is well.' in run.output
    assert '304 of 304 requests for Zope were answered' in run.output
    assert '20 of 20 records' in run.output
    assert '[13/13] c-code' in run.progress


def test_the_whole_suite(etc):
    # Those in which what a view may do of its own shows; all of them take minutes.
    names = ['baseline', 'workers-asleep', 'waiting-requests', 'log-locks',
             'slow-import', 'no-descriptors']
    run = Run(*PATIENT + scenarios(*names) + [
        etc('monitor /-/ Products.ZServerViews.views.monitor')])
    assert run.code == 0, run.output + run.progress
    paths = ['/thr-id'] + ['/-/' + name for name, _view in monitor.views()]
    assert run.rows() == dict(((name, path), 'ok') for name in names
                              for path in paths)
    assert 'Offenders' not in run.output and 'All is well.' in run.output


def test_its_files_are_its_own(etc):
    path = etc()
    folder = os.path.dirname(os.path.dirname(path))
    before = all_files(folder)
    assert Run(*PATIENT + scenarios('baseline') + [path]).code == 0
    assert all_files(folder) == before
    assert not any(name.endswith('Data.fs') for name in before)


def all_files(folder):
    return sorted(
        os.path.join(where, name) for where, _folders, names
        in os.walk(folder) for name in names if 'cache' not in where)


def test_offenders_are_named(etc):
    run = Run(*PATIENT + scenarios('baseline', 'workers-asleep') + [etc("""
        sleeps  /sleeps  fixture_checked.sleeps
        logs    /logs    fixture_checked.logs
        imports /imports fixture_checked.imports
        much    /much    fixture_checked.much
        fails   /fails   fixture_checked.fails
    """)])
    assert run.code == 1, run.output + run.progress
    found = run.offenders()
    for text in (
            'fixture_checked.sleeps /sleeps\n    sleeps: it blocked',
            'fixture_checked.logs /logs\n    logs when it is called, to '
            'mysite',
            'fixture_checked.imports /imports\n    imports when it is called: '
            'fixture_imported\n',
            'fixture_checked.much /much\n    answers too much',
            'fixture_checked.fails /fails\n    fails: it is answered with 500',
    ):
        assert text in found
    assert '/thr-id' not in found
    assert run.rows()['baseline', '/fails'] == 'failed'
    assert run.rows()['baseline', '/thr-id'] == 'ok'


def test_who_stops_the_loop_is_found_among_others(etc):
    run = Run(*PATIENT + scenarios('log-locks', 'baseline') + [etc("""
        locks /locks fixture_checked.takes_log_locks
    """)])
    assert run.code == 1, run.output + run.progress
    assert run.rows() == {
        ('baseline', '/locks'): 'ok', ('baseline', '/thr-id'): 'ok',
        ('log-locks', '/locks'): 'lost', ('log-locks', '/thr-id'): 'ok'}
    assert ('fixture_checked.takes_log_locks /locks\n'
            '    waits for the lock of a log handler') in run.offenders()
    assert 'starting the instance anew' in run.progress
    assert '/thr-id' not in run.offenders()


def test_a_view_that_never_answers(etc):
    run = Run(*PATIENT + scenarios('baseline') + [
        etc('hangs /hangs fixture_checked.hangs')])
    assert run.code == 1, run.output + run.progress
    assert run.rows() == {('baseline', '/thr-id'): 'ok'}
    assert ('fixture_checked.hangs /hangs\n    does not answer: no whole '
            'answer after 5 s\n    stops the server') in run.offenders()


def test_a_running_site(zope):
    address = 'http://%s:%d' % zope.addresses[0]
    run = Run(*PATIENT + ['--url', address, '--view', '/thr-id'])
    assert run.code == 0, run.output + run.progress
    assert {scenario for scenario, _view in run.rows()} == {
        'baseline', 'idle-connections', 'half-sent', 'readers'}
    run = Run('--url', address, '--view', '/no-view-at-all')
    assert run.code == 2
    assert 'it answers 404' in run.progress


@pytest.mark.skipif(Instance.name == 'zserver',
                    reason='there zope.conf is the only file')
def test_zope_conf_alone_is_enough(etc):
    run = Run(*PATIENT + scenarios('baseline') + [etc(name='zope.conf')])
    assert run.code == 0, run.output + run.progress
    run = Run(etc('</product-config>\n<http-server>\naddress 8080\n'
                  '</http-server>\n<product-config x>', name='zope.conf'))
    assert run.code == 2
    assert 'is for ZServer' in run.progress


def test_with_a_shorter_switch_interval(etc):
    run = Run(*PATIENT + scenarios('python-loops') + [
        '--switch-interval', etc()])
    if sys.version_info[0] == 2:  # PY2
        assert (run.code, 'no switch interval' in run.progress) == (2, True)
    else:
        assert run.code == 0, run.output + run.progress
        assert ' 3000' in run.output


@pytest.mark.parametrize('more, words', [
    ('no /no no.such.module', ['did not come up', 'no.such.module']),
    ('x', ['did not come up', "entry 'x'"]),
])
def test_an_instance_that_does_not_start(etc, more, words):
    run = Run(etc(more))
    assert run.code == 2, run.output + run.progress
    for word in words:
        assert word in run.progress


NO_NUMBER = {'zserver': DEFAULT_LISTEN + 'max-listen-sockets many\n'}


def test_a_number_that_is_none(make_instance):
    zope = make_instance(VIEWS % '', NO_NUMBER.get(
        Instance.name, 'listen = 127.0.0.1:0\nthreads = many'))
    run = Run(zope._path('etc', ETC))
    assert (run.code, run.output) == (2, '')
    assert " is 'many', but it must be" in run.progress
    assert 'Traceback' not in run.progress


def test_no_views(make_instance):
    run = Run(make_instance('')._path('etc', ETC))
    assert run.code == 2
    assert 'mounts no view' in run.progress


def test_a_view_that_is_not_there(etc):
    run = Run('--view', '/other', etc())
    assert run.code == 2
    assert 'no view at /other; there are: /thr-id' in run.progress


@pytest.mark.parametrize('arguments, words', [
    ([], 'give the zope.ini or the zope.conf'),
    (['/no/such/zope.ini'], '/no/such/zope.ini is not a file'),
    (['--scenario', 'rain', '/no/such'], "there is no scenario 'rain'"),
    (['--url', 'http://192.0.2.1:80', '--view', '/x'], 'on this machine'),
])
def test_it_cannot_run(arguments, words):
    run = Run(*arguments)
    assert (run.code, run.output) == (2, '')
    assert words in run.progress
    assert 'Traceback' not in run.progress
