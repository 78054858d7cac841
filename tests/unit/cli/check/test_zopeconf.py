"""zope.conf as a tree, and its throw-away copy."""
from __future__ import absolute_import, division, print_function

import io
import os

import pytest

from Products.ZServerViews.cli.check import zopeconf
from Products.ZServerViews.cli.check.errors import CannotRun

CONF = u"""
%define INSTANCE HOME
%define PRICE 5$$
instancehome $INSTANCE
port-base 100
pid-filename $INSTANCE/var/Z4.pid
%include more/databases.conf
<eventlog>
  level info
  <logfile>
    path $INSTANCE/log/event.log
    level warn
  </logfile>
  <syslog/>
</eventlog>
<logger access>
</logger>
<http-server>
  address 8080
  fast-listen off
  use-wsgi on
</http-server>
<clock-server>
  period 5
</clock-server>
<product-config mine>
  price $PRICE
  empty
</product-config>
%import Products.ZServerViews
<zserver-views Own>
  listen 127.0.0.1:8090
  companion on
  hang-dump /x
  switch-interval 1ms
  view-budget 50ms
  <view /a>
    name a.b
  </view>
</zserver-views>
"""
DATABASES = u"""
<zodb_db main>
  %import relstorage
  mount-point /
  cache-size 7
  <filestorage>
    path $INSTANCE/var/Data.fs
    %include quota.conf
  </filestorage>
</zodb_db>
<zodb_db other>
  mount-point /other
  <zeoclient/>
</zodb_db>
"""


@pytest.fixture
def instance(tmp_path):
    """A factory: the path of a zope.conf with this text."""
    home = tmp_path / 'home'
    for name in 'etc/more', 'var', 'lib':
        (home / name).mkdir(parents=True)
    (home / 'inituser').write_text(u'admin:x\n')

    def make(text=CONF, databases=DATABASES):
        (home / 'etc' / 'more' / 'databases.conf').write_text(databases)
        (home / 'etc' / 'more' / 'quota.conf').write_text(u'quota 5\n')
        path = home / 'etc' / 'zope.conf'
        path.write_text(text.replace(u'HOME', u'%s' % home))
        return str(path)

    return make


@pytest.fixture
def thrown_away(instance, tmp_path):
    """A factory: the tree of a text, made throw-away in tmp_path/new."""

    def make(*texts):
        path = instance(*texts)
        tree = zopeconf.read(path)
        zopeconf.throw_away(tree, str(tmp_path / 'new'), path)
        return tree

    return make


def section(tree, *types):
    found, = tree.sections(*types)
    return found


def items(section):
    return [item for item in section.items if isinstance(item, tuple)]


def test_a_file_and_what_it_includes(instance, tmp_path):
    tree = zopeconf.read(instance())
    home = str(tmp_path / 'home')
    assert tree.get('instancehome') == home
    assert tree.get('no-such-key') is None
    main, other = tree.sections('zodb_db')
    assert (main.name, other.name) == ('main', 'other')
    assert section(main, 'filestorage').items == [
        ('path', home + '/var/Data.fs'), ('quota', '5')]
    # In front of all, in their order.
    assert tree.items[:2] == [('%import', 'relstorage'),
                              ('%import', 'Products.ZServerViews')]


def test_what_is_written_means_the_same(instance, tmp_path):
    tree = zopeconf.read(instance())
    copy = str(tmp_path / 'copy.conf')
    zopeconf.write(tree, copy)
    assert list(zopeconf.read(copy).lines()) == list(tree.lines())
    with io.open(copy) as text:
        text = text.read()
    assert '\n  price 5$$\n' in text
    assert '\n  empty \n' in text
    assert '\n<zserver-views own>\n' in text
    assert '\n  <view /a>\n    name a.b\n  </view>\n' in text


def test_text_outside_ascii(tmp_path):
    path = str(tmp_path / 'zope.conf')
    with io.open(path, 'w', encoding='utf-8') as conf:
        conf.write(u'http-realm Gr\xfc\xdfe\n')
    zopeconf.write(zopeconf.read(path), path)
    with io.open(path, encoding='utf-8') as conf:
        assert conf.read() == u'http-realm Gr\xfc\xdfe\n'


