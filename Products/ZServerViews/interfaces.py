"""The contracts between the rooms of this package."""
from __future__ import absolute_import, division, print_function

from zope.interface import Attribute, Interface


class IView(Interface):
    """A mini WSGI application (PEP 3333) that runs in the server's I/O thread.

    While it runs, and while a part of its answer is made, the server does
    nothing else: it must not wait for anything.
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


class IExchange(Interface):
    """One request that a view answers, as a hook drives it.

    All methods are called in the loop's thread and never raise.
    """

    close_connection = Attribute(
        "True if the connection ends after this answer; final after more() "
        "has returned None.")

    status = Attribute(
        "The status sent, such as '200 OK'; None until the head is made.")

    body_bytes = Attribute("How many bytes of body have been made so far.")

    def more():
        """The next bytes to send; b'' for 'nothing yet, ask again in the
        loop's next turn'; None when all has been handed out."""

    def close():
        """End the call: the client has everything, or has gone."""


class IHook(Interface):
    """Puts the look-up into the servers of this process."""

    server_name = Attribute("The server's name, for messages.")

    installed = Attribute("True between install() and uninstall().")

    def unusable():
        """Why this hook cannot work in this process, as a text; or None."""

    def install():
        """Put the look-up into every server, present and future; repeatable."""

    def uninstall():
        """Undo install(): the server is as it was; repeatable."""
