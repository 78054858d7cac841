"""What views and suites are, for those who write them."""
from __future__ import absolute_import, division, print_function

from zope.interface import Interface


class IView(Interface):
    """A mini WSGI application (PEP 3333) that runs in the server's I/O thread.

    While it runs, and while a part of its answer is made, the server does
    nothing else: it must not wait for anything. A view that must can run
    aside, see `Products.ZServerViews.base.aside`. One that must only for some
    requests has a method ``runs_aside_for(environ)``, called in the loop,
    which says True for those.
    """

    def __call__(environ, start_response):
        """Answer one request; returns an iterable of bytes.

        ``environ['SCRIPT_NAME']`` is the view's path, below the server's
        ``url_prefix`` where it has one; ``environ['PATH_INFO']`` is empty.
        """


class ISuite(Interface):
    """Several views that one entry of the configuration mounts together."""

    def views():
        """An iterable of ``(name, view)``.

        Each view is mounted below the path of the entry: a suite at ``/-/``
        has its view named ``live`` at ``/-/live``, and the one with the empty
        name at ``/-/`` itself.
        """
