"""Who the client of a request is for Zope, by its setting ``trusted-proxy``."""
from __future__ import absolute_import, division, print_function

import sys


def zope_client(peer, forwarded):
    """The address of the client, as Zope's own request has it.

    ``peer``
        The address of the other end, or whom the server takes for the client.
    ``forwarded``
        The value of X-Forwarded-For that Zope gets, '' without one.
    """
    zope = sys.modules.get('ZPublisher.HTTPRequest')
    trusted = getattr(zope, 'trusted_proxies', ())
    if peer in trusted and forwarded:
        for entry in reversed(forwarded.split(',')):
            if entry.strip() not in trusted:
                return entry.strip()
    return peer
