"""config.resolve: what a dotted name means, and what is said when it means nothing."""
from __future__ import absolute_import, division, print_function

import os.path

import pytest

from Products.ZServerViews.config import resolve
from Products.ZServerViews.tests import common
from tests.unit import dummies


class Holder(object):
    """Its attributes are found behind the module."""

    attribute = 'value'

    def method(self):
        return self

    @property
    def broken(self):
        raise RuntimeError('no database yet')


holder = Holder()


def test_a_module_is_imported():
    assert resolve.resolve('os.path') is os.path
    assert resolve.resolve('os') is os


def test_an_attribute_of_a_module():
    name = 'Products.ZServerViews.tests.common.current_thread_id_zserver_view'
    assert resolve.resolve(name) is common.current_thread_id_zserver_view


def test_a_method_of_an_instance():
    assert resolve.resolve(__name__ + '.holder.method')() is holder


def test_an_attribute_goes_before_a_module_of_the_same_name(monkeypatch):
    package = dummies.module(monkeypatch, 'zsv_package', __path__=[])
    dummies.module(monkeypatch, 'zsv_package.part')
    package.part = 'the attribute'
    assert resolve.resolve('zsv_package.part') == 'the attribute'


def test_a_module_that_its_package_does_not_hold_yet(monkeypatch, tmpdir):
    tmpdir.mkdir('zsv_package_two').join('__init__.py').write('')
    tmpdir.join('zsv_package_two', 'part.py').write('view = 42\n')
    monkeypatch.syspath_prepend(str(tmpdir))
    assert resolve.resolve('zsv_package_two.part.view') == 42


@pytest.mark.parametrize('name', ['', '.', 'os.', '.path', 'os..path'])
def test_not_a_dotted_name(name):
    with pytest.raises(ValueError) as raised:
        resolve.resolve(name)
    assert str(raised.value) == '%r is not a dotted name' % name


def test_an_unknown_module():
    with pytest.raises(ValueError) as raised:
        resolve.resolve('no_such_module.view')
    assert "importing 'no_such_module' failed with" in str(raised.value)
    with pytest.raises(ValueError) as raised:
        resolve.resolve('products.ZServerViews.views.monitor')
    assert str(raised.value).endswith("; did you mean 'Products'?")
    assert 'No module named' in str(raised.value)


def test_an_unknown_attribute_of_a_module():
    with pytest.raises(ValueError) as raised:
        resolve.resolve('os.path.no_such_view')
    message = str(raised.value)
    assert "the module 'os.path' has no attribute 'no_such_view'" in message
    assert "importing 'os.path.no_such_view' failed with" in message


def test_an_unknown_attribute_of_an_instance():
    with pytest.raises(ValueError) as raised:
        resolve.resolve(__name__ + '.holder.nothing')
    assert (str(raised.value)
            == "%r has no attribute 'nothing'" % (__name__ + '.holder'))


@pytest.mark.parametrize('text, said', [
    ('raise SystemExit("gone")', 'SystemExit: gone'),
    ('import no_such_dependency', 'no_such_dependency'),
    ('1 / 0', 'ZeroDivisionError: '),
    ('a syntax error', 'SyntaxError: '),
    ('raise GeneratorExit("odd")', 'GeneratorExit: odd'),
])
def test_a_module_that_fails_while_importing(monkeypatch, tmpdir, text, said):
    tmpdir.join('zsv_failing.py').write(text + '\n')
    monkeypatch.syspath_prepend(str(tmpdir))
    with pytest.raises(ValueError) as raised:
        resolve.resolve('zsv_failing.view')
    assert "importing 'zsv_failing' failed with " in str(raised.value)
    assert said in str(raised.value)


def test_the_keyboard_interrupts_an_import(monkeypatch, tmpdir):
    tmpdir.join('zsv_slow.py').write('raise KeyboardInterrupt()\n')
    monkeypatch.syspath_prepend(str(tmpdir))
    with pytest.raises(KeyboardInterrupt):
        resolve.resolve('zsv_slow.view')


def test_an_attribute_that_fails_is_a_mistake_like_others():
    with pytest.raises(ValueError) as raised:
        resolve.resolve(__name__ + '.holder.broken')
    assert 'no database yet' in str(raised.value)
    assert 'broken' in str(raised.value)


def test_a_module_that_fails_deep_inside_names_the_place(tmpdir, monkeypatch):
    monkeypatch.syspath_prepend(str(tmpdir))
    tmpdir.join('zsv_outer.py').write('import zsv_inner\n')
    tmpdir.join('zsv_inner.py').write('\n\nfound = {}["missing"]\n')
    with pytest.raises(ValueError) as failure:
        resolve.resolve('zsv_outer.view')
    assert "KeyError: 'missing' (" in str(failure.value)
    assert 'zsv_inner.py, line 3)' in str(failure.value)


class Asked(object):

    @property
    def leaves(self):
        raise SystemExit('left')

    @property
    def interrupted(self):
        raise KeyboardInterrupt


asked = Asked()


def test_an_attribute_that_leaves():
    with pytest.raises(ValueError) as failure:
        resolve.resolve(__name__ + '.asked.leaves')
    assert 'failed with SystemExit: left' in str(failure.value)
    with pytest.raises(KeyboardInterrupt):
        resolve.resolve(__name__ + '.asked.interrupted')
