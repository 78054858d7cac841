"""servers.zserver.targets: nothing that medusa has cut makes a path a view's."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.servers.zserver.targets import find_mount

http_server = pytest.importorskip('ZServer.medusa.http_server')


class Table(object):
    by_path = {'/-/requests': 'requests', '/-/a%20b': 'a b'}


class Request(object):
    """One whose first line medusa has cracked."""

    def __init__(self, line):
        command, self.uri, self.version = http_server.crack_request(line)
        assert command is not None
        self.request = http_server.unquote(line) if '%' in line else line


@pytest.mark.parametrize('target, found', [
    ('/-/requests', 'requests'),
    ('/-/requests?x=1', 'requests'),
    ('/-/requests?x=a%20b', 'requests'),
    ('/-/requests?x=%26://a/', 'requests'),
    ('/-/requests#x', 'requests'),
    ('/-/a%20b', 'a b'),
    ('/-/a%20b?%25', 'a b'),
    ('http://host/-/requests', 'requests'),
    ('HTTPS://host:1/-/requests?x=%20', 'requests'),
    ('/-/none', None),
    ('/://a/-/requests', None),
    ('/x://a/-/requests', None),
    ('/x://a/-/requests?x=%20', None),
    ('/x://a/-/a%20b', None),
    ('/%41://a/-/requests', None),
    ('/-/requests://a/-/requests', None),
    ('/-/requests%3F://a/-/requests?%41', None),
    ('/-/requests%20HTTP/1.1://a/-/requests', None),
    ('/-/requests%20HTTP/1.1%20://a/-/requests', None),
    ('9://a/-/requests', None),
    ('x_y://a/-/requests', None),
    ('*', None),
    ('host:80', None),
])
@pytest.mark.parametrize('version', [' HTTP/1.1', ' HTTP/1.0', ''])
def test_only_a_scheme_is_cut(target, found, version):
    assert find_mount(Table, Request('GET ' + target + version)) == found
