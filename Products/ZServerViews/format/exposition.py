"""Families of metrics -> Prometheus text 0.0.4, OpenMetrics 1.0, or a document.

https://prometheus.io/docs/instrumenting/exposition_formats/ and
https://prometheus.io/docs/specs/om/open_metrics_spec/. Nothing that a label can
have breaks a line: a scrape is accepted or rejected as a whole.

A histogram is a *row*: the number of observations in each bucket, not added up,
that above the last bound, and then the sum of all that was observed.
"""
from __future__ import absolute_import, division, print_function

import re
import zlib

from Products.ZServerViews._compat import is_plain, text_type
from Products.ZServerViews.format.text import ELLIPSIS, text

COUNTER, GAUGE, HISTOGRAM, INFO, UNKNOWN = KINDS = (
    'counter', 'gauge', 'histogram', 'info', 'unknown')

# What version 0.0.4 calls those that it does not have.
_KINDS_THERE = {INFO: GAUGE, UNKNOWN: 'untyped'}

# How much is kept of the value of a label, in characters.
LONGEST = 300

# What no UTF-8 has. On a Python 2.7 with 16 bits for a character, what needs
# two of them goes too.
_SURROGATES = re.compile(u'[\ud800-\udfff]')

# What stands between quotes as it is: printable ASCII but for these and the
# backslash.
_is_simple = re.compile(u'[ !#-\\[\\]-~]{0,%d}\\Z' % LONGEST).match

# What stands before the value of each series, as it was in the last scrapes; of
# a histogram, a template of all its lines. The event loop makes these once:
# {(name, bounds, labels): text}
_KNOWN = {}
MOST_KNOWN = 5000

# Of a label, and of a metric.
_NAME = re.compile(r'[a-zA-Z_][a-zA-Z0-9_]*\Z').match
_METRIC = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*\Z').match


class Family(object):
    """Samples that have one name, kind and explanation.

    ``name``
        Without the ending of its kind: ``_total`` and ``_info`` are added.
    ``kind``
        One of `KINDS`.
    ``help``
        One sentence.
    ``bounds``
        The upper bounds of a histogram's buckets, ascending.
    ``series``
        [(labels, value)]; labels are (name, value) pairs; the value is a
        number, or the row of a histogram.
    """

    def __init__(self, name, kind, help, bounds=()):
        self.name = name
        self.kind = kind
        self.help = help
        self.bounds = bounds
        self.series = []

    def add(self, value, *labels):
        """One more series; None, which is not known, adds none."""
        if value is not None:
            self.series.append((labels, value))
        return self

    @property
    def lines_each(self):
        """How many series of Prometheus's each of these is."""
        return len(self.bounds) + 3 if self.kind == HISTOGRAM else 1


