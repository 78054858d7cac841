"""config.sections: sections of zope.conf -> entries and mistakes."""
from __future__ import absolute_import, division, print_function

import io
import os.path
import xml.etree.ElementTree

import pytest
import ZConfig

import Products.ZServerViews
from Products.ZServerViews.config import resolve, sections

SCHEMA = u"""
<schema>
  <abstracttype name="zope.product.base" />
  <sectiontype name="product-config" implements="zope.product.base">
    <key name="+" attribute="mapping" required="no" />
  </sectiontype>
  <multisection type="zope.product.base" attribute="product_config" name="+" />
</schema>
"""


def load(text):
    """A configuration text -> what Zope calls its product configuration."""
    schema = ZConfig.loadSchemaFile(io.StringIO(SCHEMA), 'file:///schema.xml')
    config, _handlers = ZConfig.loadConfigFile(
        schema, io.StringIO(text), 'file:///zope.conf')
    return dict(
        (section.getSectionName(),
         section.mapping if section.getSectionType() == 'product-config'
         else section)
        for section in config.product_config)


def read_line(value):
    return sections.read({'zserver-views': {'my-id': value}})


def facts(entry):
    return (entry.path, entry.name, entry.access_log, entry.replace_zope,
            entry.aside)


def test_nothing_configured():
    assert sections.read({}) == ([], [])
    assert sections.read({'zserver-views': {}}) == ([], [])
    assert sections.read({'zserver-views': None}) == ([], [])
    assert sections.read({'other': {'a': 'b'}}) == ([], [])


def test_a_line_of_2013():
    (entry,), mistakes = read_line('/thr-id \t package.module.view')
    assert mistakes == []
    assert facts(entry) == ('/thr-id', 'package.module.view', True, False,
                            False)
    assert entry.mistake('gone') == (
        "entry 'my-id' of <product-config zserver-views> "
        "('/thr-id package.module.view'): gone")


def test_options_of_a_line():
    (entry,), mistakes = read_line(
        '/ p.v access-log=off replace-zope=yes aside=on')
    assert mistakes == []
    assert facts(entry) == ('/', 'p.v', False, True, True)


def test_lines_come_in_the_order_of_their_identifiers():
    entries, _mistakes = sections.read({'zserver-views': {
        'b': '/b p.v', 'a': '/a p.v', 'c': '/c p.v'}})
    assert [entry.path for entry in entries] == ['/a', '/b', '/c']


@pytest.mark.parametrize('value, remedy', [
    ('', 'a path and a dotted name must follow the identifier, such as '
     '"/my-id package.module.view"'),
    ('/path', 'a path and a dotted name must follow'),
    ('/path p.v surplus', "'surplus' is not an option: only these options "
     'may follow the dotted name: access-log=..., replace-zope=..., '
     'aside=..., tier=...'),
    ('/path p.v colour=red', "'colour=red' is not an option"),
    ('/path p.v access-log', "'access-log' is not an option"),
    ('/path p.v access-log=maybe', 'the option access-log is on or off: '),
    ('/path p.v tier=public', "the option tier: 'public' is not a tier: "
     'choose one of status, operator, sensitive, change'),
    ('/path p.v access-log=on access-log=off', 'access-log is given twice'),
    ('path p.v', "the path 'path' must begin with a slash"),
    ('/path?x=1 p.v', "the path '/path?x=1' must not contain '?'"),
    ('/path#x p.v', "the path '/path#x' must not contain '#'"),
    ('/./path p.v', 'clients remove these'),
    ('/path/.. p.v', 'clients remove these'),
])
def test_a_mistake_names_the_entry_its_value_and_the_remedy(value, remedy):
    entries, (mistake,) = read_line(value)
    assert entries == []
    assert mistake.startswith(
        "entry 'my-id' of <product-config zserver-views> (%r): " % value)
    assert remedy in mistake


def test_all_mistakes_are_collected():
    entries, mistakes = sections.read({'zserver-views': {
        'a': 'a p.v', 'b': '/b p.v', 'c': '/c'}})
    assert [entry.path for entry in entries] == ['/b']
    assert [mistake[:9] for mistake in mistakes] == ["entry 'a'", "entry 'c'"]


