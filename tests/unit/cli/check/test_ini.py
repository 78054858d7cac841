"""zope.ini, and its throw-away copy."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.cli.check import ini, wsgi_servers
from Products.ZServerViews.cli.check.errors import CannotRun

APP = u"""
[DEFAULT]
where = %(here)s/conf

[app:zope]
use = egg:Zope#main
zope_conf = %(where)s/zope.conf
"""
SERVER = u"""
[server:main]
use = egg:waitress#main
host = 0.0.0.0
port = 8080
unix_socket = %(here)s/socket
threads = 7
connection_limit = 30
url_prefix = /site
"""
LOGS = u"""
[pipeline:main]
pipeline =
    egg:Zope#httpexceptions
# a comment
    zope

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic

[handler_eventlog]
class = logging.handlers.SysLogHandler
args = ()
kwargs = {'facility': 'local1'}
level = INFO

[formatter_generic]
format = %(asctime)s %(message)s
"""


@pytest.fixture
def write(tmp_path):
    """A factory: the path of a file with this text."""

    def make(*texts):
        path = tmp_path / 'zope.ini'
        path.write_text(u''.join(texts))
        return str(path)

    return make


def copied(site, tmp_path):
    copy = str(tmp_path / 'copy.ini')
    site.write(copy, '/new/zope.conf', 81, str(tmp_path))
    parser = ini._parser()
    assert parser.read(copy) == [copy]
    return parser


def test_what_it_says(write, tmp_path):
    site = ini.Ini(write(APP, SERVER))
    assert site.zope_conf == '%s/conf/zope.conf' % tmp_path
    assert (site.server.threads, site.server.connection_limit) == (7, 30)


def test_the_defaults_of_waitress(write):
    site = ini.Ini(write(APP, u'[server:main]\nuse = egg:waitress'))
    assert (site.server.threads, site.server.connection_limit) == (4, 100)


def test_the_server_of_the_copy(write, tmp_path):
    parser = copied(ini.Ini(write(APP, SERVER, LOGS)), tmp_path)
    server = dict(parser.items('server:main'))
    del server['where']
    assert server == {
        'use': 'egg:waitress#main', 'listen': '127.0.0.1:81', 'threads': '7',
        'connection_limit': '30'}
    assert parser.get('app:zope', 'zope_conf') == '/new/zope.conf'
    assert parser.get('DEFAULT', 'where') == '%s/conf' % tmp_path
    assert parser.get('pipeline:main', 'pipeline').split() == [
        'egg:Zope#httpexceptions', 'zope']


def test_the_logs_of_the_copy(write, tmp_path):
    parser = copied(ini.Ini(write(APP, SERVER, LOGS)), tmp_path)
    assert parser.get('handler_console', 'class') == 'StreamHandler'
    assert parser.get('handler_eventlog', 'class') == 'FileHandler'
    assert not parser.has_option('handler_eventlog', 'kwargs')
    assert eval(parser.get('handler_eventlog', 'args')) == (
        str(tmp_path / 'handler_eventlog.log'), 'a')
    assert parser.get('handler_eventlog', 'level') == 'INFO'
    # Not a place where Paste puts anything in.
    assert (parser.get('formatter_generic', 'format')
            == '%(asctime)s %(message)s')


def test_the_server_of_a_buildout(write, tmp_path):
    site = ini.Ini(write(APP, u'[server:main]\n'
                         u'paste.server_factory = plone.recipe.zope2instance:main\n'
                         u'use = egg:plone.recipe.zope2instance#main\n'
                         u'threads = 2\nfast-listen = x'))
    parser = copied(site, tmp_path)
    server = dict(parser.items('server:main'))
    assert {name: server[name] for name in server if name != 'where'} == {
        'use': 'egg:waitress#main', 'listen': '127.0.0.1:81', 'threads': '2'}


@pytest.mark.parametrize('texts, words', [
    ([APP], 'has no section [server:main]'),
    ([APP, u'[server:main]\nuse = egg:other#main'],
     "[server:main] uses 'egg:other#main'"),
    ([SERVER], 'has 0 sections with zope_conf'),
    ([SERVER, APP, u'[app:other]\nzope_conf = x'],
     'has 2 sections with zope_conf'),
    ([u'no section'], 'cannot be read'),
    ([APP, SERVER.replace(u'threads = 7', u'threads = many')],
     "threads is 'many', but it must be a whole number from 1 on"),
    ([APP, SERVER.replace(u'threads = 7', u'threads = 0')],
     "threads is '0'"),
    ([APP, SERVER.replace(u'= 30', u'=')], "connection_limit is ''"),
])
def test_what_cannot_be_handled(write, texts, words):
    path = write(*texts)
    with pytest.raises(CannotRun) as caught:
        ini.Ini(path)
    assert words in str(caught.value)
    assert path in str(caught.value)


@pytest.mark.parametrize('asked, texts', [
    (True, [APP, SERVER, u'[uwsgi]\nthreads = 3\ndaemonize = x']),
    (False, [APP, u'[uwsgi]\nthreads = 3\ndaemonize = x'])])
def test_uwsgi(write, tmp_path, monkeypatch, asked, texts):
    monkeypatch.setattr(wsgi_servers, 'program', lambda name: '/bin/' + name)
    site = ini.Ini(write(*texts), asked)
    assert site.server.title == 'uWSGI'
    parser = copied(site, tmp_path)
    assert not parser.has_section('uwsgi')
    assert site.server.command('/copy', 81) == [
        'uwsgi', '/copy', '/bin/uwsgi', '81', '3']


def test_no_such_file(tmp_path):
    with pytest.raises(CannotRun) as caught:
        ini.Ini(str(tmp_path / 'no.ini'))
    assert 'cannot be opened' in str(caught.value)


def test_a_site_of_which_only_zope_conf_is_known(tmp_path):
    site = ini.default(str(tmp_path), '/site/zope.conf')
    assert site.zope_conf == '/site/zope.conf'
    assert (site.server.threads, site.server.connection_limit) == (4, 100)
