"""Exact path -> mounted view, looked up once for each request."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.access.peer import Facts
from Products.ZServerViews.base import JSONView, TextView, ViewError
from Products.ZServerViews.config.mounts import Mount
from Products.ZServerViews.config.sections import Entry
from Products.ZServerViews.http.accept import preferred

_NOT_STORED = [('Cache-Control', 'no-store')]


@TextView
def not_found(environ):
    """What answers where no view is mounted, on the listener for views."""
    raise ViewError('404 Not Found', u'There is no view at this path.\n',
                    _NOT_STORED)


def refused(environ, start_response):
    """What answers, for every method, who may not see the view that is; in the
    format that the client wants."""
    wants_json = _wants_json(environ)

    def refuse(environ):
        error = refusal(environ)
        error.headers += _NOT_STORED
        if wants_json:  # there the line ends behind the document
            error.message = error.message.rstrip(u'\n')
        raise error

    view = JSONView if wants_json else TextView
    return view(refuse)(environ, start_response)


def refusal(environ):
    """The ViewError for a request that may not do what it wants: 403, or 401
    where there is a token that it does not have. Only the log says why."""
    access = environ['zserverviews.site'].access
    status, headers = '403 Forbidden', []
    if access.wants_token(Facts.of_environ(environ)):
        # RFC 6750, section 3
        status = '401 Unauthorized'
        headers = [('WWW-Authenticate', 'Bearer')]
    return ViewError(status, u'Access is refused.\n', headers)


def _wants_json(environ):
    """Whether by its Accept, or by the parameter that the suite's views have.
    """
    if 'format=json' in environ.get('QUERY_STRING', '').split('&'):
        return True
    return preferred(environ.get('HTTP_ACCEPT'),
                     ['text/plain', 'application/json']) == 1


def _our_mount(place, path, view, name, access_log):
    made = Mount(path, view, Entry(place, '', path, name,
                                   [('access-log', access_log)]))
    made.is_ours = True  # it waits for nothing
    return made


NOT_FOUND = _our_mount('the listener for views', '/', not_found, 'not found',
                       False)


def refusal_of(mount):
    """What answers in the place of a view who may not see it.

    It is no view of the site's: what it takes does not count for the view.
    """
    return _our_mount(mount.place, mount.path, refused,
                      'the refusal of ' + mount.name, mount.access_log)


class Routes(object):
    """What is mounted where; hooks look into it, `replace` changes it.

    ``by_path``
        The path as sent -> Mount.
    ``by_decoded_path``
        The path with its percent signs decoded -> Mount, for servers whose
        parser decodes it; such a server must still compare the path as sent.

    Both are dictionaries that are never changed, only replaced as a whole:
    the loop reads them without a lock.
    """

    def __init__(self):
        self.by_path = {}
        self.by_decoded_path = {}

    def __len__(self):
        return len(self.by_path)

    def replace(self, mounts):
        """Serve these mounts and no others from the next request on."""
        for mount in mounts:
            if mount.tier is not None:
                mount.refusal = refusal_of(mount)
        decoded = dict((mount.script_name, mount) for mount in mounts)
        by_path = dict((mount.path, mount) for mount in mounts)
        # In this order: who has seen this `by_path` finds no mount of before.
        self.by_decoded_path = decoded
        self.by_path = by_path