@pytest.mark.parametrize('path', ['/a b', '/a\tb', '/a\n', u'/\xfc', '/\x7f'])
def test_a_path_that_no_request_can_have(path):
    with pytest.raises(ValueError) as raised:
        sections.check_path(path)
    assert 'percent-encoded' in str(raised.value)


@pytest.mark.parametrize('path', [
    '/', '/a', '/a.b', '/...', '/a/', '//a', '/-/', '/%C3%BC', '/@@a;b,c',
    '/.well-known/x'])
def test_paths_that_requests_have(path):
    entries, mistakes = sections.read({'zserver-views': {
        'key': path + ' p.v'}})
    assert ([entry.path for entry in entries], mistakes) == ([path], [])


# The typed section, by the real ZConfig

TYPED = u"""
%%import Products.ZServerViews
<zserver-views more>
%s
</zserver-views>
"""


def read_typed(text):
    return sections.read(load(TYPED % text))


def test_a_typed_section():
    (entry,), mistakes = read_typed(
        u'<view /thr-id>\nname package.module.view\n</view>')
    assert mistakes == []
    assert facts(entry) == ('/thr-id', 'package.module.view', True, False,
                            False)
    assert entry.mistake('gone') == (
        "<view /thr-id> of <zserver-views more> ('package.module.view'): gone")


def test_the_keys_of_a_typed_section():
    (entry,), mistakes = read_typed(
        u'<view odd>\nname p.v\npath /Upper\naccess-log off\n'
        u'replace-zope on\naside on\n</view>')
    assert mistakes == []
    assert facts(entry) == ('/Upper', 'p.v', False, True, True)


def test_a_view_without_a_name_needs_a_path():
    entries, (mistake,) = read_typed(
        u'<view>\nname p.v\n</view>\n<view>\nname p.w\npath /w\n</view>')
    assert [entry.path for entry in entries] == ['/w']
    assert mistake.startswith("<view > of <zserver-views more> ('p.v'): ")
    assert 'must begin with a slash' in mistake


def test_zconfig_refuses_what_the_component_does_not_know():
    for wrong in (u'<view /a>\nnaem p.v\n</view>',
                  u'<view /a>\nname p.v\naccess-log maybe\n</view>'):
        with pytest.raises(ZConfig.ConfigurationError):
            read_typed(wrong)


def test_both_kinds_of_section_are_merged():
    config = load(u'<product-config zserver-views>\n  one /one p.one\n'
                  u'</product-config>' + TYPED
                  % u'<view /two>\nname p.two\n</view>\n'
                    u'<view three>\nname p.three\n</view>'
                  + u'<zserver-views also>\n<view /four>\nname p.four\n'
                    u'</view>\n</zserver-views>')
    entries, mistakes = sections.read(config)
    assert sorted(entry.path for entry in entries) == [
        '/four', '/one', '/two']
    assert len(mistakes) == 1
    assert 'add a key such as "path /three"' in mistakes[0]


def test_a_typed_section_must_not_have_the_name_of_the_other_kind():
    config = load((TYPED % u'<view a>\nname p.v\n</view>')
                  .replace(u'views more', u'views zserver-views'))
    _entries, (of_name, of_path) = sections.read(config)
    assert of_name.startswith('<zserver-views zserver-views>: ')
    assert 'give the section another' in of_name
    assert 'add a key such as "path /a"' in of_path


def test_other_typed_sections_are_not_ours():
    class Section(object):
        def getSectionType(self):
            return 'other'

    assert sections.read({'other': Section()}) == ([], [])


def component():
    name = os.path.join(os.path.dirname(Products.ZServerViews.__file__),
                        'component.xml')
    return xml.etree.ElementTree.parse(name).getroot()


def keys_of_view():
    view, = [found for found in component().findall('sectiontype')
             if found.get('name') == 'view']
    return dict((key.get('name'), key) for key in view.findall('key'))


def test_the_component_has_the_options():
    keys = keys_of_view()
    names = [name for name, _converter, _default in sections.OPTIONS]
    assert sorted(keys) == sorted(names + ['name', 'path'])
    for name, converter, default in sections.OPTIONS:
        if name == 'tier':
            assert resolve.resolve(keys[name].get('datatype')) is converter
            assert keys[name].get('default') is default is None
            continue
        assert converter is sections.asBoolean
        assert keys[name].get('datatype') == 'boolean'
        assert sections.asBoolean(keys[name].get('default')) is default


