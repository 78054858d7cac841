"""process_settings: typed sections -> what holds for all views."""
from __future__ import absolute_import, division, print_function

import pytest
import ZConfig

from Products.ZServerViews import process_settings

from .test_settings import load

SECTION = u"""
<zserver-views %s>
    %s
</zserver-views>
"""
IMPORT = u'%import Products.ZServerViews\n'


def read(*sections):
    return process_settings.read(load(
        IMPORT + u''.join(SECTION % section for section in sections)))


def test_defaults():
    for found in process_settings.read({}), read((u'one', u'')):
        settings, mistakes = found
        assert mistakes == []
        assert dict(
            (name, getattr(settings, name.replace('-', '_')))
            for name, _default in process_settings.SETTINGS
        ) == dict(process_settings.SETTINGS)


def test_several_sections_are_one():
    settings, mistakes = read(
        (u'one', u'view-budget 50ms'), (u'two', u'signals off'),
        (u'three', u'view-budget 50 ms\n listen localhost:80'))
    assert mistakes == []
    assert settings.view_budget == 0.05
    assert settings.signals is False
    assert settings.listen.text == 'localhost:80'


def test_the_same_address_twice_is_no_contradiction():
    _settings, mistakes = read((u'one', u'listen 127.0.0.1:80'),
                               (u'two', u'listen localhost:80'))
    assert mistakes == []


def test_checks():
    settings, mistakes = read(
        (u'one', u'check zodb\n check mysite.checks.solr\n'
                 u'check-interval 3s'), (u'two', u''))
    assert mistakes == []
    assert settings.check == ['zodb', 'mysite.checks.solr']
    assert settings.check_interval == 3
    assert read((u'one', u''))[0].check == ()
    (mistake,) = read((u'one', u'check zodb'), (u'two', u'check a.b'))[1]
    assert 'the setting check stands in <zserver-views one>' in mistake


def test_a_contradiction_names_both_places():
    _settings, mistakes = read((u'one', u'drain-timeout 1s'),
                               (u'two', u'drain-timeout 2s'))
    assert mistakes == [
        '<zserver-views two>: the setting drain-timeout stands in '
        '<zserver-views one> already, with another value; it is one for the '
        'whole process']


def test_a_wrong_value_is_an_error_with_its_place():
    with pytest.raises(ZConfig.ConfigurationError) as failure:
        read((u'one', u'view-budget soon'))
    assert 'is no duration' in str(failure.value)
    assert failure.value.lineno


def test_who_may_see_views(tmpdir):
    token = tmpdir.join('token')
    token.write('Right-token-0123456789')
    token.chmod(0o600)
    (settings, mistakes), _again = [
        read((u'one', u'allow 10.0.0.0/8 ::1\n hosts A.example b\n'
                      u'token-file %s' % token)) for _time in range(2)]
    assert mistakes == []
    assert [str(network) for network in settings.allow] == ['10.0.0.0/8',
                                                            '::1/128']
    assert settings.hosts == ('a.example', 'b')
    assert settings.token_file.matches(b'Right-token-0123456789')


def test_nobody_may_be_allowed():
    settings, mistakes = read((u'one', u'allow none'), (u'two', u''))
    assert (settings.allow, mistakes) == ((), [])


def test_one_token_file_in_two_sections(tmpdir):
    lines = []
    for name in 'one', 'two':
        token = tmpdir.join(name)
        token.write('Right-token-0123456789')
        token.chmod(0o600)
        lines.append(u'token-file %s' % token)
    assert read((u'a', lines[0]), (u'b', lines[0]))[1] == []
    (mistake,) = read((u'a', lines[0]), (u'b', lines[1]))[1]
    assert 'the setting token-file stands in <zserver-views a>' in mistake
    assert 'Right' not in mistake


@pytest.mark.parametrize('line, remedy', [
    (u'allow', 'or the word none'),
    (u'allow localhost', 'is no literal address'),
    (u'allow 127.0.0.1/8', 'this one has it: 127.0.0.0/8'),
    (u'hosts *.example.org', 'is no name of a host'),
    (u'hosts 127.1', 'is an address, or looks like one'),
    (u'token-file token', 'must be an absolute path'),
    (u'token-file /no/such/token', 'cannot be read'),
])
def test_mistakes_of_access_have_their_place(line, remedy):
    with pytest.raises(ZConfig.ConfigurationError) as failure:
        read((u'one', line))
    assert remedy in str(failure.value)
    assert failure.value.lineno


def test_a_token_file_that_others_may_read_is_named_and_not_shown(tmpdir):
    token = tmpdir.join('token')
    token.write('Right-token-0123456789')
    token.chmod(0o644)
    with pytest.raises(ZConfig.ConfigurationError) as failure:
        read((u'one', u'token-file %s' % token))
    said = str(failure.value)
    assert 'chmod 600 %s' % token in said
    assert 'Right-token' not in said


def test_other_sections_do_not_matter():
    settings, mistakes = process_settings.read(load(
        u'<product-config other>\n drain-timeout 1s\n</product-config>'))
    assert mistakes == []
    assert settings.drain_timeout == 30
