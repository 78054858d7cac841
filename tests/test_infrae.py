"""Views beside infrae.wsgi: Zope 2.13 on waitress, without ZServer's loop."""
from __future__ import absolute_import, division, print_function

import json
import os
import signal

import pytest

from tests.checkout import free_port
from tests.functional.client import Connection
from tests.functional.harness import StartFailed
from tests.functional.harness.instance import FIXTURE_SECTION, SECTION
from tests.functional.harness.on_infrae import InfraeInstance
from tests.functional.test_overload import sleeping_workers
from tests.waiting import awaited

pytestmark = pytest.mark.infrae

MONITOR = 'monitor /-/ Products.ZServerViews.views.monitor'
LISTEN = """
%%import Products.ZServerViews
<zserver-views process>
    listen 127.0.0.1:%d
</zserver-views>
"""
ADMIN = [('Authorization', 'Basic YWRtaW46YWRtaW4=')]


@pytest.fixture(scope='module')
def zope():
    port = free_port()
    instance = InfraeInstance(
        FIXTURE_SECTION.replace('</product-config>', '    %s\n'
                                '</product-config>' % MONITOR) + LISTEN % port)
    instance.listener = ('127.0.0.1', port)
    instance.start()
    yield instance
    assert instance.is_running(), instance.output()
    instance.stop()


def views(zope, target):
    """From the listener."""
    with Connection(zope.listener) as connection:
        return connection.get(target)


def told(zope, target):
    return json.loads(views(zope, target + '?format=json').text)


def test_views_on_both(zope):
    assert zope.get('/@@echo?name=site').text.startswith('echo site ')
    for ask in zope.get, lambda target: views(zope, target):
        assert ask('/v/hello').text == 'hello'
        assert ask('/v/parts').text == 'one two three'
        assert ask('/-/live').text == 'ok\n'
    # The listener has a loop of its own.
    assert views(zope, '/thr-id').text != zope.get('/thr-id').text
    assert views(zope, '/').code == 404


def test_while_all_workers_sleep(zope):
    with sleeping_workers(zope):
        awaited(lambda: told(zope, '/-/workers')['busy'] == 4)
        assert zope.get('/v/hello').text == 'hello'
        assert views(zope, '/v/hello').text == 'hello'
        found = [request for request in told(zope, '/-/requests')['requests']
                 if request['phase'] == 'publishing']
        assert len(found) == 4
        assert told(zope, '/-/threads')['threads']


def test_its_own_pages(zope):
    """Of threads, and of errors."""
    with zope.connect() as connection:
        answer = connection.get('/debugzope.html', headers=ADMIN)
    assert answer.code == 200
    assert 'Threads traceback dump' in answer.text
    with zope.connect() as connection:
        assert connection.get('/@@secrets').code in (200, 500)
        answer = connection.get('/errorlog.html', headers=ADMIN)
    assert answer.code == 200


@pytest.mark.parametrize('line, words', [
    ('wrong', "entry 'wrong'"),
    ('wrong /wrong no.such.module', 'no.such.module')])
def test_a_mistake_stops_the_start(line, words):
    instance = InfraeInstance(SECTION % line)
    try:
        with pytest.raises(StartFailed) as caught:
            instance.start()
    finally:
        instance.stop()
    said = str(caught.value)
    assert 'ConfigurationError' in said and words in said
    assert 'Serving on' not in said


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_the_end_is_quiet(number):
    instance = InfraeInstance(SECTION % MONITOR + LISTEN % free_port())
    instance.start()
    try:
        assert instance.get('/-/requests').code == 200
        process = instance._process
        os.kill(instance.pid, number)
        awaited(lambda: process.poll() is not None)
        instance._reader.join(5)
        assert 'xception' not in instance.output()
    finally:
        instance.stop()
