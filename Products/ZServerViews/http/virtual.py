"""Paths for Zope's virtual host monster: what the user has asked for.

A proxy rewrites ``https://www.example.com/page`` to
``/VirtualHostBase/https/www.example.com:443/Plone/VirtualHostRoot/page``, and a
part of the site below ``/intern`` gets ``/VirtualHostRoot/_vh_intern/page``.
See Products.SiteAccess.VirtualHostMonster.
"""
from __future__ import absolute_import, division, print_function

BASE, ROOT, OUTSIDE = 'VirtualHostBase', 'VirtualHostRoot', '_vh_'

_DEFAULT_PORTS = {'http': ':80', 'https': ':443'}


def asked_for(path):
    """(host, path) that the user asked for; two None if no proxy has rewritten
    the path.

    ``path`` is as sent, without the query. The host has its scheme, and a port
    that is not its scheme's own: ``https://www.example.com``; it is None where
    the path does not say it.
    """
    if BASE not in path and ROOT not in path:
        return None, None
    names = path.split('/')
    host = None
    if BASE in names[:-2]:
        place = names.index(BASE)
        host, names = _host(*names[place + 1:place + 3]), names[place + 3:]
    elif ROOT not in names:
        return None, None
    if ROOT in names:
        names = names[names.index(ROOT) + 1:]
    inside = 0
    while inside < len(names) and names[inside].startswith(OUTSIDE):
        inside += 1
    names = [name[len(OUTSIDE):] for name in names[:inside]] + names[inside:]
    return host, '/' + '/'.join(names)


def _host(scheme, host):
    default = _DEFAULT_PORTS.get(scheme.lower(), '/')
    if host.endswith(default):
        host = host[:-len(default)]
    return scheme + '://' + host
