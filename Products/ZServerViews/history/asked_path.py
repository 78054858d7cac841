"""Which recorded paths are the one that somebody asks for.

A record has a path as the client has sent it, mostly with escapes. Who asks may write
what a list shows, or what a browser shows; in a query the server has taken escapes
out, and made a space of a plus sign.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import unquote

# Paths that are remembered; a day may have very many.
MOST = 10000


class AskedPath(object):
    """Called with recorded paths; for one thread.

    ``path``
        The one that is asked for; each is, if that is None.
    """

    def __init__(self, path):
        self._path = path
        self._plain = None if path is None else plain(path)
        self._known = {}  # {path: whether it is}

    def __call__(self, path):
        if self._path is None or path == self._path:
            return True
        if path is None:
            return False
        found = self._known.get(path)
        if found is None:
            if len(self._known) >= MOST:
                self._known.clear()
            found = self._known[path] = plain(path) == self._plain
        return found


def plain(path):
    """What all ways to write a path have in common."""
    return unquote(path.encode('utf-8', 'replace')).replace('+', ' ')
