"""config.hints: what was probably meant."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.config.hints import did_you_mean, suspects


def test_a_slip():
    known = ['live-timeout', 'aside-timeout']
    assert did_you_mean('live-timout', known) == (
        "; did you mean 'live-timeout'?")
    assert did_you_mean('colour', known) == ''
    assert did_you_mean('colour', []) == ''


@pytest.mark.parametrize('name', [
    'zserver_views', 'zserverviews', 'zserver-view', 'zserver.views',
    'zsever-views', 'products.zserverviews'])
def test_a_section_that_is_nearly_right(name):
    text, = suspects({name: {'a': '/a mysite.view'}}, 'zserver-views')
    assert text == ('<product-config %s> is not read; did you mean '
                    '<product-config zserver-views>?' % name)


def test_an_entry_in_the_section_of_somebody_else():
    text, = suspects({'zserver-views': {}, 'munin': {
        'monitor': '/-/ Products.ZServerViews.views.monitor',
        'other': '1'}}, 'zserver-views')
    assert text.startswith("the entry 'monitor' of <product-config munin> is "
                           "not read")


def test_sections_of_others():
    class Typed(object):
        """A section of a type: its name may be any."""

    assert suspects({
        'zserver-views': {'a': '/a b.c'}, 'zserver-views-more': Typed(),
        'zope-views': {'a': '/a b.c'}, 'views': {}, 'server': {'x': '1'},
        'longrequestlogger': {'logfile': '/a'}}, 'zserver-views') == []