def test_the_defaults_of_an_entry_are_those_of_the_options():
    entry = sections.Entry('place', 'said', '/a', 'p.v')
    for name, _converter, default in sections.OPTIONS:
        assert getattr(entry, name.replace('-', '_')) is default


def test_each_key_of_the_component_is_described():
    assert all(key.findtext('description').strip()
               for key in keys_of_view().values())


def test_the_section_type_is_the_one_that_is_read():
    types = dict((found.get('name'), found)
                 for found in component().findall('sectiontype'))
    assert (types[sections.SECTION_TYPE].get('implements')
            == 'zope.product.base')


def test_a_comment_behind_an_entry_is_told_its_place():
    _entries, (mistake,) = sections.read({'zserver-views': {
        'a': '/a package.view # a comment'}})
    assert "'#' is not an option" in mistake
    assert 'a comment must be on a separate line' in mistake


def test_options_are_names_in_any_case():
    (entry,), mistakes = sections.read({'zserver-views': {
        'a': '/a package.view ACCESS-LOG=OFF'}})
    assert (entry.access_log, mistakes) == (False, [])


@pytest.mark.parametrize('said', ['status', 'Operator', 'SENSITIVE',
                                  'change'])
def test_a_tier_in_both_kinds_of_section(said):
    (of_line,), mistakes = read_line('/path p.v tier=' + said)
    assert mistakes == []
    (of_view,), mistakes = read_typed(
        u'<view /path>\nname p.v\ntier %s\n</view>' % said)
    assert mistakes == []
    assert of_line.tier == of_view.tier == said.lower()


def test_a_tier_that_does_not_exist_has_its_place():
    with pytest.raises(ZConfig.ConfigurationError) as failure:
        read_typed(u'<view /path>\nname p.v\ntier public\n</view>')
    assert "'public' is not a tier" in str(failure.value)
    assert failure.value.lineno


def test_a_value_that_is_no_text():
    _entries, (mistake,) = sections.read({'zserver-views': {'a': None}})
    assert mistake.startswith("entry 'a' of <product-config zserver-views>")
    assert 'the value is NoneType, not a string' in mistake


@pytest.mark.parametrize('text, said, line', [
    (u'<view /-/>\nname p.v\n</view>', 'ends with a slash', 5),
    (u'live-timout 60s', "did you mean 'live-timeout'?", 4),
    (u'colour red', "'colour' is not a setting", 4),
    (u'<view /a>\nname p.v\npth /b\n</view>', "did you mean 'path'?", 6),
    (u'<view /a>\nname p.v\nlive-timeout 5s\n</view>', 'it is a setting', 6),
])
def test_what_zconfig_says_of_a_key(text, said, line):
    with pytest.raises(ZConfig.ConfigurationError) as raised:
        read_typed(text)
    assert said in str(raised.value)
    assert '(line %d, in file:///zope.conf)' % line in str(raised.value)


def test_a_view_without_a_dotted_name():
    _entries, (mistake,) = read_typed(u'<view /-/>')
    assert mistake.startswith('<view /-> of <zserver-views more>')
    assert 'the key "name" is missing' in mistake
    assert 'path /-/' in mistake


def test_a_setting_in_the_section_of_entries():
    _entries, (mistake,) = sections.read(
        {'zserver-views': {'live-timeout': '60s'}})
    assert "entry 'live-timeout'" in mistake
    assert 'move it to a section <zserver-views NAME>' in mistake
    # An identifier may be any word.
    entries, mistakes = sections.read(
        {'zserver-views': {'listen': '/listen p.v'}})
    assert not mistakes and entries[0].path == '/listen'


@pytest.mark.parametrize('key, value', [
    ('token-file', '/run/secrets/token'), ('listen', '/run/views.sock'),
    ('hang-dump', '/var/log/stacks'), ('listen', '127.0.0.1:8090')])
def test_a_setting_that_is_a_path_among_the_entries(key, value):
    _entries, (mistake,) = sections.read({'zserver-views': {key: value}})
    assert 'move it to a section <zserver-views NAME>' in mistake


def test_a_slip_of_a_setting_among_the_entries():
    _entries, (mistake,) = sections.read(
        {'zserver-views': {'live-timout': '60s'}})
    assert "did you mean 'live-timeout'?" in mistake
