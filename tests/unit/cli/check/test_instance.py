"""The throw-away instance, without a process, and the command."""
from __future__ import absolute_import, division, print_function

import os

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.cli import __main__ as command
from Products.ZServerViews.cli.check import (
    checking,
    client,
    control,
    instance,
    zopeconf,
)
from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.check.instance import Instance
from Products.ZServerViews.cli.check.work import PREFIX

CONF = u'instancehome %s\nmax-listen-sockets 55\n'


class Child(object):
    """A process; ``stubborn``: it goes only when it is killed."""

    pid = 1
    returncode = None

    def __init__(self, stubborn=False, returncode=None):
        self.stubborn = stubborn
        self.returncode = returncode
        self.calls = []

    def poll(self):
        return self.returncode

    def send_signal(self, number):
        self.calls.append(number)
        if not self.stubborn:
            self.returncode = 0

    def kill(self):
        self.calls.append('kill')
        self.returncode = -9

    def wait(self):
        self.calls.append('wait')


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A factory of instances; nothing is started."""
    monkeypatch.setattr(Instance, 'start', lambda self: None)
    path = tmp_path / 'zope.conf'
    path.write_text(CONF % tmp_path)
    return lambda *args: Instance(str(path), 60, *args)


def has(monkeypatch, zserver, uid=1000):
    monkeypatch.setattr(instance, 'has_zserver', lambda: zserver)
    monkeypatch.setattr(instance.os, 'getuid', lambda: uid)


def test_on_zserver(made, monkeypatch):
    has(monkeypatch, True)
    with made() as site:
        assert site.connection_limit == 55
        server, path = site._command
        assert server == 'zserver'
        http, = zopeconf.read(path).sections('http-server')
        assert http.get('address') == '127.0.0.1:%d' % site.address[1]
    assert not os.path.exists(os.path.dirname(path))


def test_on_waitress(made, monkeypatch):
    has(monkeypatch, False)
    with made() as site:
        assert (site.threads, site.connection_limit) == (4, 100)
        assert site._command[0] == 'runwsgi'
        assert site.server.title == 'waitress'
        assert site.address == site.site_address
        tree = zopeconf.read(site._in_folder('zope.conf'))
        control = tree.sections('zserver-views')[-1]
        assert control.sections('view')[0].get('path') == '/-check-/'


INI = u"""
[app:zope]
use = egg:Zope#main
zope_conf = %s
[server:main]
use = egg:gunicorn#main
"""


@pytest.mark.skipif(PY2, reason='no view is served there on gunicorn')
def test_on_a_server_without_a_hook(made, monkeypatch, tmp_path):
    has(monkeypatch, False)
    path = tmp_path / 'zope.ini'
    path.write_text(INI % (tmp_path / 'zope.conf'))
    with Instance(str(path), 60) as site:
        assert site.server.title == 'gunicorn sync'
        assert site.threads == 1
        assert site.address != site.site_address
        tree = zopeconf.read(site._in_folder('zope.conf'))
        control = tree.sections('zserver-views')[-1]
        assert control.get('listen') == '%s:%d' % site.address


def test_its_workers_end_with_it(running, monkeypatch):
    killed = []
    monkeypatch.setattr(instance.os, 'killpg',
                        lambda *args: killed.append(args))
    running._pid = running._child.pid + 1
    running._kill()
    assert killed == [(running._child.pid, 9)]

    def gone(pid, number):
        raise OSError(3, 'No such process')

    monkeypatch.setattr(instance.os, 'killpg', gone)
    running._kill()
    assert running._child.calls[-1] == 'wait'


def test_zserver_as_root(made, monkeypatch):
    has(monkeypatch, True, 0)
    with pytest.raises(CannotRun) as caught:
        made().__enter__()
    assert 'as root' in str(caught.value)


@pytest.mark.parametrize('more', [u'<http-server>\n</http-server>\n',
                                  u'zserver-threads 3\n'])
def test_zserver_that_is_not_there(made, monkeypatch, tmp_path, more):
    has(monkeypatch, False)
    path = tmp_path / 'zope.conf'
    path.write_text(path.read_text() + more)
    with pytest.raises(CannotRun) as caught:
        made().__enter__()
    assert 'is for ZServer' in str(caught.value)


@pytest.mark.parametrize('line, words', [
    (u'max-listen-sockets many', "max-listen-sockets is 'many', but"),
    (u'zserver-threads 0', "zserver-threads is '0', but it must be a whole "
                           "number from 1 on")])
def test_a_number_that_is_none(made, monkeypatch, tmp_path, line, words):
    has(monkeypatch, True)
    path = tmp_path / 'zope.conf'
    path.write_text(path.read_text() + line + u'\n')
    with pytest.raises(CannotRun) as caught:
        made().__enter__()
    assert words in str(caught.value) and str(path) in str(caught.value)


def test_an_instance_that_may_not_be_read(made, monkeypatch):
    def listdir(path):
        raise OSError(13, 'Permission denied', path)

    has(monkeypatch, False)
    monkeypatch.setattr(zopeconf.os, 'listdir', listdir)
    with pytest.raises(CannotRun) as caught:
        made().__enter__()
    assert 'Permission denied' in str(caught.value)


def test_it_is_looked_for(monkeypatch):
    monkeypatch.setattr(instance.pkgutil, 'iter_modules',
                        lambda: [(None, 'Zope2', True)])
    assert not instance.has_zserver()


# Its process

@pytest.fixture
def running(made, monkeypatch, tmp_path):
    site = made()
    site._folder = str(tmp_path)
    site._child = Child()
    site.address = site.site_address = ('127.0.0.1', 1)
    monkeypatch.setattr(instance.time, 'sleep', lambda seconds: None)
    (tmp_path / 'console.log').write_text(u'a\n' * 30 + u'the end\n')
    return site


def answers(monkeypatch, *statuses):
    """What requests get: a status, or None for no answer; those left."""
    statuses = list(statuses)

    class Answer(object):
        pass

    def ask(address, path):
        answer = Answer()
        answer.status = statuses.pop(0)
        if answer.status is None:
            raise client.Lost('no')
        return answer

    monkeypatch.setattr(client, 'ask', ask)
    return statuses


def test_it_is_waited_for(running, monkeypatch):
    left = answers(monkeypatch, None, None, 200, 404)
    running._wait_until_serving()
    assert left == [404]


@pytest.mark.parametrize('child, status, starting, words', [
    (Child(), 404, 9, 'it answers 404'), (Child(returncode=3), None, 9,
                                          'exit code 3'),
    (Child(), None, -1, 'it does not listen')])
def test_it_does_not_come_up(running, monkeypatch, child, status, starting,
                             words):
    monkeypatch.setattr(instance, 'STARTING', starting)
    answers(monkeypatch, status)
    running._child = child
    with pytest.raises(CannotRun) as caught:
        running._wait_until_serving()
    assert words in str(caught.value)
    assert str(caught.value).endswith('    the end\n')
    assert str(caught.value).count('\n') == 21


@pytest.mark.parametrize('stubborn, calls', [
    (False, [15, 'wait']), (True, [15, 'kill', 'wait'])])
def test_it_is_ended(running, monkeypatch, stubborn, calls):
    monkeypatch.setattr(instance, 'ENDING', 0.05)
    asked = []
    monkeypatch.setattr(client, 'json_of',
                        lambda address, path, connection: asked.append(path))
    running._child = child = Child(stubborn)
    running._stop()
    assert child.calls == calls
    # Workers that wait at the gate go on.
    assert asked == [PREFIX + 'open_gate']
    assert 'open_gate' in dict(control._views)


def test_it_is_ended_though_it_hangs(running, monkeypatch):
    answers(monkeypatch, None)
    running._stop()
    assert running._child.calls == [15, 'wait']
    running._stop()
    assert running._child.calls == [15, 'wait']


def test_it_is_started_anew(running):
    child = running._child
    running.restart()
    assert child.calls == ['kill', 'wait']


def test_memory_that_is_not_told(running):
    running._pid = 1 << 30
    assert running.resident_bytes() is None


# The command

class Runner(object):
    def __init__(self, good=True):
        self.is_good = good

    @staticmethod
    def lines(runner):
        return ['a table']


@pytest.fixture(autouse=True)
def harmless(monkeypatch):
    monkeypatch.setattr(checking.signal, 'signal', lambda number, handler:
                        handlers.append(handler))
    monkeypatch.setattr(checking, '_raise_limit', lambda: None)
    monkeypatch.setattr(checking, 'report', Runner.lines)
    handlers = []
    return handlers


@pytest.mark.parametrize('good, code', [(True, 0), (False, 1)])
def test_the_exit_code(monkeypatch, capsys, good, code):
    monkeypatch.setattr(checking, '_run', lambda given, tell: Runner(good))
    assert command.main(['check', 'zope.ini']) == code
    assert capsys.readouterr().out == 'a table\n'


def test_it_cannot_run(capsys):
    assert command.main(['check', '/no/such/zope.ini']) == 2
    assert 'cannot run: /no/such/zope.ini is not a file' in (
        capsys.readouterr().err)


def test_it_is_interrupted(monkeypatch):
    def run(given, tell):
        raise KeyboardInterrupt
    monkeypatch.setattr(checking, '_run', run)
    assert command.main(['check', 'zope.ini']) == 130


def test_it_is_ended_by_a_signal(monkeypatch, harmless):
    monkeypatch.setattr(checking, '_run', lambda given, tell: Runner())
    command.main(['check', 'zope.ini'])
    with pytest.raises(SystemExit) as caught:
        harmless[0](15, None)
    assert caught.value.code == 143
