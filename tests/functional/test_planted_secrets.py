"""200 secrets, of which none is in the history, a profile or a file of the recorder.

Each is in the request, in local variables of the page, in log records and in the
message of an exception.
"""
from __future__ import absolute_import, division, print_function

import base64
import json
import zlib

import pytest

from Products.ZServerViews.format.profiles.formats import FORMATS
from tests.functional.harness import Instance
from tests.functional.test_listener import with_settings
from tests.functional.test_record import command, data
from tests.waiting import awaited

TOKEN = 'Right-token-0123456789'
SECRETS = ['s3cret%03d' % number for number in range(200)]
BASIC = base64.b64encode(('fred:' + SECRETS[0]).encode('ascii')).decode('ascii')
SHOWN = ('text', 'json') + tuple(sorted(FORMATS))


@pytest.fixture(scope='module')
def folder(tmpdir_factory):
    return tmpdir_factory.mktemp('record')


@pytest.fixture(scope='module')
def site(folder):
    section = with_settings('token-env ZSV_TOKEN\n    record %s' % folder).replace(
        '</product-config>',
        '    monitor /-/ Products.ZServerViews.views.monitor\n</product-config>')
    instance = Instance(section, environ={'ZSV_TOKEN': TOKEN}).start()
    yield instance
    assert instance.is_running(), instance.output()
    instance.stop()


def leak(site):
    """Have a page be told them, and tell them."""
    query, form, headers, cookies = [SECRETS[first:first + 50]
                                     for first in range(0, 200, 50)]
    body = '&'.join('%sname=%s' % (value, value) for value in form)
    with site.connect(timeout=90) as connection:
        connection.request(
            '/@@leak?seconds=3&' + '&'.join(
                'q%s=%s' % (value, value) for value in query),
            method='POST', body=body.encode('ascii'),
            headers=[('X-' + value, value) for value in headers] + [
                ('Content-Type', 'application/x-www-form-urlencoded'),
                ('Authorization', 'Basic ' + BASIC),
                ('Cookie', '; '.join('%s=%s' % (value, value)
                                     for value in cookies))])
        assert connection.response().code == 500


def asked(site, path):
    """The JSON of a view."""
    answer = site.get(path)
    assert answer.code == 200, answer.text
    return json.loads(answer.text)


def begun_profile(site):
    answer = site.get('/-/profile?seconds=600&rate=20', method='POST', headers=[
        ('Authorization', 'Bearer ' + TOKEN), ('Accept', 'application/json')])
    assert answer.code == 202, answer.text


def ended_profile(site):
    site.get('/-/profile', method='DELETE',
             headers=[('Authorization', 'Bearer ' + TOKEN)])
    return awaited(lambda: asked(site, '/-/profile?format=json')['finished'])[0]


def decoded(body):
    """As text; that of pprof is compressed."""
    if body.startswith(b'\x1f\x8b'):
        body = zlib.decompress(body, zlib.MAX_WBITS + 16)
    return body.decode('utf-8', 'replace')


def check(text, name):
    assert '@@leak' in text, name
    check_no_secret(text, name)


def check_no_secret(text, name):
    assert 's3cret' not in text.lower() and BASIC not in text, name


def test_two_hundred_secrets_are_in_nothing(site, folder):
    # What is logged is noted from the first turn of the recorder on.
    awaited(lambda: data(folder))
    begun_profile(site)
    leak(site)
    number = ended_profile(site)['id']
    story = awaited(lambda: [
        story for story in asked(site, '/-/history?format=json')['slow']
        if story['path'] == '/@@leak'])[0]
    assert story['error'] == 'ValueError'
    found = asked(site, '/-/history?format=json')
    assert 'ValueError' in [one['class'] for one in found['errors']]
    texts = [one['text'] for one in found['log']]
    assert 'Told %s' in texts and '(a text made while running)' in texts
    for name in SHOWN:
        check(decoded(site.get('/-/history?format=' + name).body), name)
    for name in sorted(FORMATS):
        answer = site.get('/-/profile?format=%s&id=%d' % (name, number))
        assert answer.code == 200, answer.text
        check(decoded(answer.body), name)
    for name in 'text', 'json':
        check_no_secret(decoded(site.get('/-/profile?format=' + name).body), name)
    check_files(folder)


def check_files(folder):
    written = awaited(lambda: [
        text for text in [data(folder)]
        if b'"kind":"request"' in text and b'"ValueError"' in text
        and b'Told %s' in text])[0]
    check(written.decode('ascii'), 'the files')
    for name in 'text', 'json', 'collapsed', 'speedscope', 'firefox', 'svg':
        code, text, told = command(folder, '--format', name)
        assert (code, told) == (0, ''), name
        check(text, name)
    check_no_secret(command(folder)[1], 'the list')
