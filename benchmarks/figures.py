"""Medians, spreads and ratios. No clock and no processes in here."""
from __future__ import absolute_import, division, print_function

import statistics

from Products.ZServerViews.cli.check.figures import percentile

__all__ = ['Spread', 'percentile', 'ratios']


def ratios(above, below):
    """Round by round: what disturbed one round disturbs both sides of it."""
    if len(above) != len(below):
        raise ValueError('{0} rounds against {1}'.format(len(above),
                                                         len(below)))
    return [one / other for one, other in zip(above, below)]


class Spread(object):
    """The median of all rounds, and the least and the most among them."""

    def __init__(self, values):
        self.values = list(values)
        self.median = statistics.median(self.values)
        self.least = min(self.values)
        self.most = max(self.values)

    def cells(self, form):
        """Median and range as two texts."""
        return (form.format(self.median),
                '{0} - {1}'.format(form.format(self.least),
                                   form.format(self.most)))
