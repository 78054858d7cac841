"""The address of an instance, from its own configuration."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.top import from_etc

APP = u'[app:zope]\nzope_conf = %(here)s/zope.conf\n'
TYPED = u'%%import Products.ZServerViews\n<zserver-views a>\n%s\n</zserver-views>\n'
SUITE = (u'<product-config zserver-views>\n monitor %s '
         u'Products.ZServerViews.views.monitor\n</product-config>\n')


@pytest.fixture
def named(tmp_path):
    """The names of the places of a configuration."""

    def named(ini, conf=u'', base=None):
        (tmp_path / 'zope.conf').write_text(u'instancehome .\n' + conf)
        path = tmp_path / 'zope.conf'
        if ini is not None:
            path = tmp_path / 'zope.ini'
            path.write_text(APP + ini)
        return [place.name for place in from_etc.places_of(str(path), base)]

    return named


@pytest.mark.parametrize('settings, name', [
    (u'use = egg:waitress#main', '127.0.0.1:8080'),
    (u'listen = 0.0.0.0:81 [::]:81', '127.0.0.1:81'),
    (u'listen = *:81', '127.0.0.1:81'),
    (u'fast-listen = 0.0.0.0:81', '127.0.0.1:81'),
    (u'listen = [::]:81', '[::1]:81'),
    (u'listen = zope1:81', 'zope1:81'),
    (u'host = 127.0.0.2\nport = 82', '127.0.0.2:82'),
    (u'unix_socket = /run/zope.sock', '/run/zope.sock'),
    (u'bind = unix:/run/zope.sock', '/run/zope.sock')])
def test_the_main_port(named, settings, name):
    assert named(u'[server:main]\n' + settings) == [name]


def test_the_section_of_uwsgi(named):
    assert named(u'[uwsgi]\nhttp-socket = :81') == ['127.0.0.1:81']
    with pytest.raises(CannotRun) as caught:
        named(u'[uwsgi]\nsocket = :81')
    assert 'by the setting listen' in str(caught.value)


@pytest.mark.parametrize('listen, names', [
    (u'listen 127.0.0.1:8091', ['127.0.0.1:8091']),
    (u'listen 0.0.0.0:8091-8092', ['127.0.0.1:8091', '127.0.0.1:8092']),
    (u'listen /run/views.sock', ['/run/views.sock'])])
def test_the_listener_first(named, listen, names):
    assert named(u'[server:main]\nport = 82', TYPED % listen) == names
    assert named(None, TYPED % listen) == names


def test_sockets_of_several_processes(named, tmp_path):
    listen = TYPED % (u'listen %s/views-{pid}.sock' % tmp_path)
    with pytest.raises(CannotRun) as caught:
        named(None, listen)
    assert 'no process listens' in str(caught.value)
    (tmp_path / 'views-12.sock').write_text(u'')
    assert named(None, listen) == ['%s/views-12.sock' % tmp_path]


@pytest.mark.parametrize('conf', [
    SUITE % u'/ops/', TYPED % (u'<view a>\npath /ops/\nname '
                              u'Products.ZServerViews.views.monitor\n</view>')])
def test_where_the_suite_is_mounted(named, conf):
    assert named(u'[server:main]', conf) == ['127.0.0.1:8080/ops/']
    assert named(u'[server:main]', conf, '/-/') == ['127.0.0.1:8080']


def test_zserver(named):
    assert named(None, u'port-base 100\n<http-server>\naddress 8080\n'
                 u'</http-server>') == ['127.0.0.1:8180']
    assert named(None, u'<http-server>\naddress 10.0.0.1:8080\n</http-server>'
                 ) == ['10.0.0.1:8080']


@pytest.mark.parametrize('ini, conf, said', [
    (None, u'', 'neither <http-server> nor the setting listen'),
    (None, TYPED % u'listen 8080', "'8080' is not an address"),
    (u'[server:main]\nport = http', u'', "'http' is no port")])
def test_what_cannot_be_found(named, ini, conf, said):
    with pytest.raises(CannotRun) as caught:
        named(ini, conf)
    assert said in str(caught.value)


def test_no_file():
    with pytest.raises(CannotRun) as caught:
        from_etc.places_of('/no/zope.ini')
    assert 'is not a file' in str(caught.value)
