"""Values of labels that nobody should have, and whether a scrape bears them.

    python -m tests.unit.format.labels --number 100000

renders so many and has both of prometheus_client's parsers read them. The seed
is printed; with ``--seed`` the same values come again.
"""
from __future__ import absolute_import, division, print_function

import argparse
import random
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as strict

from Products.ZServerViews.format.exposition import (
    END,
    GAUGE,
    Family,
    shown,
    to_openmetrics,
    to_prometheus,
)

ODD = [u'"', u'\\', u'\n', u'\\n', u'\r', u'\0', u'\x85', u'\u2028', u'\ud800',
       u'\udfff', u'{', u'}', u',', u'=', u' ', u'#', u'\t', u'# EOF',
       u'\U0001f600', u'\xe4', u'a', u'le="', b'\xff', b'\xe4\n"', b'a\\']
# One scrape has so many at most.
AT_ONCE = 5000


def odd_label(chance):
    parts = [chance.choice(ODD) for _part in range(chance.randint(0, 6))]
    if chance.random() < 0.3:
        return b''.join(part if isinstance(part, bytes)
                        else part.encode('utf-8', 'ignore') for part in parts)
    made = u''.join(part.decode('latin-1') if isinstance(part, bytes)
                    else part for part in parts)
    # Seldom, for the sake of time.
    return made if chance.random() > 0.001 else made + 60000 * u'"'


def parsed(families):
    """[(name, type, [(name, labels, value)])] as each of both parsers has it.
    """
    plain = parser.text_string_to_metric_families(to_prometheus(families))
    exact = strict.text_string_to_metric_families(
        to_openmetrics(families) + END)
    return [[(family.name, family.type,
              [(sample.name, sample.labels, sample.value)
               for sample in family.samples]) for family in found]
            for found in (plain, exact)]


def misread(number, seed):
    """[(label, what a parser has found for it)] of so many; that is none."""
    chance, found = random.Random(seed), []
    while number > 0:
        labels = [odd_label(chance)
                  for _number in range(min(number, AT_ONCE))]
        number -= len(labels)
        family = Family('a', GAUGE, 'A.')
        for place, label in enumerate(labels):
            family.add(place, ('number', place), ('label', label))
        for (name, _kind, samples), in parsed([family]):
            assert (name, len(samples)) == ('a', len(labels))
            found += [(label, sample) for place, (label, sample) in enumerate(
                zip(labels, samples)) if sample != (
                    'a', {'number': str(place), 'label': shown(label)}, place)]
    return found


def main(arguments):
    reader = argparse.ArgumentParser(
        prog='python -m tests.unit.format.labels')
    reader.add_argument('--number', type=int, default=10 ** 5)
    reader.add_argument('--seed', type=int,
                        default=random.SystemRandom().randrange(10 ** 6))
    given = reader.parse_args(arguments)
    print('%d labels, seed %d' % (given.number, given.seed))
    found = misread(given.number, given.seed)
    for label, sample in found[:10]:
        print('%r was read as %r' % (label, sample))
    print('%d were not read as they were shown' % len(found))
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
