"""What access judges of a request, and which peers count as local.

A *local* peer is one whose socket's address is in a network of the setting
``allow``. Behind a proxy every client would be local, so its connection must
have shown no sign of a proxy. Some proxies show none; so the kernel is asked
whose the socket at the other end is: root's, the site's own user's, or that of
one of ``allow-users``. And a page from anywhere can ask, in the browser of an
operator, for a name of its own that it has made to mean this machine ("DNS
rebinding"), so the Host must be an address or a name that is known.

Everything here runs in the event loop and in threads of offloaded views, and waits for
nothing.
"""
from __future__ import absolute_import, division, print_function

import os
import re

from Products.ZServerViews.access.owner import NOT_ASKED
from Products.ZServerViews.config import networks
from Products.ZServerViews.http.target import authority

# What proxies and CDNs add to the requests that they pass on: by the name of
# the header, or by how it begins. Whom they ask for is not read.
PROXY_HEADERS = frozenset('''
    FORWARDED VIA X_REAL_IP X_CLIENT_IP CLIENT_IP X_CLUSTER_CLIENT_IP
    TRUE_CLIENT_IP FASTLY_CLIENT_IP X_REMOTE_IP X_REMOTE_ADDR X_PROXYUSER_IP
    X_FORWARDER_FOR X_AZURE_CLIENTIP X_VARNISH X_BLUECOAT_VIA CDN_LOOP
    SURROGATE_CAPABILITY X_AMZN_TRACE_ID
    '''.split())
PROXY_PREFIXES = ('X_FORWARDED', 'X_ORIGINAL_', 'CF_', 'X_ENVOY_', 'X_VHM_')
# Of those with such a beginning, what the log may call by name. Clients can
# think of any number of others.
_WELL_KNOWN = frozenset('X_FORWARDED_' + word for word in '''
    FOR HOST PROTO PORT SERVER SSL SCHEME PREFIX BY'''.split())

# Combinations of headers that are remembered as free of signs.
MOST_SHAPES = 500

# Peers and Hosts that are remembered as local: a page that polls has the same.
MOST_LOCAL = 500

# A Host in lower case (RFC 9110, section 7.2): IPv6 in brackets or a name or
# IPv4, and a port. Nothing that needs decoding.
_HOST = re.compile(r'(?:\[([0-9a-f:.]+)\]|([0-9a-z_.-]+))(?::([0-9]{1,5}))?\Z')


class Facts(object):
    """What a server knows of a request before it makes any environ.

    ``method``
        As sent, in upper case.
    ``version``
        The HTTP version: ``'1.1'``, ``'1.0'``.
    ``peer``
        The address of the socket's own peer as a text, '' on a unix socket;
        None where the server does not tell.
    ``on_listener``
        Whether it came to the listener for views.
    ``headers``
        {name: value}; names as in CGI, without ``HTTP_``: ``X_FORWARDED_FOR``.
        The values of one that stands there twice are joined by ``, ``.
    ``target``
        The request target as sent.
    ``sign``
        The header by which a proxy has shown itself on this connection, in
        this request or before; or None.
    ``connection``
        The server's socket; or None.
    ``uid``
        What `access.owner.Owners.uid` has said of it, for this request; None
        if that has not been asked, or cannot tell.
    """

    __slots__ = ('method', 'version', 'peer', 'on_listener', 'headers',
                 'target', 'sign', 'connection', 'uid')

    def __init__(self, method, version, peer, on_listener, headers,
                 target='', sign=None, connection=None):
        self.method = method
        self.version = version
        self.peer = peer
        self.on_listener = on_listener
        self.headers = headers
        self.target = target
        self.sign = sign
        self.connection = connection
        self.uid = None

    @property
    def hosts(self):
        """All that are named, in lower case: by the header, and by a target in
        the absolute form (RFC 9112, section 3.2.2)."""
        named = authority(self.target)
        found = [self.headers.get('HOST', '').lower()]
        return found if named is None else found + [named.lower()]

    @classmethod
    def of_environ(cls, environ):
        """The same of an environ as views get it.

        ``zserverviews.facts`` are what the server has judged. Without them,
        ``zserverviews.peer`` and ``zserverviews.reserved`` are the servers',
        and without the former ``REMOTE_ADDR`` counts.
        """
        facts = environ.get('zserverviews.facts')
        if facts is not None:
            return facts
        peer = environ.get('zserverviews.peer')
        headers = dict((key[len('HTTP_'):], value)
                       for key, value in environ.items()
                       if key.startswith('HTTP_'))
        return cls(
            environ.get('REQUEST_METHOD'),
            (environ.get('SERVER_PROTOCOL') or '').partition('/')[2],
            # That it is '' only a server can say.
            environ.get('REMOTE_ADDR') or None if peer is None else peer,
            environ.get('zserverviews.reserved') is True, headers,
            environ.get('REQUEST_URI', ''), sign_in(headers))


