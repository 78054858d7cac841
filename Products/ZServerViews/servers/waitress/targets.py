"""Which view a request of waitress is for."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.http.target import sent_path


def find_mount(table, request, prefix):
    """The mount that a request is for, or None.

    ``prefix`` is the server's ``url_prefix``, below which every path is.
    """
    path = request.path
    below_prefix = prefix and path.startswith(prefix + '/')
    if below_prefix:
        path = path[len(prefix):]
    mount = table.by_decoded_path.get(path)
    if mount is None or request.error is not None:
        return None
    sent = sent_path(target(request))
    if below_prefix and sent.startswith(prefix + '/'):
        sent = sent[len(prefix):]
    return mount if mount.path == sent else None


def has_target(request):
    """Whether its first line has one; waitress 1 takes it without."""
    return (hasattr(request, 'request_uri')
            or b' ' in request.first_line.strip(b' '))


def target(request):
    """The request target as sent."""
    found = getattr(request, 'request_uri', None)
    if found is None:  # before waitress 2.1
        found = request.first_line.split(b' ')[1].decode('latin-1')
    return found