def within(families, most):
    """(the families with ``most`` samples at most, how many are left out).

    The first ones stay; a histogram stays as a whole, or goes.
    """
    kept, left, dropped = [], most, 0
    for family in families:
        number = min(len(family.series), left // family.lines_each)
        over = len(family.series) - number
        if over:
            dropped += over * family.lines_each
            family.series = family.series[:number]
        left -= number * family.lines_each
        if family.series:
            kept.append(family)
    return kept, dropped


def to_prometheus(families):
    """The text of version 0.0.4."""
    lines = []
    for family in families:
        kind = _KINDS_THERE.get(family.kind, family.kind)
        head(lines, _full(family), kind, lines_escaped(family.help))
        _samples(lines, family)
    return u''.join(lines)


def to_openmetrics(families):
    """The text of version 1.0, without its end; see `END`."""
    lines = []
    for family in families:
        head(lines, family.name, family.kind, escaped(family.help))
        _samples(lines, family)
    return u''.join(lines)


# Behind all of OpenMetrics.
END = u'# EOF\n'


def head(lines, name, kind, help):
    """Append what stands before the samples of a family; ``help`` is escaped.
    """
    lines.append(u'# HELP %s %s\n# TYPE %s %s\n' % (name, help, name, kind))


def to_documents(families):
    """For JSON: a list of documents, with the numbers of `number_of`.

    The buckets of a histogram have what was observed up to each bound.
    """
    return [{'name': _full(family), 'type': family.kind,
             'help': text(family.help),
             'series': [_document(family, labels, value)
                        for labels, value in family.series]}
            for family in families]


def _document(family, labels, value):
    found = {'labels': dict((name, shown(label)) for name, label in labels)}
    if family.kind == HISTOGRAM:
        buckets, count = _added_up(family, value)
        found.update({'count': count, 'sum': number_of(value[-1]),
                      'buckets': [[bound, up_to] for bound, up_to in buckets]})
    else:
        found['value'] = number_of(value)
    return found


def number_of(value):
    """A number for JSON, which knows no others: as text."""
    is_odd = isinstance(value, float) and value - value != 0.0
    return number(value) if is_odd else value


def _full(family):
    if family.kind == COUNTER:
        return family.name + '_total'
    return family.name + '_info' if family.kind == INFO else family.name


def _samples(lines, family):
    name, bounds, find = _full(family), family.bounds, _KNOWN.get
    is_histogram = family.kind == HISTOGRAM
    for labels, value in family.series:
        known = find((name, bounds, labels))
        if known is None:
            known = _remembered(name, bounds, labels, is_histogram)
        if is_histogram:
            lines.append(known % _numbers(value))
        else:
            lines.append(known + (str(value) if type(value) is int
                                  else number(value)) + u'\n')


def _remembered(name, bounds, labels, is_histogram):
    if len(_KNOWN) >= MOST_KNOWN:
        _KNOWN.clear()
    text = labels_of(labels)
    made = _KNOWN[name, bounds, labels] = (
        _template(name, bounds, text) if is_histogram
        else with_labels(name, text) + u' ')
    return made


def _template(name, bounds, labels):
    """For all lines of a histogram; takes what `_numbers` returns."""
    labels = labels.replace(u'%', u'%%')
    bucket = u'%s_bucket{%s%sle="' % (name, labels, labels and u',')
    return u''.join(
        [u'%s%s"} %%d\n' % (bucket, number(float(bound)))
         for bound in bounds + (float('inf'),)]
        + [with_labels(name + u'_count', labels) + u' %d\n',
           with_labels(name + u'_sum', labels) + u' %s\n'])


def _numbers(row):
    """Of all buckets, added up, of all observations, and their sum."""
    found, count = [], 0
    for observed in row[:-1]:
        count += observed
        found.append(count)
    found += [count, number(row[-1])]
    return tuple(found)


def _added_up(family, row):
    """([(bound, number of observations up to it)], number of all)"""
    found, count = [], 0
    for bound, observed in zip(family.bounds, row):
        count += observed
        found.append((bound, count))
    return found, count + row[len(family.bounds)]


def with_labels(name, labels):
    """A sample's name and what `labels_of` has made."""
    return u'%s{%s}' % (name, labels) if labels else name


def labels_of(pairs):
    """(name, value) pairs as they stand between the braces."""
    return u','.join([
        # Nearly all are simple; and each step counts, in the event loop.
        u'%s="%s"' % (name, value if type(value) is text_type
                      and _is_simple(value) else escaped(shown(value)))
        for name, value in pairs])


def shown(value):
    """The value of a label as text that UTF-8 has, of a bounded length."""
    value = text(value)
    if len(value) > LONGEST:
        value = _cut(value)
    return value if is_plain(value) else _SURROGATES.sub(u'\ufffd', value)


def _cut(value):
    # Two that differ only in their middle must not become the same: a scrape
    # that has a series twice is rejected.
    mark = ELLIPSIS + u'%08x' % (
        zlib.crc32(value.encode('utf-8', 'backslashreplace')) & 0xffffffff
        ) + ELLIPSIS
    last = (LONGEST - len(mark)) * 2 // 3
    return (value[:LONGEST - len(mark) - last] + mark
            + value[len(value) - last:])


def escaped(value):
    """What stands between quotes, or behind HELP in OpenMetrics."""
    value = lines_escaped(value)
    return value.replace(u'"', u'\\"') if u'"' in value else value


def lines_escaped(value):
    """What stands behind HELP in version 0.0.4."""
    value = text(value)
    if u'\\' in value or u'\n' in value:
        value = value.replace(u'\\', u'\\\\').replace(u'\n', u'\\n')
    return value


def number(value):
    """A number as both formats have it: the shortest text that means it."""
    if not isinstance(value, float):
        return '%d' % value
    if value - value == 0.0:  # finite
        return repr(value)
    return 'NaN' if value != value else '+Inf' if value > 0 else '-Inf'


def is_name(name):
    """Whether a text may be the name of a label."""
    return _NAME(name) is not None


def is_metric(name):
    """Whether a text may be the name of a metric, which may have colons."""
    return _METRIC(name) is not None
