"""Views of every tier, each of which says its tier and its method."""
from __future__ import absolute_import, division, print_function

from zope.interface import implementer

from Products.ZServerViews.base import TextView, aside
from Products.ZServerViews.interfaces import ISuite


def make(tier):
    @TextView
    def seen(environ):
        return u'%s %s' % (environ['REQUEST_METHOD'], tier)

    if tier != 'none':
        seen.tier = tier
    return seen


none, status, operator, sensitive, change = [
    make(tier) for tier in ('none', 'status', 'operator', 'sensitive',
                            'change')]

apart = aside(make('sensitive'))


@implementer(ISuite)
class Suite(object):
    def views(self):
        return [('', none), ('status', status), ('operator', operator),
                ('sensitive', sensitive), ('change', change),
                ('apart', apart)]


suite = Suite()
