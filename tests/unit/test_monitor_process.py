"""monitor.process: what is collected once."""
from __future__ import absolute_import, division, print_function

import os
import platform
import time

import pytest

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.monitor import process


def test_the_packages_that_are_there():
    found = process.collect(start=lambda: 12.5)
    assert found.versions is None
    found.find_versions(
        ('Products.ZServerViews', 'ZConfig', 'no.such.package'))
    assert sorted(found.versions) == ['Products.ZServerViews', 'ZConfig']
    assert found.versions['Products.ZServerViews'].startswith('1.')
    assert found.started == 12.5
    assert found.python == platform.python_version()
    assert found.implementation and found.platform


def test_versions_are_asked_once_and_by_name():
    found = process.collect()
    found.find_versions(('a', 'b'), {'a': '1.5', 'b': None}.get)
    assert found.versions == {'a': '1.5'}
    found.find_versions(('a', 'b'), {'a': '1.6', 'b': '1'}.get)
    assert found.versions == {'a': '1.5'}


def test_no_package_at_all():
    found = process.collect()
    found.find_versions((), None)
    assert found.versions == {}


class Distribution(object):
    """What importlib.metadata has found."""

    version = 'the library says'

    def __init__(self, **texts):
        self.texts = texts

    def read_text(self, name):
        return self.texts.get(name.replace('-', '_'))


@pytest.mark.skipif(PY2, reason='asks setuptools')
@pytest.mark.parametrize('texts, version', [
    ({'METADATA': 'Metadata-Version: 2.1\nName: a\nVersion: 1.5.dev0\n\n'
                  'Text\n'}, '1.5.dev0'),
    # Of an egg.
    ({'PKG_INFO': 'Name: a\nVersion: 1.6\n'}, '1.6'),
    ({'METADATA': 'Version: 1.7\n', 'PKG_INFO': 'Version: 1.6\n'}, '1.7'),
    # Not in its head, or not there: the library may know where else to look.
    ({'METADATA': 'Name: a\n\nVersion: 2.5\n'}, 'the library says'),
    ({'METADATA': ''}, 'the library says'), ({}, 'the library says')])
def test_a_version_is_read_from_the_head(monkeypatch, texts, version):
    from importlib import metadata
    monkeypatch.setattr(metadata, 'distribution',
                        {'a': Distribution(**texts)}.get)
    assert process.installed_version('a') == version


@pytest.mark.skipif(PY2, reason='asks setuptools')
def test_versions_are_those_that_the_library_says():
    from importlib import metadata
    for name in 'ZConfig', 'zope.interface', 'pytest':
        assert process.installed_version(name) == metadata.version(name)


def test_when_this_process_has_started():
    before = process.started()
    assert 0 < time.time() - before < 86400
    assert abs(process.started() - before) < 0.5


def test_from_what_linux_tells(tmpdir):
    tmpdir.mkdir('self').join('stat').write(
        '17 (a name) b) S ' + ' '.join(['0'] * 18) + ' %d 5 6'
        % (250 * os.sysconf('SC_CLK_TCK')))
    tmpdir.join('uptime').write('1000.00 3000.00\n')
    assert process.started(str(tmpdir), lambda: 5000.0) == 4250.0


def test_where_the_system_does_not_tell(tmpdir):
    assert process.started(str(tmpdir), lambda: 7.0) == 7.0
    tmpdir.mkdir('self').join('stat').write('rubbish')
    tmpdir.join('uptime').write('1 1')
    assert process.started(str(tmpdir), lambda: 8.0) == 8.0
