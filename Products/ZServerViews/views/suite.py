"""The list of the suite's views, in one place."""
from __future__ import absolute_import, division, print_function

from zope.interface import implementer

from Products.ZServerViews.interfaces import ISuite


@implementer(ISuite)
class Suite(object):
    """Mounts views by their names.

    ``members``
        The views, each with its name, in the order of the index.
    """

    def __init__(self, members):
        self.members = tuple(members)

    def views(self):
        return [(view.name, view) for view in self.members]
