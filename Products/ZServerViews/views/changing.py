"""Views that some may read, and fewer may have do something: the tier of such a
view is for those who read.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.access.peer import Facts
from Products.ZServerViews.base import ViewError
from Products.ZServerViews.runtime.routes import refusal

# The key of an environ for what `may_change` has found.
MAY_CHANGE = 'zserverviews.may_change'
FORMS = ('application/x-www-form-urlencoded', 'multipart/form-data')


def may_change(site, environ):
    """Whether this request has the access of the tier ``change``, for a view that
    is offloaded if it has."""
    found = environ[MAY_CHANGE] = site.access.allowed(
        'change', Facts.of_environ(environ))
    return found


def require_change(asked):
    """Raise the ViewError that refuses a request without that access, or with
    parameters that nobody reads."""
    objection = asked.site.access.objection(
        'change', Facts.of_environ(asked.environ))
    if objection is None and not asked.environ.get(MAY_CHANGE, True):
        # It is in the event loop now, where it must not do it.
        objection = 'the token came later than the request'
    if objection is not None:
        asked.site.refusals.tell(asked.environ['SCRIPT_NAME'], objection)
        raise refusal(asked.environ)
    if _has_form(asked.environ):
        raise ViewError('400 Bad Request', u'There is a form in the body, which is '
                        u'not read: give all parameters in the query string, as in '
                        u'POST %s?name=value\n' % asked.environ['SCRIPT_NAME'])


def meant(asked, by_method):
    """{name: value} of the parameters that were given; raises ViewError for one
    that has no meaning with the method. ``by_method`` is {method: names}."""
    values = dict((name, value) for name, value in asked.values.items()
                  if value is not None and value is not False)
    others = set(values) - by_method[asked.method]
    if others:
        raise ViewError('400 Bad Request', u'The parameter %s has no meaning '
                        u'with %s.\n' % (min(others), asked.method))
    return values


def _has_form(environ):
    """As of ``curl -d name=value``: who sends it means what it says."""
    kind = environ.get('CONTENT_TYPE', '').partition(';')[0].strip().lower()
    return kind in FORMS and environ.get('CONTENT_LENGTH', '0') not in ('', '0')
