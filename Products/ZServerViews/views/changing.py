"""Views that some may read, and fewer may have do something: the tier of such a
view is for those who read.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.access.peer import Facts
from Products.ZServerViews.runtime.routes import refusal


def may_change(site, environ):
    """Whether this request has the access of the tier ``change``."""
    return site.access.allowed('change', Facts.of_environ(environ))


def require_change(asked):
    """Raise the ViewError that refuses a request without that access."""
    objection = asked.site.access.objection(
        'change', Facts.of_environ(asked.environ))
    if objection is not None:
        asked.site.refusals.tell(asked.environ['SCRIPT_NAME'], objection)
        raise refusal(asked.environ)
