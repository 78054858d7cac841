"""The last ten minutes as small pictures: SVG inside of HTML.

No colours and no styles are here: those are classes, for the policy of the page
allows no style but its own.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.markup import escaped
from Products.ZServerViews.format.units import duration

# Of a picture, in its own units; 60 intervals have 5 each.
WIDTH, HEIGHT = 300, 60
EACH = 5


def charts(intervals):
    """The HTML of all, of what `monitor.trail.Trail.intervals` has."""
    if not intervals:
        return (u'<p class="quiet">Nothing yet: the first interval ends ten '
                u'seconds after the start.</p>')
    rates = [_rate(one, 'requests') for one in intervals]
    failed = [_rate(one, 'failed') for one in intervals]
    halves = [one['p50_seconds'] for one in intervals]
    slowest = [one['p95_seconds'] for one in intervals]
    lags = [one['longest_lag_seconds'] for one in intervals]
    return u''.join([
        _figure(u'Requests per second', _per_second, rates,
                _bars(rates, rates, u'bar') + _bars(failed, rates, u'bad')),
        _figure(u'Latency, 95 % below', duration, slowest,
                _bars(slowest, slowest, u'bar')
                + _bars(halves, slowest, u'half')),
        _figure(u'Loop lag, longest', duration, lags,
                _bars(lags, lags, u'bar'))])


def _rate(interval, key):
    return interval[key] / max(0.001, interval['seconds'])


def _per_second(value):
    return u'%.1f/s' % value


def _figure(title, said, values, shapes):
    """A picture; its text tells the same to who cannot see it."""
    known = [value for value in values if value is not None]
    most = said(max(known)) if known else u'-'
    now = said(values[-1]) if values[-1] is not None else u'-'
    label = u'%s in the last %d intervals: now %s, most %s' % (
        title, len(values), now, most)
    return (u'<figure><figcaption>%s <b>%s</b> <small>most %s</small>'
            u'</figcaption><svg role="img" aria-label="%s" '
            u'viewBox="0 0 %d %d" preserveAspectRatio="none">%s</svg></figure>'
            % (escaped(title), now, most, escaped(label), WIDTH, HEIGHT,
               shapes))


def _bars(values, scale, kind):
    """One path of all bars, the latest at the right end; ``scale`` are the values
    of which the largest is as high as the picture."""
    most = max([value for value in scale if value is not None] or [0])
    if not most:
        return u''
    left = WIDTH - EACH * len(values)
    steps = [u'M%d %dh%dv%dh-%dz' % (
        left + EACH * place, HEIGHT, EACH - 1, -_height(value, most), EACH - 1)
        for place, value in enumerate(values) if value]
    return u'<path class="%s" d="%s"/>' % (kind, u''.join(steps))


def _height(value, most):
    # What is there is seen.
    return max(1, int(round(HEIGHT * value / most)))
