"""How a process is, in one word, for whoever looks at it: `zserverviews top` and the
status page say the same.

Pure functions of numbers. They are no probes: those are in `liveness`.
"""
from __future__ import absolute_import, division, print_function

# The worst first.
STUCK, NOT_READY, FULL, OK = 'stuck', 'not ready', 'full', 'ok'
# In the place of "not ready", for those who can tell that it is wanted.
DRAINING = 'draining'

# A worker that has one request for so long, in seconds, may be stuck.
STILL = 5.0


def condition(is_live, is_ready, still, waiting):
    """One of the words above.

    ``still``
        See `still_seconds`.
    ``waiting``
        How many requests wait; None where that is not known.
    """
    if not is_live or (still >= STILL and waiting):
        return STUCK
    if not is_ready:
        return NOT_READY
    return FULL if still >= STILL else OK


def still_seconds(total, busy, worked, omitted=0):
    """For how long, at least, no worker has taken a request, while all are busy; 0.0
    if one is free, or where that is not known.

    ``total``, ``busy``
        Of the workers; ``total`` is None where that is not known.
    ``worked``
        For how long each request in work has been so, in seconds.
    ``omitted``
        How many requests, younger ones, are not known. Then those have to do that
        are.
    """
    if not total or busy < total or not worked:
        return 0.0
    return min(worked) if omitted or len(worked) >= total else 0.0


def stillness(still, waiting, oldest):
    """In words: a sentence of these times, which are text."""
    said = u'no worker has taken a request for %s' % still
    return said + u'; %d wait, the oldest for %s' % (
        waiting, oldest) if waiting else said
