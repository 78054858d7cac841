"""A family of prometheus_client's, rendered in each format and checked.

Everything here is called in a helper thread: the family, and what its numbers
do when they are asked, is somebody else's.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.exposition import (
    END,
    escaped,
    head,
    is_metric,
    is_name,
    labels_of,
    lines_escaped,
    number,
    number_of,
    shown,
    with_labels,
)
from Products.ZServerViews.format.text import text

# Kinds of OpenMetrics, and what they are called in version 0.0.4.
KINDS = {'counter': 'counter', 'gauge': 'gauge', 'histogram': 'histogram',
         'summary': 'summary', 'info': 'gauge', 'stateset': 'gauge',
         'gaugehistogram': 'histogram', 'unknown': 'untyped'}
# What has a longer name there.
_ENDINGS = {'counter': '_total', 'info': '_info'}
# Samples that only OpenMetrics has among those of its family.
_APART = ('_gsum', '_gcount')


class Rendered(object):
    """What is kept of a family, a ``Metric`` of prometheus_client's.

    ``name``, ``kind``
        Its name without an ending, and its kind in OpenMetrics.
    ``series``
        How many samples it has.
    ``prometheus``, ``openmetrics``, ``document``
        What stands for it in each format.
    ``is_valid``
        Whether prometheus_client's own parsers can read both texts.

    ``parsers``
        Functions from a text to families: of version 0.0.4 and of OpenMetrics.
    """

    name = kind = None
    series = 0
    is_valid = False

    def __init__(self, family, parsers):
        try:
            self._render(family, parsers)
        except Exception:
            self.is_valid = False

    def _render(self, family, parsers):
        self.name, self.kind = family.name, family.type
        help = family.documentation
        # The moment at which a counter was made says nothing that the start
        # of the process does not.
        samples = [_Sample(sample) for sample in family.samples
                   if sample.name != family.name + '_created']
        self.series = len(samples)
        if (self.kind not in KINDS or not is_metric(self.name)
                or not all(sample.is_sane for sample in samples)):
            return
        self.openmetrics = _text(self.name, self.kind, escaped(help), samples,
                                 False)
        self.prometheus = self._as_prometheus(lines_escaped(help), samples)
        self.document = {
            'name': self.name + _ENDINGS.get(self.kind, ''), 'type': self.kind,
            'help': text(help),
            'samples': [sample.document() for sample in samples]}
        self.is_valid = self._can_be_read(parsers, samples)

    def _as_prometheus(self, help, samples):
        apart = dict((self.name + ending, []) for ending in _APART)
        together = []
        for sample in samples:
            apart.get(sample.name, together).append(sample)
        made = _text(self.name + _ENDINGS.get(self.kind, ''),
                     KINDS[self.kind], help, together, True)
        for name in sorted(apart):
            if apart[name]:
                made += _text(name, 'gauge', help, apart[name], True)
        return made

    def _can_be_read(self, parsers, samples):
        expected = sorted(sample.key for sample in samples)
        if len(set(expected)) < len(expected):
            return False  # a sample twice
        found = [list(read(made)) for read, made in zip(
            parsers, (self.prometheus, self.openmetrics + END))]
        # A sample of another name makes another family.
        return len(found[1]) == 1 and all(
            sorted(_Sample(sample).key for family in families
                   for sample in family.samples) == expected
            for families in found)


class _Sample(object):
    """One sample; ``is_sane`` if its names are such and its value a number."""

    def __init__(self, sample):
        self.name = sample[0]
        self.labels = sorted(sample[1].items())
        self.value = float(sample[2])
        self.timestamp = sample[3] if len(sample) > 3 else None

    @property
    def is_sane(self):
        return is_metric(self.name) and all(
            is_name(label) for label, _value in self.labels)

    @property
    def key(self):
        return self.name, tuple((label, shown(value))
                                for label, value in self.labels)

    def line(self, milliseconds):
        when = u''
        if self.timestamp is not None:
            seconds = float(self.timestamp)
            when = (u' %d' % (seconds * 1000) if milliseconds
                    else u' ' + number(seconds))
        return u'%s %s%s\n' % (with_labels(self.name, labels_of(self.labels)),
                               number(self.value), when)

    def document(self):
        return {'name': self.name, 'value': number_of(self.value),
                'labels': dict((label, shown(value))
                               for label, value in self.labels)}


def _text(name, kind, help, samples, milliseconds):
    lines = []
    head(lines, name, help=help, kind=kind)
    lines += [sample.line(milliseconds) for sample in samples]
    return u''.join(lines)
