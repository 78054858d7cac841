"""Which view a request of medusa's is for.

Medusa cuts from a target whatever stands before ``://``, and a host behind it:
of ``/://a/-/requests`` too, which a proxy takes for a path and would let pass
where it lets nobody see ``/-/``.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import unquote
from Products.ZServerViews.http.target import is_absolute, sent_path


def find_mount(table, request):
    """The mount that a request is for, or None."""
    by_path, uri = table.by_path, request.uri
    mount = by_path.get(uri)
    if mount is None and ('?' in uri or '#' in uri or uri[:1] != '/'):
        # Else it is a path alone, as it was sent.
        mount = by_path.get(sent_path(uri))
    if mount is None or _is_as_sent(request):
        return mount
    return None


def _is_as_sent(request):
    """Whether medusa has cut nothing but a scheme and its authority."""
    # The first line has been decoded if there was anything to decode.
    target, uri = request.request.partition(' ')[2], request.uri
    if '%' in uri:
        uri = unquote(uri)
    version = request.version
    return (target == (uri if version is None else uri + ' HTTP/' + version)
            or is_absolute(target))
