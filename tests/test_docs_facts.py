"""What README.rst, CHANGES.rst and docs say of the code is true of it."""
from __future__ import absolute_import, division, print_function

import glob
import os
import re
import xml.etree.ElementTree

import pytest
from waitress.adjustments import Adjustments
from ZConfig import ConfigurationError

import Products.ZServerViews
from Products.ZServerViews import dotted, gateway, settings
from Products.ZServerViews.hooks import pump
from Products.ZServerViews.journal import Journal
from tests.docs_examples import PAGES, load_zope_conf, read

PACKAGE = os.path.dirname(Products.ZServerViews.__file__)
NAMES = [os.path.basename(path) for path in PAGES]

TYPED = u"""
%%import Products.ZServerViews
<zserver-views one>
    <view %s>
        name mysite.views.alive
    </view>
</zserver-views>
"""


def page(name):
    return read('docs', name)


# README and CHANGES: PyPI knows no Sphinx

@pytest.mark.parametrize('name', ['README.rst', 'CHANGES.rst'])
def test_the_long_description_needs_no_sphinx(name):
    text = read(name)
    assert len(text) > 500
    assert re.findall(r':[a-z:]+:`', text) == []
    directives = re.findall(r'^ *\.\. ([a-z-]+)::', text, re.MULTILINE)
    assert set(directives) <= {'code-block'}


def test_the_readme_names_each_page():
    named = re.findall(r'^- ``([a-z-]+\.rst)``:', read('README.rst'),
                       re.MULTILINE)
    assert sorted(named + ['README.rst', 'index.rst']) == sorted(NAMES)


def test_the_index_lists_each_page():
    listed = re.findall(r'^    ([a-z-]+)$', page('index.rst'), re.MULTILINE)
    assert sorted([name + '.rst' for name in listed]
                  + ['README.rst', 'index.rst']) == sorted(NAMES)


def test_make_targets_exist():
    targets = re.findall(r'^([a-z]+):', read('Makefile'), re.MULTILINE)
    named = re.findall(r'(?:``|^    )make ([a-z]+)',
                       ''.join(read(path) for path in PAGES), re.MULTILINE)
    assert set(named) == {'demo', 'test'}
    assert set(named) <= set(targets)


def test_names_of_the_package_exist():
    text = ''.join(read(path) for path in PAGES)
    names = set(re.findall(r'\bProducts\.ZServerViews\.\w+(?:\.\w+)*', text))
    assert len(names) >= 8
    for name in sorted(names):
        assert dotted.resolve(name) is not None


# Settings

def test_each_setting_is_described_once():
    schema = xml.etree.ElementTree.parse(
        os.path.join(PACKAGE, 'component.xml'))
    keys = [key.get('name') for key in schema.iter('key')]
    assert set(name for name, _, _ in settings.OPTIONS) < set(keys)
    described = re.findall(r'^\.\. describe:: (.+)$',
                           page('configuration.rst'), re.MULTILINE)
    assert sorted(described) == sorted(
        keys + ['identifier', 'URL path', 'dotted name'])


@pytest.mark.parametrize('option', settings.OPTIONS, ids=lambda one: one[0])
def test_the_default_of_each_option_is_told(option):
    name, _converter, default = option
    text = page('configuration.rst').split('.. describe:: %s\n' % name)[1]
    told = re.search(r'default\s+is\s+``(\w+)``', text.split('.. ')[0])
    assert told.group(1) == ('on' if default else 'off')


def test_settings_of_waitress_exist():
    table = page('configuration.rst').split('Settings of waitress\n')[1]
    cells = re.findall(r'\* - ((?:``[^\n]+\n\s*)+)- ', table)
    names = re.findall(r'``(\w+)``', ''.join(cells))
    assert len(names) >= 15
    assert set(names) <= set(Adjustments._param_map)


def test_names_of_sections_are_turned_into_lower_case(tmp_path):
    entries, mistakes = settings.read(
        load_zope_conf(tmp_path, TYPED % u'/Alive'))
    assert ([entry.path for entry in entries], mistakes) == (['/alive'], [])


def test_a_section_with_a_slash_at_its_end_is_empty(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        load_zope_conf(tmp_path, TYPED % u'/-/')
    assert "no values for 'name'" in str(caught.value)


# The design

def test_modules_in_the_design_exist_and_all_are_there():
    modules = [os.path.relpath(path, PACKAGE).replace(os.sep, '/')
               for pattern in ('[a-z]*.py', '[a-z]*.xml', 'hooks/[a-z]*.py')
               for path in glob.glob(os.path.join(PACKAGE, pattern))]
    assert len(modules) >= 13
    named = set(re.findall(r'``((?:\w+/)*\w+\.(?:py|xml))``',
                           page('design.rst')))
    assert sorted(named) == sorted(modules)


@pytest.mark.parametrize('fact', [
    '%d blocks or %d KiB' % (pump.BLOCKS_A_TURN,
                             pump.BYTES_A_TURN // 1024),
    'blocks above %d KiB are' % (gateway.JOIN_BYTES // 1024),
    '{:,} jobs'.format(Journal()._limit),
])
def test_numbers_in_the_design_are_those_of_the_code(fact):
    assert fact in ' '.join(page('design.rst').split())
