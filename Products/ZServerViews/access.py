"""Who may see a view: its tier and the request say it, nothing else.

=========  ==================================================================
status     everybody
operator   the listener for views, who is near, who has the token
sensitive  the same
change     POST or DELETE of who has the token, and on the unix socket of the
           listener for views
=========  ==================================================================

A view without a tier is one that somebody wrote for a site: everybody's.

*Near* is a peer of the socket that is in one of the networks of the setting
``allow``. Behind a proxy everybody would be near, so such a request must show
no sign of a proxy. And in the browser of somebody near, a page from anywhere
can ask for a name of its own that it has made to mean this machine ("DNS
rebinding"), so its Host must be an address or a name that is known.

Everything here runs in the loop, touches nothing but the environ, and fails
closed.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews import addresses
from Products.ZServerViews._compat import wire

# What proxies and CDNs add to the requests that they pass on: by the name of
# the header, or by how it begins. Who it is that they ask for is not read.
PROXY_HEADERS = frozenset('HTTP_' + name for name in '''
    FORWARDED VIA X_REAL_IP X_CLIENT_IP CLIENT_IP X_CLUSTER_CLIENT_IP
    TRUE_CLIENT_IP FASTLY_CLIENT_IP X_REMOTE_IP X_REMOTE_ADDR X_PROXYUSER_IP
    X_FORWARDER_FOR X_AZURE_CLIENTIP X_VARNISH X_BLUECOAT_VIA CDN_LOOP
    SURROGATE_CAPABILITY X_AMZN_TRACE_ID
    '''.split())
PROXY_PREFIXES = ('HTTP_X_FORWARDED', 'HTTP_X_ORIGINAL_', 'HTTP_CF_',
                  'HTTP_X_ENVOY_', 'HTTP_X_VHM_')

# What a Host may have (RFC 9110, section 7.2): in brackets, as a name, as a
# port. Nothing that needs decoding.
_DIGITS = frozenset('0123456789')
_BRACKETED = _DIGITS | frozenset('abcdef:.')
_NAMED = _DIGITS | frozenset('abcdefghijklmnopqrstuvwxyz_.-')


class Access(object):
    """Judges requests, by the ProcessSettings of the moment.

    Of the environ it reads, beside the headers:

    ``zserverviews.reserved``
        True on the listener for views.
    ``zserverviews.peer``
        The address of the socket's own peer as a text, '' on a unix socket.
        Without it ``REMOTE_ADDR`` counts.
    """

    def __init__(self, settings):
        self._networks = settings.allow
        self._names = frozenset(settings.hosts) | {'localhost'}
        self._token = settings.token_file
        self._rules = {'operator': self._may_read,
                       'sensitive': self._may_read,
                       'change': self._may_change}

    def allowed(self, tier, environ):
        """Whether this request may see a view of this tier; never raises."""
        if tier is None or tier == 'status':
            return True
        try:
            return self._rules[tier](environ)
        except Exception:
            # Neither an unknown tier nor an odd request opens anything.
            return False

    def _may_read(self, environ):
        return (environ.get('zserverviews.reserved') is True
                or self._has_token(environ)
                or self._is_near(environ))

    def _may_change(self, environ):
        return (environ['REQUEST_METHOD'] in ('POST', 'DELETE')
                and is_same_site(environ)
                and (self._has_token(environ) or is_on_own_socket(environ)))

    def _has_token(self, environ):
        scheme, _, word = environ.get('HTTP_AUTHORIZATION', '').partition(' ')
        return (self._token is not None and scheme.lower() == 'bearer'
                and self._token.matches(wire(word.strip(' '))))

    def _is_near(self, environ):
        peer = environ.get('zserverviews.peer')
        if peer is None:
            peer = environ.get('REMOTE_ADDR')
        # In the older version Host may be missing; and older nginx speaks it
        # for its clients, by default with no header that would tell.
        return (environ.get('SERVER_PROTOCOL') == 'HTTP/1.1'
                and self._is_in_networks(peer)
                and self._is_known_host(environ.get('HTTP_HOST', ''))
                and not is_passed_on(environ))

    def _is_in_networks(self, peer):
        if not peer:
            return False  # a unix socket: a proxy's, as a rule
        # An address of a single link has its zone behind it.
        address = addresses.number(peer.partition('%')[0])
        return any(network.holds(address) for network in self._networks)

    def _is_known_host(self, host):
        host = host.lower()
        if host.startswith('['):
            literal, bracket, rest = host[1:].partition(']')
            return (bool(bracket) and _BRACKETED.issuperset(literal)
                    and _is_no_more_than_a_port(rest)
                    # An IPv4 address stands without brackets.
                    and ':' in literal and _is_address(literal))
        name, colon, port = host.partition(':')
        return (_NAMED.issuperset(name)
                and _is_no_more_than_a_port(colon + port)
                and (name in self._names or _is_address(name)))


def _is_no_more_than_a_port(rest):
    """Whether nothing stands behind a host, or a colon and a port."""
    digits = rest[1:]
    return not rest or (
        rest[0] == ':' and 0 < len(digits) <= 5 and _DIGITS.issuperset(digits)
        and int(digits) <= 65535)


def _is_address(text):
    try:
        addresses.number(text)
    except ValueError:
        return False
    return True


def is_passed_on(environ):
    """Whether the request shows that a proxy has passed it on."""
    return (not PROXY_HEADERS.isdisjoint(environ)
            or any(key.startswith(PROXY_PREFIXES) for key in environ))


def is_same_site(environ):
    """Whether no other site's page has made the browser send this request.

    Programs send none of the two headers; browsers send Origin with each POST
    (RFC 6454, and Fetch Metadata Request Headers of the W3C).
    """
    if environ.get('HTTP_SEC_FETCH_SITE', 'none') not in ('none',
                                                          'same-origin'):
        return False
    origin = environ.get('HTTP_ORIGIN')
    if origin is None:
        return True
    host = environ.get('HTTP_HOST', '').lower()
    return bool(host) and origin.lower() in ('http://' + host,
                                             'https://' + host)


def is_on_own_socket(environ):
    """Whether it came over the unix socket of the listener for views, from a
    client of its own: only the user of the site can open that."""
    return (environ.get('zserverviews.reserved') is True
            and environ.get('zserverviews.peer') == ''
            and not is_passed_on(environ))
