"""bin/instance views: which file the program gets."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.cli import __main__
from Products.ZServerViews.cli.in_instance import views, with_file


class Controller(object):
    """Has what a ZopeCmd of the recipe has."""

    _exitstatus = 0

    def __init__(self, **options):
        self.options = type('Options', (), options)


@pytest.mark.parametrize('said, words', [
    ('top', ['top', '--config', 'ETC']),
    ('top --once', ['top', '--config', 'ETC', '--once']),
    ('check --quick', ['check', 'ETC', '--quick']),
    ('check --url http://127.0.0.1:8080', ['check', '--url', 'http://127.0.0.1:8080']),
    ('check --url=http://127.0.0.1:8080', ['check', '--url=http://127.0.0.1:8080']),
    ('record "a folder"', ['record', 'a folder']),
    ('', ['--help'])])
@pytest.mark.parametrize('options', [
    {'wsgi': 'ETC', 'configfile': 'zope.conf'}, {'wsgi': None, 'configfile': 'ETC'},
    {'configfile': 'ETC'}])
def test_the_file_of_the_instance(monkeypatch, options, said, words):
    called = []
    monkeypatch.setattr(__main__, 'main', lambda words: called.append(words) or 1)
    controller = Controller(**options)
    views(controller, said)
    assert called == [words]
    assert controller._exitstatus == 1


def test_an_instance_that_is_not_there(tmpdir, capsys):
    controller = Controller(configfile=str(tmpdir.join('zope.conf')))
    views(controller, 'top --once')
    assert controller._exitstatus == 2
    assert 'is not a file' in capsys.readouterr()[1]
    assert with_file(['top'], 'a') == ['top', '--config', 'a']
