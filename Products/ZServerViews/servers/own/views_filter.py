"""The WSGI filter ``egg:Products.ZServerViews#views``.

For pipelines in which ``egg:Zope#httpexceptions`` is not. It belongs outside of
all that changes what a request says, where the server's own view of it still
holds.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.servers.own.hook import installed


def make_filter(application, global_conf=None, **settings):
    """For PasteDeploy, as ``paste.filter_app_factory``; takes no setting."""
    if settings:
        raise ValueError('egg:Products.ZServerViews#views takes no settings: '
                         'not %s. They stand in zope.conf'
                         % ', '.join(sorted(settings)))
    return ViewsFilter(application)


class ViewsFilter(object):
    """Answers requests for views, and hands on all others."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        for hook in list(installed):
            return hook.serve(self.application, self, environ,
                              start_response)
        return self.application(environ, start_response)
