"""How long RelStorage's own steps take, as it tells perfmetrics.

perfmetrics passes what it is told to one client for statsd in the process, if
there is one. Ours stands in its place and passes all on to that. It belongs to the
process: RelStorage does not say of which database it speaks.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import get_ident

PREFIX = 'relstorage.'
SUFFIX = '.t'
# Names that are kept; RelStorage 4 has about 50.
MOST = 100


class RelStorageCalls(object):
    """Begins with the first database that is in RelStorage."""

    def __init__(self):
        self._client = None

    # Never in the loop:

    def begin(self):
        """Listen; may be called again. Imports."""
        if self._client is not None:
            return
        try:
            from perfmetrics import clientstack, set_statsd_client
            from perfmetrics.statsd import null_client
        except ImportError:  # a very old one, or none
            return
        before = clientstack.ClientStack.default
        self._client = Client(before, null_client if before is None else before)
        set_statsd_client(self._client)

    def end(self):
        """Have it as before; may be called again."""
        client, self._client = self._client, None
        if client is None:
            return
        client.ends()
        from perfmetrics import clientstack, set_statsd_client
        # Else somebody has put another one there, which may call ours.
        if clientstack.ClientStack.default is client:
            set_statsd_client(client.before)

    # In any thread:

    def document(self):
        """For JSON: a list, or None while nobody listens; never waits."""
        client = self._client
        return None if client is None else client.document()


class Client(object):
    """As perfmetrics wants one.

    ``before``
        The one in whose place it stands, or None.
    ``following``
        Whom to tell all; it has whatever else a client has.
    """

    def __init__(self, before, following):
        self.before = before
        self._following = following
        self._by_thread = {}  # {ident: {name: (number, milliseconds, rate)}}
        self._is_over = False
        # As they are, since they are called as often as the other.
        self.incr = following.incr
        self.sendbuf = following.sendbuf

    def __getattr__(self, name):
        return getattr(self._following, name)

    def ends(self):
        """Do nothing from now on but pass on what comes."""
        self._is_over = True

    def timing(self, stat, value, rate=1, buf=None, rate_applied=False):
        """A call has taken so many milliseconds, in the calling thread."""
        try:
            # Who has not chosen yet sends all, and leaves that to statsd.
            self._note(stat, value, rate if rate_applied else 1)
        except Exception:
            pass  # no call of a storage is to fail for that
        self._following.timing(stat, value, rate, buf, rate_applied)

    def _note(self, stat, value, rate):
        if self._is_over or not stat.startswith(PREFIX):
            return
        notes = self._by_thread.setdefault(get_ident(), {})
        if stat in notes or len(notes) < MOST:
            number, total, _rate = notes.get(stat, (0, 0, 0))
            notes[stat] = number + 1, total + value, rate

    def document(self):
        found = {}
        for notes in list(self._by_thread.values()):
            for stat, (number, total, rate) in notes.copy().items():
                before = found.get(stat, (0, 0))
                found[stat] = before[0] + number, before[1] + total, rate
        return [{'call': named(stat), 'samples': number,
                 'seconds': total / 1000, 'sample_ratio': min(1.0, rate)}
                for stat, (number, total, rate) in sorted(found.items())]


def named(stat):
    """What RelStorage calls it, without what all have in common."""
    found = stat[len(PREFIX):]
    return found[:-len(SUFFIX)] if found.endswith(SUFFIX) else found
