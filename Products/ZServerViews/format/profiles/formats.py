"""The one list of the formats of a profile, each bounded in its size."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.profiles.collapsed import to_collapsed
from Products.ZServerViews.format.profiles.firefox import to_firefox
from Products.ZServerViews.format.profiles.flamegraph import to_svg
from Products.ZServerViews.format.profiles.pprof import to_pprof
from Products.ZServerViews.format.profiles.sampled import in_time, kept, merged
from Products.ZServerViews.format.profiles.speedscope import to_speedscope

# No file is larger, in bytes. Viewers have been seen to fail at 65 MB; at this
# size each opens in a moment.
MOST_BYTES = 4 << 20
# Nor is the order of time kept for more samples than a screen can show.
MOST_IN_TIME = 20000


def _bounded(make, ordered=False):
    """A function (Profile, most bytes) -> bytes of at most this size.

    ``ordered``
        Whether the format can show samples in the order of time.
    """
    def render(profile, most=MOST_BYTES):
        if ordered:
            by_time = in_time(profile)
            if by_time is not None and len(by_time.samples) <= MOST_IN_TIME:
                made = make(by_time)
                if len(made) <= most:
                    return made
        return _cut(make, merged(profile), most)
    return render


def _cut(make, profile, most):
    number = len(profile.samples)
    made = make(profile)
    while len(made) > most and number:
        number = min(number - 1, int(0.9 * number * most / len(made)))
        made = make(kept(profile, number))
    return made


# {name: (Content-Type, suffix of a file, function (Profile[, most bytes]) ->
# bytes)}. The functions are slow: not for the event loop.
FORMATS = {
    'collapsed': ('text/plain; charset=utf-8', '.collapsed.txt',
                  _bounded(to_collapsed)),
    'speedscope': ('application/json', '.speedscope.json',
                   _bounded(to_speedscope, ordered=True)),
    'firefox': ('application/json', '.firefox.json',
                _bounded(to_firefox, ordered=True)),
    'pprof': ('application/octet-stream', '.pb.gz', _bounded(to_pprof)),
    'svg': ('image/svg+xml', '.svg', _bounded(to_svg)),
}
