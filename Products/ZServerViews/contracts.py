"""The contracts between the rooms of this package.

The classes that keep them do not declare it, and nothing imports them while a
site starts: both would take time of the start. The tests verify each class.
"""
from __future__ import absolute_import, division, print_function

from zope.interface import Attribute, Interface


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

    waiting = Attribute(
        "True while the view works aside: more() has nothing, and the hook "
        "need not ask until its loop is woken.")

    wake = Attribute(
        "A callable of the hook's, or None: wakes its loop, from any other "
        "thread.")

    def more():
        """The next bytes to send; b'' for 'nothing yet, ask again in the
        loop's next turn'; None when all has been handed out."""

    over = Attribute(
        "True once there is nothing more to hand out and nothing to close; "
        "it may stay false.")

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


class IServerState(Interface):
    """What a view may ask its server, as ``environ['zserverviews.server']``.

    All methods run in the loop and wait for nothing.
    """

    connection_limit = Attribute(
        "How many entries the server's own configuration allows: connections "
        "and what the server needs itself.")

    def requests():
        """The `monitor.requests.Request` of each request for the site that
        waits or is in work; needs the site's recorder."""

    def worker_idents():
        """The identifiers of the threads that work at requests."""

    def worker_names():
        """{identifier: name} of those of these threads that have no name of
        their own."""

    def connections():
        """How many clients are connected, the one that asks included."""
