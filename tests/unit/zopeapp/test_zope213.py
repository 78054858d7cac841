"""How a start is stopped on Zope 2.13, whose modules are played here."""
from __future__ import absolute_import, division, print_function

import logging
import sys
import types

import pytest

from Products.ZServerViews.zopeapp import zope213


class Config(object):
    servers = ()


class Factory(object):
    """For a server, as zope.conf has it until the server is made."""

    create = None


def module(**names):
    made = types.ModuleType('made')
    for name, value in names.items():
        setattr(made, name, value)
    return made


@pytest.fixture
def zope(monkeypatch):
    """Its configuration; ``stopped``: with what Lifetime has been called."""
    config = Config()
    config.version, config.stopped = (2, 13), []
    for name, made in [
            ('App', module()),
            ('App.version_txt', module(
                getZopeVersion=lambda: config.version)),
            ('App.config', module(getConfiguration=lambda: config)),
            ('Lifetime', module(shutdown=lambda *args, **kw:
                                config.stopped.append((args, kw))))]:
        monkeypatch.setitem(sys.modules, name, made)
    return config


def test_on_zserver_its_loop_ends(zope, capsys):
    zope.servers = [object(), Factory()]
    zope213.stop_start(ValueError('wrong'))
    assert zope.stopped == [((1,), {'fast': 1})]
    assert capsys.readouterr().err == '\nValueError: wrong\n'


@pytest.mark.parametrize('servers', [[], [Factory()]])
def test_elsewhere_the_process_ends(zope, capsys, caplog, servers):
    zope.servers = servers
    with pytest.raises(SystemExit) as caught:
        zope213.stop_start(ValueError('wrong'))
    assert caught.value.code == 1
    assert zope.stopped == []
    assert capsys.readouterr().err == '\nValueError: wrong\n'
    assert [(record.levelno, record.getMessage())
            for record in caplog.records] == [
                (logging.ERROR, 'Zope is not started: wrong')]


def test_later_zopes_do_it_themselves(zope, capsys):
    zope.version = (4, 8)
    zope213.stop_start(ValueError('wrong'))
    assert zope.stopped == []
    assert capsys.readouterr().err == ''