class Signs(object):
    """Remembers on which connections a proxy has shown itself.

    ``clean``
        Tuples of names of headers, as the server has them, without a sign.
        Nearly every request has one of a few.
    """

    def __init__(self):
        self.clean = set()

    def note(self, channel, headers):
        """The header by which a proxy has shown itself on this connection, now
        or before; or None. For each request, in the order of the connection.

        ``headers`` has the names of this request's, as in CGI.
        """
        shape = tuple(headers)
        found = channel.__dict__.get('_views_sign')
        if found is None and shape not in self.clean:
            found = sign_in(headers)
            if found is not None:
                channel._views_sign = found
            elif len(self.clean) < MOST_SHAPES:
                self.clean.add(shape)
        return found

    def note_lines(self, channel, lines):
        """The same for headers as they were sent, ``name: value``."""
        shape = tuple([line.partition(':')[0] for line in lines])
        if shape in self.clean:
            return channel.__dict__.get('_views_sign')
        found = self.note(channel, [cgi_name(name) for name in shape])
        if found is None and len(self.clean) < MOST_SHAPES:
            self.clean.add(shape)
        return found


def cgi_name(name):
    """The name of a header, as in CGI without ``HTTP_``."""
    return name.strip().upper().replace('-', '_')


class LocalPeers(object):
    """Which requests count as local.

    ``allow``
        Networks of `ipaddress`.
    ``hosts``
        Names beside ``localhost`` that a Host may have.
    ``users``
        The numbers of users whose processes count, beside root's and those of
        the site's own user.
    ``owners``
        Tells whose the other end is: an `access.owner.Owners`.
    """

    def __init__(self, allow, hosts, users, owners):
        self._networks = allow
        self._names = frozenset(hosts) | {'localhost'}
        self._users = frozenset(users) | {0}
        self._owners = owners
        self._local_peers, self._local_hosts = set(), set()

    def objection(self, facts, must_know_user):
        """Why a request does not count as local, for the log; else None.

        ``must_know_user``
            Whether it does not either where the kernel cannot tell whose the
            other end of the connection is.
        """
        if facts.peer is None:
            return 'the server does not tell whose connection it came on'
        if not facts.peer:
            return 'the request came over a unix socket of the site'
        if not self._is_in_networks(facts.peer):
            return 'the peer is in no network of the setting allow'
        if facts.sign is not None:
            return 'the request came through a proxy (%s)' % facts.sign
        if facts.version != '1.1':
            # In the older one Host may be missing; and older nginx speaks it
            # for its clients, by default with no header that would tell.
            return 'the request is not HTTP/1.1'
        if not all(map(self._is_known_host, facts.hosts)):
            return 'the Host is not in the setting hosts'
        return self._objection_to_user(facts, must_know_user)

    def _objection_to_user(self, facts, must_know_user):
        # Last, for it takes longest; and once, however much is asked of one
        # request.
        if facts.uid is None and facts.connection is not None:
            facts.uid = self._owners.uid(facts.connection)
        uid = facts.uid
        if uid is None:
            if must_know_user:
                return ('the kernel cannot tell whose process is at the other '
                        'end of the connection')
        elif uid == NOT_ASKED:
            return ('the kernel could not be asked whose process is at the '
                    'other end of the connection: no descriptor is left')
        elif uid not in self._users and uid != os.geteuid():
            return ('the process at the other end of the connection belongs to '
                    '%s, who is not in the setting allow-users'
                    % ('another user' if uid < 0 else 'user %d' % uid))
        return None

    def _is_in_networks(self, peer):
        if peer in self._local_peers:
            return True
        # An address of a single link has its zone behind it.
        address = networks.address(peer.partition('%')[0])
        return any(address in network for network in self._networks) and (
            _remember(peer, self._local_peers))

    def _is_known_host(self, host):
        return host in self._local_hosts or (
            self._is_local_host(host) and _remember(host, self._local_hosts))

    def _is_local_host(self, host):
        match = _HOST.match(host)
        if match is None or int(match.group(3) or 0) > 65535:
            return False
        literal, name = match.group(1, 2)
        if literal is not None:
            # An IPv4 address stands without brackets.
            return ':' in literal and _is_address(literal)
        return name in self._names or _is_address(name)


def _remember(text, among):
    """Have it in a set that stays small; True."""
    if len(among) >= MOST_LOCAL:
        among.clear()
    among.add(text)
    return True


def _is_address(text):
    try:
        networks.literal(text)
    except ValueError:
        return False
    return True


def sign_in(headers):
    """What to call, in the log, the header that a proxy has added; None if
    there is none. ``headers`` has the names of all, as in CGI."""
    for name in headers:
        if name in PROXY_HEADERS or name in _WELL_KNOWN:
            return name.replace('_', '-').title()
        if name.startswith(PROXY_PREFIXES):
            return ' or '.join(prefix.replace('_', '-').title() + '...'
                               for prefix in PROXY_PREFIXES
                               if name.startswith(prefix))
    return None
