"""The servers of a zope.ini, and the settings of their copies."""
from __future__ import absolute_import, division, print_function

import os
import sys

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.cli.check import wsgi_servers
from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.check.scenarios import SCENARIOS

pytestmark = pytest.mark.skipif(PY2, reason='only waitress serves views there')

GUNICORN = {'use': 'egg:gunicorn#main', 'bind': '0.0.0.0:80', 'workers': '8',
            'pidfile': '/run/pid', 'daemon': 'true', 'config': 'file.py'}
CHEROOT = {'use': 'egg:dataflake.wsgi.cheroot#main', 'host': '0.0.0.0',
           'port': '80'}


def find(settings, **more):
    return wsgi_servers.find(dict(settings, **more), '/zope.ini')


@pytest.mark.parametrize('settings, title, threads', [
    (dict(GUNICORN), 'gunicorn sync', 1),
    (dict(GUNICORN, threads='3'), 'gunicorn gthread', 3),
    (dict(GUNICORN, threads='3', worker_class='gthread'),
     'gunicorn gthread', 3),
    (dict(CHEROOT), 'cheroot', 10),
    (dict(CHEROOT, numthreads='4'), 'cheroot', 4),
    (dict(CHEROOT, use='egg:dataflake.wsgi.bjoern#main'), 'bjoern', 1),
    (dict(CHEROOT, use='egg:dataflake.wsgi.werkzeug#main'),
     'Werkzeug, one thread', 1),
    (dict(CHEROOT, use='egg:dataflake.wsgi.werkzeug#main', threaded='true'),
     'Werkzeug', 4),
    ({'use': 'egg:waitress#main'}, 'waitress', 4)])
def test_the_servers(settings, title, threads):
    server = find(settings)
    assert (server.title, server.threads) == (title, threads)
    assert server.has_listener == (title != 'waitress')
    assert set(server.does_not_apply) <= set(
        scenario.name for scenario in SCENARIOS)
    assert server.command('/copy', 81) == ['runwsgi', '/copy']
    assert '81' in ' '.join(server.section(81).values())
    assert '0.0.0.0' not in server.section(81).values()


def test_gunicorn_has_one_worker_that_may_sleep():
    assert find(GUNICORN, threads='3').section(81) == {
        'use': 'egg:gunicorn#main', 'threads': '3', 'bind': '127.0.0.1:81',
        'workers': '1', 'timeout': '0'}


def test_what_a_sync_worker_does_not_survive():
    assert 'no-descriptors' in find(GUNICORN).does_not_apply
    assert find(GUNICORN, threads='2').does_not_apply == {}


@pytest.mark.parametrize('settings, words', [
    (dict(GUNICORN, worker_class='gevent'), "worker_class is 'gevent'"),
    (dict(CHEROOT, use='egg:dataflake.wsgi.werkzeug#debugger'), 'in which'),
    ({'use': 'egg:other'}, "uses 'egg:other', in which no view is served"),
    ({}, "uses ''"),
    (dict(CHEROOT, numthreads='many'), "numthreads is 'many'")])
def test_what_is_not_known(settings, words):
    with pytest.raises(CannotRun) as caught:
        find(settings)
    assert words in str(caught.value) and '/zope.ini' in str(caught.value)


def test_a_uwsgi_that_is_not_there(monkeypatch):
    monkeypatch.setattr(wsgi_servers, 'program', lambda name: None)
    with pytest.raises(CannotRun) as caught:
        wsgi_servers.UWSGI({}, '/zope.ini')
    assert 'uwsgi is not next to' in str(caught.value)


def test_where_programs_are(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))
    assert wsgi_servers.program('no-such-program') is None
    program = tmp_path / 'no-such-program'
    program.write_text(u'')
    program.chmod(0o755)
    assert wsgi_servers.program('no-such-program') == str(program)
    own = os.path.basename(sys.executable)
    assert wsgi_servers.program(own) == sys.executable
