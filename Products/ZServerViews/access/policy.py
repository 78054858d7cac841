"""Who may see a view: its tier and facts of the request decide, nothing else.

=========  ==================================================================
tier       who may see it
=========  ==================================================================
status     everybody
operator   clients of the listener for views, local peers, holders of the token
sensitive  the same; but local peers only where the kernel tells whose they are
change     POST or DELETE by a holder of the token, or on the unix socket of
           the listener for views
=========  ==================================================================

A view without a tier is one that somebody wrote for a site: everybody's. Which
peers count as local is in `access.peer`.

Everything here runs in the event loop, before any environ is made, and again in the
thread of an offloaded view that shows more, or does more, for some: so in several
threads at once. It waits for nothing, and fails closed.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import wire
from Products.ZServerViews.access.owner import Owners
from Products.ZServerViews.access.peer import LocalPeers


class Access(object):
    """Judges requests, by the ProcessSettings of the moment.

    ``owners``
        An `access.owner.Owners`; the kernel's by default.
    """

    def __init__(self, settings, owners=None):
        self._owners = owners or Owners()
        self._local = LocalPeers(settings.allow, settings.hosts,
                                 settings.allow_users, self._owners)
        self._token = settings.token_file or settings.token_env
        self._rules = {'operator': self._objection_to_reading,
                       'sensitive': self._objection_to_details,
                       'change': self._objection_to_change}

    def prepare(self):
        """Get ready, in a thread that may wait."""
        self._owners.prepare()

    def close(self):
        """Another one judges from now on: give back what the kernel was asked
        with."""
        self._owners.close()

    def allowed(self, tier, facts):
        """Whether this request may see a view of this tier; never raises.

        ``facts`` are `access.peer.Facts`.
        """
        return self.objection(tier, facts) is None

    def objection(self, tier, facts):
        """Why this request may not see a view of this tier, for the log; None
        if it may. Never raises.

        It has nothing that a client can choose freely.
        """
        if tier is None or tier == 'status':
            return None
        try:
            return self._rules[tier](facts)
        except Exception:
            # Neither an unknown tier nor an odd request opens anything.
            return 'the request cannot be judged'

    def _objection_to_reading(self, facts, must_know_user=False):
        if facts.on_listener is True or self._has_token(facts):
            return None
        reason = self._local.objection(facts, must_know_user)
        if reason is not None and self._bearer(facts):
            return 'the token is wrong, and ' + reason
        return reason

    def _objection_to_details(self, facts):
        return self._objection_to_reading(facts, True)

    def _objection_to_change(self, facts):
        if facts.method not in ('POST', 'DELETE'):
            return 'the method is neither POST nor DELETE'
        if not is_same_site(facts):
            return 'the request comes from a page of another site'
        if not (self._has_token(facts) or is_on_own_socket(facts)):
            return ('the request does not carry the token, and did not come '
                    'directly over the unix socket of the listener for views')
        return None

    def user_of(self, connection):
        """The number of the user at the other end of a connection; None where
        the kernel cannot tell. Never raises."""
        return self._owners.uid(connection)

    def wants_token(self, facts):
        """Whether there is a token that this request does not have."""
        return self._token is not None and not self._has_token(facts)

    def _has_token(self, facts):
        word = self._bearer(facts)
        return bool(word and self._token is not None
                    and self._token.matches(wire(word)))

    def _bearer(self, facts):
        """The word that is to be the token, or ''."""
        scheme, _, word = facts.headers.get('AUTHORIZATION', '').partition(' ')
        return word.strip(' ') if scheme.lower() == 'bearer' else ''


def is_same_site(facts):
    """Whether no other site's page has made the browser send this request.

    Programs send none of the two headers; browsers send Origin with each POST
    (RFC 6454, and Fetch Metadata Request Headers of the W3C).
    """
    headers = facts.headers
    if headers.get('SEC_FETCH_SITE', 'none') not in ('none', 'same-origin'):
        return False
    origin = headers.get('ORIGIN')
    if origin is None:
        return True
    return all(host and origin.lower() in ('http://' + host, 'https://' + host)
               for host in facts.hosts)


def is_on_own_socket(facts):
    """Whether it came over the unix socket of the listener for views, from a
    client of its own: only the user of the site can open that."""
    return (facts.on_listener is True and facts.peer == ''
            and facts.sign is None)
