"""http.target: the parts of a request target."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.http.target import (
    NO_PATH,
    authority,
    is_absolute,
    sent_path,
    shown_path,
)


@pytest.mark.parametrize('target, path', [
    ('/thr-id', '/thr-id'),
    ('/thr-id?x=1', '/thr-id'),
    ('/thr-id?x=/a#b', '/thr-id'),
    ('/thr-id#b', '/thr-id'),
    ('/thr%2Did', '/thr%2Did'),
    ('//thr-id', '//thr-id'),
    ('/thr-id/', '/thr-id/'),
    ('/thr-id;a', '/thr-id;a'),
    ('/http://other/thr-id', '/http://other/thr-id'),
    ('http://host/thr-id', '/thr-id'),
    ('HTTP://host:80/thr-id?http://other/b', '/thr-id'),
    ('http://host//thr-id', '//thr-id'),
    ('http://host', '/'),
    ('http://host?x', '/'),
    ('a+b-c.9://host/thr-id', '/thr-id'),
    # Nothing but a scheme is cut.
    ('/://host/thr-id', '/://host/thr-id'),
    ('/a://host/thr-id', '/a://host/thr-id'),
    ('://host/thr-id', ''),
    ('9a://host/thr-id', ''),
    ('a/b://host/thr-id', ''),
    ('a%62://host/thr-id', ''),
    ('a_b://host/thr-id', ''),
    ('x?http://host/thr-id', ''),
    ('user:password@host:80', ''),
    ('*', ''),
    ('', ''),
])
def test_the_path_as_sent(target, path):
    assert sent_path(target) == path


@pytest.mark.parametrize('target, path', [
    ('/a?b', '/a'), ('http://fred:password@host/a', '/a'), ('*', '*'),
    ('user:password@host:80', NO_PATH), ('', NO_PATH)])
def test_the_path_as_shown(target, path):
    assert shown_path(target) == path


@pytest.mark.parametrize('target, found', [
    ('/a', None), ('', None), ('*', None), ('/http://other/a', None),
    ('host:443', None), ('http://host/a', 'host'), ('http://host', 'host'),
    ('HTTP://Host:80?b', 'Host:80'), ('http://host#b/c', 'host'),
    ('http:///a', ''), ('http://u@host/a', 'u@host'), ('http://[::1]:8/', '[::1]:8'),
])
def test_the_authority(target, found):
    assert authority(target) == found


@pytest.mark.parametrize('target, absolute', [
    ('http://host/x', True), ('HTTP://host', True), ('h2+x-y.z://', True),
    ('/http://host/x', False), ('/', False), ('*', False), ('host:80', False),
    ('http:/host/x', False), ('h ttp://host/x', False)])
def test_the_absolute_form(target, absolute):
    assert is_absolute(target) is absolute
