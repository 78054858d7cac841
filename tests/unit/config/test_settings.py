"""config.settings: typed sections -> what holds for all views."""
from __future__ import absolute_import, division, print_function

import pytest
import ZConfig

from Products.ZServerViews.access import token as token_module
from Products.ZServerViews.config import settings as settings_module
from tests.unit.config.test_sections import load

SECTION = u"""
<zserver-views %s>
    %s
</zserver-views>
"""
IMPORT = u'%import Products.ZServerViews\n'


def read(*sections):
    return settings_module.read(load(
        IMPORT + u''.join(SECTION % section for section in sections)))


def test_defaults():
    for found in settings_module.read({}), read((u'one', u'')):
        settings, mistakes = found
        assert mistakes == []
        assert dict(
            (name, getattr(settings, name.replace('-', '_')))
            for name, _default in settings_module.SETTINGS
        ) == dict(settings_module.SETTINGS)


def test_settings_without_views():
    texts = settings_module.without_views(load(
        IMPORT + SECTION % (u'one', u'signals off')))
    assert len(texts) == 1
    assert texts[0].startswith('<zserver-views one> has settings, but no view')
    assert settings_module.without_views({'zserver-views': {}}) == []


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
    assert 'the setting check is already in <zserver-views one>' in mistake


def test_a_companion_needs_a_listener():
    settings, mistakes = read((u'one', u'companion on'),
                              (u'two', u'listen 127.0.0.1:80'))
    assert mistakes == []
    assert settings.companion is True
    assert read((u'one', u'companion off'))[1] == []
    (mistake,) = read((u'one', u'companion on'))[1]
    assert mistake.startswith('<zserver-views one>: ')
    assert 'set listen too' in mistake


def test_a_contradiction_names_both_places():
    _settings, mistakes = read((u'one', u'drain-timeout 1s'),
                               (u'two', u'drain-timeout 2s'))
    assert mistakes == [
        '<zserver-views two>: the setting drain-timeout is already in '
        '<zserver-views one> with another value; it applies to the whole '
        'process']


def test_a_wrong_value_is_an_error_with_its_place():
    with pytest.raises(ZConfig.ConfigurationError) as failure:
        read((u'one', u'view-budget soon'))
    assert 'is not a duration' in str(failure.value)
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
    assert 'the setting token-file is already in <zserver-views a>' in mistake
    assert 'Right' not in mistake


@pytest.mark.parametrize('line, remedy', [
    (u'record /no/such', 'there is no folder'),
    (u'record-size 64', 'such as 64MiB'),
    (u'allow', 'or the word none'),
    (u'allow localhost', 'write 127.0.0.0/8 ::1'),
    (u'allow 127.0.0.1/8', 'its network is 127.0.0.0/8'),
    (u'hosts *.example.org', 'is not a host name'),
    (u'hosts 127.1', 'is an address, or looks like one'),
    (u'token-file token', 'must be an absolute path'),
    (u'token-file /no/such/token', 'cannot be read'),
    (u'token-file /no/such/token', 'create it'),
    (u'token-env NO_SUCH_TOKEN', 'set it where the server is started'),
    (u'listen views.sock', 'absolute path of a unix socket'),
])
def test_mistakes_have_their_place(line, remedy):
    with pytest.raises(ZConfig.ConfigurationError) as failure:
        read((u'one', line))
    assert remedy in str(failure.value)
    assert failure.value.lineno


def test_a_token_file_that_others_may_read_is_named_and_not_shown(
        tmpdir, monkeypatch):
    # Pytest's folders let nobody in.
    monkeypatch.setattr(token_module, '_is_shut_in', lambda path: False)
    token = tmpdir.join('token')
    token.write('Right-token-0123456789')
    token.chmod(0o644)
    lines = u'token-file %s' % token
    (said,) = read((u'one', lines))[1]
    assert said.startswith('<zserver-views one>: users other than its owner')
    assert 'chmod 600 %s' % token in said
    assert 'Right-token' not in said
    assert read((u'one', lines + u'\ntoken-file-mode owner'))[1] == [said]
    settings, mistakes = read((u'one', lines + u'\ntoken-file-mode any'))
    assert mistakes == []
    assert settings.token_file.matches(b'Right-token-0123456789')


def test_a_token_of_the_environment(tmpdir, monkeypatch):
    monkeypatch.setenv('VIEWS_TOKEN', 'Right-token-0123456789')
    settings, mistakes = read((u'one', u'token-env VIEWS_TOKEN'))
    assert mistakes == []
    assert settings.token_env.matches(b'Right-token-0123456789')
    token = tmpdir.join('token')
    token.write('Right-token-0123456789')
    token.chmod(0o600)
    (mistake,) = read((u'one', u'token-env VIEWS_TOKEN'),
                      (u'two', u'token-file %s' % token))[1]
    assert 'token-file or token-env, not both' in mistake


def test_other_sections_do_not_matter():
    settings, mistakes = settings_module.read(load(
        u'<product-config other>\n drain-timeout 1s\n</product-config>'))
    assert mistakes == []
    assert settings.drain_timeout == 30


def test_the_bridge_needs_prometheus_client(monkeypatch):
    settings, mistakes = read((u'one', u'metrics-registry on\n'
                               u'metrics-series 50'))
    assert (settings.metrics_registry, settings.metrics_series) == (True, 50)
    assert mistakes == []

    def import_module(name):
        raise ImportError('No module named ' + name)

    monkeypatch.setattr(settings_module.importlib, 'import_module',
                        import_module)
    assert read((u'one', u'metrics-registry off'))[1] == []
    (mistake,) = read((u'one', u'metrics-registry on'))[1]
    assert mistake == (
        '<zserver-views one>: "metrics-registry on" needs the package '
        'prometheus_client: No module named prometheus_client.openmetrics.'
        'parser. Install it, such as with "pip install prometheus_client", or '
        'remove the line')
