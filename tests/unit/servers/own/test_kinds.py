"""kinds: what a server's objects show."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.servers.own import kinds
from Products.ZServerViews.servers.own.kinds import kind_of


class Object(object):
    def __init__(self, **values):
        self.__dict__.update(values)


def gunicorn(name, workers=2, threads=1):
    return kind_of('gunicorn', Object(age=7, cfg=Object(
        worker_class_str=name, workers=workers, threads=threads)))


@pytest.mark.parametrize('kind, text, at_once', [
    (gunicorn('sync'), 'gunicorn, sync worker, 2 processes', 1),
    (gunicorn('gthread', 1, 3),
     'gunicorn, gthread worker with 3 threads, 1 process', 3),
    (gunicorn('gevent'), 'gunicorn, gevent worker, 2 processes', None)],
    ids=['sync', 'gthread', 'gevent'])
def test_gunicorn(kind, text, at_once):
    assert (kind.text, kind.at_once, kind.worker) == (text, at_once, 7)
    # When it is reloaded two are there for a moment, even of one.
    assert kind.is_one_of_several


@pytest.mark.parametrize('number, options, text, at_once, several', [
    (2, {'master': True, 'threads': b'3'},
     'uWSGI, with master, 2 processes, 3 threads', 3, True),
    (1, {'master': True, 'lazy-apps': True},
     'uWSGI, with master, lazy, 1 process, 1 thread', 1, True),
    (1, {}, 'uWSGI, without master, 1 process, 1 thread', 1, False)])
def test_uwsgi(monkeypatch, number, options, text, at_once, several):
    monkeypatch.setitem(kinds.sys.modules, 'uwsgi', Object(
        numproc=number, opt=options, worker_id=lambda: 2))
    kind = kind_of('uWSGI')
    assert (kind.text, kind.at_once, kind.worker) == (text, at_once, 2)
    assert kind.is_one_of_several is several


def test_others():
    for name, at_once in (('cheroot', None), ('bjoern', 1),
                          ('werkzeug', None)):
        kind = kind_of(name, object())
        assert (kind.text, kind.at_once, kind.worker) == (name, at_once, None)
        assert not kind.is_one_of_several
    kind = kind_of('Server/1.0')
    assert kind.text == 'Server/1.0' and kind.is_one_of_several
    assert kind_of('').text == 'a server that is not known'


def test_another_version():
    kind = kind_of('gunicorn', object())
    assert (kind.text, kind.worker, kind.at_once) == ('gunicorn', None, None)
