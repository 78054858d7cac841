"""The interfaces of views and suites, for authors of views."""
from __future__ import absolute_import, division, print_function

from zope.interface import Interface


class IView(Interface):
    """A small WSGI application (PEP 3333) that runs in the event loop.

    While it runs, and while a part of its response is made, the server does
    nothing else: it must never block. A view that has to block is declared
    with `Products.ZServerViews.base.aside` and offloaded. If it has to block
    only for some requests, it has a method ``runs_aside_for(environ)``, called
    in the event loop, that returns True for those; if it raises, the request
    is offloaded too.
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
