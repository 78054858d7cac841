"""Text for XML and HTML."""
from __future__ import absolute_import, division, print_function

from xml.sax.saxutils import escape

from Products.ZServerViews.format.text import text


def escaped(value):
    """Any value as text, also for an attribute in double quotes."""
    return escape(text(value), {u'"': u'&quot;'})