@pytest.mark.parametrize('text, words', [
    (u'<a>\n', ['unclosed sections']),
    (u'x $missing\n', ['missing', 'line 1']),
    (u'%include no.conf\n', ['no.conf']),
])
def test_a_file_that_cannot_be_read(tmp_path, text, words):
    path = tmp_path / 'zope.conf'
    path.write_text(text)
    with pytest.raises(CannotRun) as caught:
        zopeconf.read(str(path))
    for word in words + ['zope.conf cannot be read']:
        assert word in str(caught.value)


POOL = ('pool-size', '1000')


def test_databases_are_in_memory(thrown_away):
    main, other = thrown_away().sections('zodb_db')
    assert items(main) == [('mount-point', '/'), ('cache-size', '7'), POOL]
    assert items(other) == [('mount-point', '/other'), POOL]
    for database in main, other:
        storage, = [item for item in database.items
                    if not isinstance(item, tuple)]
        assert (storage.type, storage.items) == ('mappingstorage', [])


def test_a_main_database_is_there_in_any_case(thrown_away):
    database = section(thrown_away(CONF, u''), 'zodb_db')
    assert items(database) == [('mount-point', '/'), POOL]
    assert section(database, 'mappingstorage').items == []


def test_files_are_elsewhere(thrown_away, tmp_path):
    tree = thrown_away()
    home = str(tmp_path / 'new' / 'home')
    assert tree.get('instancehome') == home
    assert tree.get('clienthome') == home + '/var'
    assert tree.get('pid-filename') is tree.get('port-base') is None
    assert sorted(os.listdir(home)) == ['etc', 'lib', 'var']
    assert os.listdir(home + '/var') == []
    assert os.path.islink(home + '/etc')
    assert os.path.exists(home + '/etc/zope.conf')


def test_logs_are_elsewhere(thrown_away, tmp_path):
    log, access = thrown_away().sections('eventlog', 'logger')
    assert items(log) == [('level', 'info')]
    assert len(log.items) == 2
    assert section(log, 'logfile').items == [
        ('path', str(tmp_path / 'new' / 'log-0.log')), ('level', 'warn')]
    assert section(access, 'logfile').items == [
        ('path', str(tmp_path / 'new' / 'log-1.log'))]


def test_only_one_server_is_left(instance, tmp_path):
    path = instance()
    tree = zopeconf.read(path)
    old = tree.sections('http-server')
    zopeconf.throw_away(tree, str(tmp_path / 'new'), path)
    assert tree.sections(*zopeconf.SERVERS) == []
    zopeconf.add_http_server(tree, 81, *old)
    assert section(tree, 'http-server').items == [
        ('use-wsgi', 'on'), ('address', '127.0.0.1:81')]
    assert len(old[0].items) == 3


def test_a_server_where_there_was_none():
    tree = zopeconf.Section(None)
    zopeconf.add_http_server(tree, 81)
    assert section(tree, 'http-server').items == [('address', '127.0.0.1:81')]


def test_the_views_stay(thrown_away):
    own = section(thrown_away(), 'zserver-views')
    assert items(own) == [('switch-interval', '1ms'), ('view-budget', '50ms')]
    assert section(own, 'view').items == [('name', 'a.b')]


@pytest.mark.parametrize('interval', [None, '500us'])
def test_the_control_is_mounted(thrown_away, interval):
    tree = thrown_away()
    zopeconf.add_control(tree, '/-c-/', interval, 81 if interval else None)
    own, control = tree.sections('zserver-views')
    assert control.get('listen') == ('127.0.0.1:81' if interval else None)
    assert own.get('switch-interval') == (None if interval else '1ms')
    assert control.get('switch-interval') == interval
    view = section(control, 'view')
    assert view.get('path') == '/-c-/'
    assert view.get('name') == 'Products.ZServerViews.cli.check.control.suite'


def test_a_custom_database_is_refused(thrown_away, tmp_path, instance):
    instance()
    (tmp_path / 'home' / 'custom_zodb.py').write_text(u'')
    with pytest.raises(CannotRun) as caught:
        thrown_away()
    assert 'has a custom_zodb.py' in str(caught.value)


@pytest.mark.parametrize('text, words', [
    (u'', 'instancehome is missing'),
    (u'instancehome /no/such/home\n', 'instancehome is /no/such/home'),
])
def test_no_home(thrown_away, text, words):
    with pytest.raises(CannotRun) as caught:
        thrown_away(text)
    assert words in str(caught.value)
