"""The contracts between the folders of this package.

They are for readers and tests, which verify each class that keeps them; nothing
else imports this module.
"""
from __future__ import absolute_import, division, print_function

from zope.interface import Attribute, Interface


class IResponse(Interface):
    """One request that a view answers, as a server drives it.

    All methods are called in the event loop and never raise.
    """

    mount = Attribute("The Mount that is answered.")

    environ = Attribute("The environ that the view gets, for the access log.")

    state = Attribute(
        "One of the states of `wsgi.response`: NEW, HEAD, BODY, LAST, ENDED, "
        "CLOSED, in this order. From ENDED on more() has nothing; at CLOSED "
        "there is nothing to close either.")

    close_connection = Attribute(
        "True if the connection ends after this answer; final from ENDED on.")

    status = Attribute(
        "The status sent, such as '200 OK'; None until the head is made.")

    body_bytes = Attribute("How many bytes of body have been made so far.")

    waiting = Attribute(
        "True while the view is offloaded and more() has nothing: the server "
        "need not ask until its event loop is woken.")

    wake = Attribute(
        "A callable of the server's, or None: wakes its event loop, from any "
        "other thread.")

    def more():
        """The next bytes to send; b'' for 'nothing yet, ask again in the
        loop's next iteration'; None when all has been handed out."""

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

    def begin_anew():
        """In a forked child: forget the event loops of the parent, and what
        was opened in them; leave alone what the parent still uses."""


class IServerState(Interface):
    """What a view may ask its server, as ``environ['zserverviews.server']``.

    All methods run in an event loop, that of the server or of the listener for
    views, and wait for nothing.
    """

    connection_limit = Attribute(
        "How many entries the server's own configuration allows: connections "
        "and what the server needs itself; None where that is not known.")

    knows_queue = Attribute(
        "Whether requests() has those that wait.")

    worker = Attribute(
        "The number that the server gives this process among its workers; or "
        "None.")

    worker_count = Attribute(
        "At how many requests it works at once in this process, where "
        "worker_idents() does not tell; or None.")

    text = Attribute(
        "What it is, and how it works, for operators; None where its name says "
        "all.")

    not_known = Attribute(
        "What it cannot tell: texts for operators.")

    def requests():
        """The `monitor.requests.Request` of each request for the site that
        waits; needs the site's recorder. Those in work, which the recorder
        knows, may be among them."""

    def in_flight():
        """How many requests are not answered in full, but for that of the view
        that asks: for the site and for views, waiting, in work, with an answer
        that the client has not taken yet, or with a body that is being
        received."""

    def worker_idents():
        """The identifiers of the threads that work at requests; None where
        they are not known."""

    def connections():
        """How many clients are connected to the server, the one that asks
        included unless it is on a listener with an event loop of its own; None
        where that is not known."""


class IPool(Interface):
    """A server that queues connections for a pool of threads.

    Made for its object that serves. `seams` has the server's thread ask
    `servers.own.early.Early` about each connection, before it queues it.
    """

    name = Attribute("The server's name, for messages.")

    connection_limit = Attribute("As in IServerState.")

    def lacks():
        """The names that this version of the server does not have; nothing
        else is called then."""

    def seams():
        """[(seam, content)] for `runtime.patching.Part.fill`."""

    def connection(environ):
        """By a worker: the socket of the request that it has, or None where
        the environ has it or nobody knows."""

    def queued():
        """How many connections wait for a thread; in any thread, and waits for
        nothing."""

    def idents():
        """The identifiers of the threads; below nought for those that have not
        begun."""

    def connections():
        """How many clients are connected."""


class IAdoptingPort(Interface):
    """Has connections that were taken out of the site's server."""

    def taken(sock, address, application, sign):
        """An object for `servers.views_loop.ViewsLoop.take_over`; by the server's
        thread. Does not fail.

        ``address`` is that of the peer. ``application`` leads to the filter
        that writes the access log. ``sign`` is that of a proxy, or None.
        """

    def connections():
        """How many there are in the loop, with those of the listener."""
