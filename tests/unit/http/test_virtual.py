"""http.virtual: what a proxy's rewriting for the virtual host monster hides."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.http.virtual import asked_for

WWW = 'https://www.example.com'


@pytest.mark.parametrize('path, host, asked', [
    ('/page', None, None), ('/', None, None), ('', None, None),
    ('/Plone/page/@@view', None, None),
    ('/VirtualHostBase/https/www.example.com:443/Plone/VirtualHostRoot/page/'
     '@@sleep', WWW, '/page/@@sleep'),
    ('/VirtualHostBase/https/www.example.com/Plone/VirtualHostRoot/', WWW, '/'),
    ('/VirtualHostBase/https/www.example.com/Plone/VirtualHostRoot', WWW, '/'),
    ('/VirtualHostBase/http/a.example:8080/a/b/VirtualHostRoot/c/',
     'http://a.example:8080', '/c/'),
    ('/VirtualHostBase/http/a.example:80/VirtualHostRoot/c',
     'http://a.example', '/c'),
    ('/VirtualHostBase/https/a.example:80/VirtualHostRoot/c',
     'https://a.example:80', '/c'),
    ('/VirtualHostBase/http/[::1]:80/VirtualHostRoot/c', 'http://[::1]', '/c'),
    # A part of the site, shown below another path.
    ('/VirtualHostBase/https/www.example.com:443/Plone/VirtualHostRoot/'
     '_vh_intern/_vh_a/page', WWW, '/intern/a/page'),
    ('/VirtualHostBase/https/www.example.com:443/Plone/VirtualHostRoot/a/_vh_b',
     WWW, '/a/_vh_b'),
    ('/VirtualHostBase/https/www.example.com:443/Plone/VirtualHostRoot/_vh_',
     WWW, '/'),
    # Waitress's url_prefix, which the proxy has put before.
    ('/zope/VirtualHostBase/https/www.example.com:443/Plone/VirtualHostRoot/a',
     WWW, '/a'),
    # Without the one, or the other.
    ('/Plone/VirtualHostRoot/_vh_x/page', None, '/x/page'),
    ('/VirtualHostBase/https/www.example.com:443/Plone/page', WWW,
     '/Plone/page'),
    # What is none.
    ('/VirtualHostBase', None, None), ('/VirtualHostBase/http', None, None),
    ('/MyVirtualHostBase/a/b/c', None, None),
    ('/VirtualHostRoots/a', None, None),
    ('/VirtualHostBase/odd/a.example:1/VirtualHostRoot/x', 'odd://a.example:1',
     '/x')])
def test_what_was_asked_for(path, host, asked):
    assert asked_for(path) == (host, asked)
