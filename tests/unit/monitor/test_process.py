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


def test_versions_are_those_that_the_library_says():
    if PY2:
        import pkg_resources
        says = dict((one.project_name, one.version)
                    for one in pkg_resources.working_set).get
    else:
        from importlib.metadata import version as says
    for name in 'ZConfig', 'zope.interface', 'pytest':
        assert process.installed_version(name) == str(says(name))


@pytest.mark.parametrize('name', ['no.such.package', '', None, 'a/../b'])
def test_what_has_no_version(name):
    assert process.installed_version(name) is None


def test_when_this_process_has_started():
    before = process.started()
    assert 0 < time.time() - before < 86400
    assert abs(process.started() - before) < 0.5


def test_from_what_linux_tells(tmpdir):
    # The name has been cut in the middle of a character.
    tmpdir.mkdir('self').join('stat').write(
        b'17 (a name) b\xc3) S ' + (' '.join(['0'] * 18) + ' %d 5 6'
        % (250 * os.sysconf('SC_CLK_TCK'))).encode('ascii'), 'wb')
    tmpdir.join('uptime').write('1000.00 3000.00\n')
    assert process.started(str(tmpdir), lambda: 5000.0) == 4250.0


def test_where_the_system_does_not_tell(tmpdir):
    assert process.started(str(tmpdir), lambda: 7.0) == 7.0
    tmpdir.mkdir('self').join('stat').write('rubbish')
    tmpdir.join('uptime').write('1 1')
    assert process.started(str(tmpdir), lambda: 8.0) == 8.0
