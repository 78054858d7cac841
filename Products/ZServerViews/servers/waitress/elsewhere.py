"""The listener for views in the loop of `servers.views_loop`.

That loop is no server of waitress's, but the listener and its connections are of
waitress's kind, whatever serves the site.
"""
from __future__ import absolute_import, division, print_function

from functools import partial

from Products.ZServerViews.runtime.routes import NOT_FOUND
from Products.ZServerViews.servers.views_loop import ViewsLoop
from Products.ZServerViews.servers.waitress.answering import Answering
from Products.ZServerViews.servers.waitress.listener import open_listener
from Products.ZServerViews.servers.waitress.targets import find_mount

# Seconds that a request waits while a view of the site runs in another loop.
PATIENCE = 1.0


class Nobody(object):
    """Stands for the workers, which a listener does not need."""

    queue = ()


class Main(object):
    """Stands for the server of the site in that loop.

    ``adj``, ``application``
        Its settings, and what the access log knows it by.
    """

    task_dispatcher = Nobody()

    def __init__(self, loop, adj, application=None):
        self.adj = adj
        self.application = application
        self._map = loop.map
        self.trigger = loop.trigger


def another_server(loop, ident):
    """A `Main` where the site's is another server, with this name."""
    from waitress.adjustments import Adjustments
    # The address is not used, and is none that is resolved.
    return Main(loop, Adjustments(listen='127.0.0.1:0', ident=ident))


class ListenerHook(object):
    """Answers what comes to the listener, and nothing else."""

    def __init__(self, table, answering):
        self._table = table
        self._answering = answering
        answering.patience = PATIENCE

    def answer_or_refuse(self, channel):
        """Answer the channel's first request: with 404 if it is for no view."""
        request = channel.requests[0]
        self._answering.site.signs.note(channel, request.headers)
        mount = find_mount(self._table, request, '')
        self._answering.begin(channel, mount or NOT_FOUND)


def open_in(loop, main, hook, part, site, others_expected=False):
    """The listener in a `ViewsLoop`, or None; see `listener.open_listener`."""
    made = open_listener(main, hook, part, site, others_expected)
    if made is not None:
        made.views_state = loop.state
        made._views_wake = loop.wake
    return made


class LoopMaker(object):
    """Makes the loop where waitress serves the site.

    ``part``
        The `runtime.patching.Part` that ends with a fault of the loop.
    """

    def __init__(self, table, answering, part):
        self._hook = ListenerHook(table, answering)
        self._site = answering.site
        self._part = part

    def __call__(self, server, before):
        """A `ViewsLoop` with the settings of this server; ``before`` is its."""
        return ViewsLoop(self._site, self._part, partial(self._open, server),
                         server.views_state, before)

    def _open(self, server, loop):
        return open_in(loop, Main(loop, server.adj, server.application),
                       self._hook, self._part, self._site)


class Opener(object):
    """Opens it where another server serves the site."""

    def __init__(self, table, site):
        self._table = table
        self._site = site

    def __call__(self, loop, part, hook):
        """The server, or None; ``hook`` is a `servers.own.hook.OwnHook`."""
        answering = Answering(self._site)
        answering.failed = part.failed
        return open_in(
            loop, another_server(loop, hook.server),
            ListenerHook(self._table, answering), part, self._site,
            hook.kind.is_one_of_several)
