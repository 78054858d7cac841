"""From zope.conf to a running site, and the starts that must not happen."""
from __future__ import absolute_import, division, print_function

import re

import pytest

from tests.functional.harness import (
    FIXTURE_SECTION,
    SECTION,
    Instance,
    StartFailed,
)

EXAMPLE = 'Products.ZServerViews.tests.common.current_thread_id_zserver_view'

TYPED = """
%%import Products.ZServerViews
<zserver-views extra>
    <view /typed>
        name %s
    </view>
    <view anything>
        path /With/Capitals/
        name fixture_views.hello
        access-log off
    </view>
</zserver-views>
""" % EXAMPLE

MISTAKES = SECTION % """
    one   /one   no.such.module
    two   two    fixture_views.hello
    three /three fixture_views.hello surplus
    four  /four
    five  /five  fixture_views
    six   /six   fixture_views.MEGABYTE
    seven /seven fixture_views.hello
    seven-again /seven fixture_views.text
    eight /eight?x fixture_views.hello
    nine  /      fixture_views.hello
    ten   /ten   fixture_broken.view
    right /right fixture_views.hello
"""


def test_the_readme_section(make_instance):
    zope = make_instance(SECTION % ('thread-id /thr-id ' + EXAMPLE)).start()
    assert zope.get('/thr-id').text.isdigit()
    assert zope.get('/v/hello').code == 404


def test_without_a_section(make_instance):
    zope = make_instance('').start()
    assert zope.get('/thr-id').code == 404
    assert not re.search(zope.SIGN_OF_THE_PRODUCT, zope.output().lower())


def test_both_kinds_of_section(make_instance):
    zope = make_instance(FIXTURE_SECTION + TYPED).start()
    assert zope.get('/typed').text == zope.get('/thr-id').text
    assert zope.get('/With/Capitals/').text == 'hello'
    assert zope.get('/with/capitals/').code == 404
    zope.wait_for_log(zope.ACCESS_LOG, 'GET /typed')
    assert zope.log(zope.ACCESS_LOG).count('/With/Capitals/') == 0


def test_all_mistakes_stop_the_start_with_one_message(make_instance):
    with pytest.raises(StartFailed) as failure:
        make_instance(MISTAKES).start()
    output = str(failure.value)
    assert 'ConfigurationError: zserver-views: 10 errors' in output
    for words in (
            "entry 'one' of <product-config zserver-views> "
            "('/one no.such.module')",
            no_module_named_no(),
            "entry 'two'", 'must begin with a slash',
            "entry 'three'", "'surplus' is not an option",
            "entry 'four'", 'a path and a dotted name must follow',
            "entry 'five'", 'is a module',
            "entry 'six'", 'cannot be called',
            "entry 'seven-again'",
            "the path /seven is already used by entry 'seven'",
            "entry 'eight'", "must not contain '?'",
            "entry 'nine'", 'replace-zope=on',
            "entry 'ten'", 'ZeroDivisionError'):
        assert words in output, words
    assert "'right'" not in output
    assert not re.search(Instance.READY, output)


def no_module_named_no():
    """What this Python says; the quotes of Python 3 are not in Python 2's."""
    with pytest.raises(ImportError) as failure:
        __import__('no')
    assert str(failure.value).startswith('No module named')
    return str(failure.value)


def test_a_mistake_in_a_typed_section_names_its_line(make_instance):
    with pytest.raises(StartFailed) as failure:
        make_instance(TYPED.replace('access-log', 'acces-log')).start()
    said = "'acces-log' is not a key of <view>; did you mean 'access-log'? ("
    # Zope 2.13 begins a line before the bracket.
    assert said in ' '.join(str(failure.value).split())
    with pytest.raises(StartFailed) as failure:
        make_instance(TYPED.replace('off', 'maybe')).start()
    assert "'maybe'" in str(failure.value)
    assert '(line ' in str(failure.value)


def test_the_front_page_on_purpose(make_instance):
    zope = make_instance(
        SECTION % 'front / fixture_views.hello replace-zope=on').start()
    assert zope.get('/').text == 'hello'
    assert zope.get('/@@echo?name=x').text == 'echo x 0'


def test_update_configuration_while_the_server_runs(make_instance):
    zope = make_instance('').start()
    with zope.connect() as old:
        assert old.get('/added').code == 404
        added = zope.get('/@@add-view?key=a&entry=/added%20' + EXAMPLE)
        assert added.text == 'added'
        with zope.connect() as new:
            assert new.get('/added').text.isdigit()
        # Also on the connection that is older than the hook.
        assert old.get('/added').text == zope.get('/added').text
        assert old.get('/@@echo').code == 200
    wrong = zope.get('/@@add-view?key=b&entry=/added%20' + EXAMPLE)
    assert wrong.code == 500
    assert zope.get('/added').text.isdigit()


def test_percent_signs(make_instance):
    zope = make_instance(SECTION % """
        space /a%20b fixture_views.hello
        slash /a%2Fb fixture_views.text
    """).start()
    assert zope.get('/a%20b').text == 'hello'
    assert zope.get('/a%2Fb').text == u'gr\xfc\xdfe'
    for target in '/a%2fb', '/a/b', '/%61%20b', '/a+b':
        assert zope.get(target).code == 404
