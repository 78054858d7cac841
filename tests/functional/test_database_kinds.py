"""/-/database of a client of ZEO, and of RelStorage."""
from __future__ import absolute_import, division, print_function

import json
import os
import pkgutil
import signal
import subprocess

import pytest

from tests.checkout import free_port, is_listening
from tests.functional.harness.instance import script
from tests.functional.test_database import SECTION, document, hanging, main, stuck, waits
from tests.functional.test_overload import WORKERS
from tests.waiting import awaited

INSTALLED = set(module[1] for module in pkgutil.iter_modules())


def needs(package):
    return pytest.mark.skipif(package not in INSTALLED,
                              reason='%s is not installed' % package)


@pytest.fixture
def start(make_instance):
    def start(package, section):
        instance = make_instance(SECTION)
        with_storage(instance, package, section)
        return instance.start()

    return start


def with_storage(instance, package, section):
    """Have it for the main database, before a start."""
    instance.edit_conf(
        r'(?s)<zodb_db main>(.*?)<filestorage>.*?</filestorage>',
        '%%import %s\n<zodb_db main>\n%s\n' % (package, section))


@pytest.fixture
def server(tmpdir):
    """A ZEO server, a child process; has a port."""
    port = free_port()
    with open(str(tmpdir.join('zeo.log')), 'w') as log:
        process = subprocess.Popen(
            [script('runzeo'), '-a', '127.0.0.1:%d' % port,
             '-f', str(tmpdir.join('Data.fs'))],
            stdout=log, stderr=subprocess.STDOUT)
    try:
        awaited(lambda: is_listening(port) or process.poll() is not None)
        assert process.poll() is None, tmpdir.join('zeo.log').read()
        process.port = port
        yield process
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGCONT)
            process.terminate()
        process.wait()


def what_it_says(reading):
    """Whether a ZEO server has said something, or cannot."""
    if is_before_zeo_4():
        return reading['state'] == 'raised OldServer'
    return reading['value'] and reading['value']['connections'] >= 1


def is_before_zeo_4():
    import ZEO
    return not os.path.exists(os.path.join(os.path.dirname(ZEO.__file__),
                                           'nagios.py'))


@needs('ZEO')
def test_a_server_of_zeo_that_is_stopped(start, server):
    zope = start('ZEO', '<zeoclient>\nserver 127.0.0.1:%d\n</zeoclient>'
                 % server.port)
    assert zope.get('/@@write').code == 200
    found = main(zope)
    assert found['storage']['kind'] == 'ClientStorage'
    assert found['storage']['zeo']['connected'] is True
    size = awaited(lambda: main(zope)['readings']['size']['value'])
    assert size['bytes'] > 0 and size['objects'] > 0
    assert awaited(lambda: what_it_says(main(zope)['readings']['server']))
    os.kill(server.pid, signal.SIGSTOP)
    with stuck(zope, 'nothing', ['/@@write'] * WORKERS) as connections:
        found = hanging(zope)
        assert {wait['request'] for wait in found} == {'GET /@@write'}
        assert {wait['call'] for wait in found} <= {
            'tpc_begin', 'tpc_vote', 'load', 'load_before'}
        os.kill(server.pid, signal.SIGCONT)
        for connection in connections:
            connection.response()
        awaited(lambda: waits(zope) == [])
    server.terminate()
    awaited(lambda: main(zope)['storage']['zeo']['connected'] is False)
    assert 'not connected' in zope.get('/-/database').text


@needs('relstorage')
def test_relstorage(start, tmpdir):
    zope = start('relstorage', """
        <relstorage>
            <sqlite3>
                data-dir %s
            </sqlite3>
        </relstorage>""" % tmpdir.join('sqlite'))
    for _number in range(3):
        assert zope.get('/@@load_anew').code == 200
        assert zope.get('/@@write').code == 200
    found = main(zope)
    assert found['storage']['kind'] == 'RelStorage'
    cache = found['storage']['relstorage']
    assert cache['cache_hits'] + cache['cache_misses'] > 0
    assert cache['instances'] >= 1
    totals = found['calls']['totals']
    assert totals['loads'] > 0 and totals['commits'] >= 3
    size = awaited(lambda: main(zope)['readings']['size']['value'])
    assert size['bytes'] > 0 and size['objects'] is None
    assert json.dumps(found)
    assert 'relstorage' in zope.get('/-/database').text
    check_its_own_timings(zope)


def check_its_own_timings(zope):
    """Those that RelStorage gives to perfmetrics."""
    calls = own_timings(zope)
    finish = calls['storage.RelStorage.tpc_finish']
    assert finish['sample_ratio'] == 1
    assert finish['samples'] == main(zope)['calls']['totals']['commits']
    assert finish['seconds'] >= 0
    # One of ten loads is timed, at random.
    load, = awaited(lambda: zope.get('/@@load_anew') and [
        call for call in own_timings(zope) if call.endswith('.load')])
    found = own_timings(zope)[load]
    assert found['sample_ratio'] == 0.1
    assert 0 < found['samples'] < main(zope)['calls']['totals']['loads']
    assert '\nrelstorage calls, of all databases\n' in zope.get(
        '/-/database').text
    assert ('\nzope_relstorage_call_sample_ratio{call="%s"} 0.1\n' % load
            in zope.get('/-/metrics').text)


def own_timings(zope):
    return dict((row['call'], row)
                for row in document(zope)['relstorage_calls'])
