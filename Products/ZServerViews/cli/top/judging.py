"""The state of an instance in one word, and the reasons for it."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.cli.top import asking
from Products.ZServerViews.cli.top.watching import PROBES, still_seconds
from Products.ZServerViews.format.units import duration
from Products.ZServerViews.monitor.condition import (
    FULL,
    NOT_READY,
    OK,
    STILL,
    STUCK,
    condition,
    stillness,
)

DEAD, SILENT, NO_ACCESS, NO_SUITE, ODD, ASKED = (
    'dead', 'silent', 'no access', 'no suite', 'odd', 'asked')
# The worst first.
STATES = (STUCK, DEAD, SILENT, NO_SUITE, ODD, NO_ACCESS, NOT_READY, FULL, ASKED,
          OK)
# What an instance may be, and is fit.
FIT = frozenset([FULL, OK])

_BY_KIND = {asking.DEAD: DEAD, asking.SILENT: SILENT, asking.BLOCKED: STUCK,
            asking.NO_ACCESS: NO_ACCESS, asking.NO_SUITE: NO_SUITE,
            asking.ODD: ODD}


def judged(watcher, now):
    """(one of `STATES`, [reasons]) of a `watching.Watcher`."""
    seen, since = watcher.seen, watcher.asking_since
    # Longer than its time-out: the name is looked up, which nothing bounds.
    if since is not None and now - since > watcher.timeout + 0.5:
        return SILENT, ['no answer for %s' % duration(now - since)]
    if seen is None:
        return ASKED, []
    if seen.trouble is not None:
        return _in_trouble(watcher, seen, now)
    return _answering(seen)


def _in_trouble(watcher, seen, now):
    state, reasons = _BY_KIND[seen.trouble.kind], [seen.trouble.text]
    if state in (DEAD, SILENT) and watcher.answered_at is not None:
        reasons[0] += '; the last answer came %s ago' % duration(
            now - watcher.answered_at)
    if 'live' in seen.failed:
        state = STUCK
    return state, _failures(seen) + reasons


def _answering(seen):
    still, waiting = still_seconds(seen), seen.workers['waiting']
    reasons = _failures(seen)
    if still >= STILL:
        reasons.append(stillness(duration(still), waiting, duration(
            seen.workers['oldest_wait_seconds'])))
        if seen.same_line is not None:
            reasons.append(seen.same_line.text())
    reasons += ['%s: %s' % (name, seen.missing[name].text)
                for name in sorted(seen.missing) if name != 'metrics']
    return condition('live' not in seen.failed, 'ready' not in seen.failed, still,
                     waiting), reasons


def _failures(seen):
    """Of both probes; what both say, once."""
    reasons = []
    for probe in PROBES:
        for text in seen.failed.get(probe, ()) or ():
            if not [said for said in reasons if said.endswith(': ' + text)]:
                reasons.append('not %s: %s' % (probe, text))
        if probe in seen.failed and not seen.failed[probe]:
            reasons.append('not %s' % probe)
    return reasons
