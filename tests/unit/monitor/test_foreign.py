"""monitor.foreign: families of prometheus_client's, rendered and checked."""
from __future__ import absolute_import, division, print_function

import math

import pytest
from prometheus_client import core, parser
from prometheus_client.openmetrics import parser as strict

from Products.ZServerViews.format.exposition import END
from Products.ZServerViews.monitor.foreign import KINDS, Rendered

PARSERS = (parser.text_string_to_metric_families,
           strict.text_string_to_metric_families)


def metric(kind='gauge', samples=(('a', {}, 1.0),), name='a', help='A.'):
    made = core.Metric(name, help, kind)
    for sample in samples:
        made.add_sample(*sample)
    return made


def rendered(*args, **kw):
    return Rendered(metric(*args, **kw), PARSERS)


SAMPLES = {
    'counter': [('a_total', {'b': u'/"\n\\\xe4'}, 3), ('a_created', {
        'b': u'/"\n\\\xe4'}, 1e9)],
    'gauge': [('a', {}, float('nan')), ('a', {'b': ''}, float('-inf'))],
    'histogram': [('a_bucket', {'le': '1.0'}, 1),
                  ('a_bucket', {'le': '+Inf'}, 2), ('a_count', {}, 2),
                  ('a_sum', {}, 2.5), ('a_created', {}, 1e9)],
    'summary': [('a', {'quantile': '0.5'}, 1), ('a_count', {}, 2),
                ('a_sum', {}, 2.5)],
    'info': [('a_info', {'version': '1'}, 1)],
    'stateset': [('a', {'a': 'on'}, 1), ('a', {'a': 'off'}, 0)],
    'gaugehistogram': [('a_bucket', {'le': '+Inf'}, 2), ('a_gcount', {}, 2),
                       ('a_gsum', {}, 2.5)],
    'unknown': [('a', {}, 7)],
}


@pytest.mark.parametrize('kind', sorted(SAMPLES))
def test_every_kind_is_what_its_parser_finds(kind):
    found = rendered(kind, SAMPLES[kind], help=u'The "a" \\ of\nb.')
    assert found.is_valid
    expected = [(name, labels) for name, labels, _value in SAMPLES[kind]
                if not name.endswith('_created')]
    assert found.series == len(expected) == len(found.document['samples'])
    family, = strict.text_string_to_metric_families(found.openmetrics + END)
    assert (family.name, family.type) == ('a', kind)
    assert family.documentation == u'The "a" \\ of\nb.'
    assert [tuple(sample[:2]) for sample in family.samples] == expected
    assert u'# TYPE a%s %s\n' % (
        {'counter': '_total', 'info': '_info'}.get(kind, ''), KINDS[kind]
    ) in found.prometheus


def test_all_kinds_are_tried():
    assert set(SAMPLES) == set(KINDS)


def test_timestamps():
    found = rendered(samples=[('a', {}, 1.0, 1234.5)])
    assert found.openmetrics.endswith('\na 1.0 1234.5\n')
    assert found.prometheus.endswith('\na 1.0 1234500\n')
    assert math.isnan(float(rendered(
        samples=[('a', {}, float('nan'))]).document['samples'][0]['value']))


def test_a_name_that_ends_as_the_time_of_a_counter():
    found = rendered(name='a_created', samples=[('a_created', {}, 1)])
    assert (found.is_valid, found.series) == (True, 1)


def test_labels_are_bounded_text():
    found = rendered(samples=[('a', {'b': 60000 * u'"', 'c': u'\ud800'}, 1)])
    assert found.is_valid and len(found.openmetrics) < 1000


@pytest.mark.parametrize('made', [
    metric('counter', [('a_total', {}, float('nan'))]),
    metric('counter', [('a_total', {}, -1)]),
    metric('histogram', [('a_bucket', {'le': '1.0'}, 3)]),
    metric(samples=[('b', {}, 1)]),
    metric(samples=[('a b', {}, 1)]),
    metric(samples=[('a', {'b c': ''}, 1)]),
    metric(samples=[('a', {}, 1), ('a', {}, 2)]),
    metric(samples=[('a', {}, 'no number')]),
    metric(samples=[('a', None, 1)]),
    None], ids=str)
def test_what_no_scrape_may_have(made):
    assert not Rendered(made, PARSERS).is_valid


def test_a_name_or_a_kind_of_no_format():
    for name, value in (('name', 'a-b'), ('type', 'thermometer')):
        made = metric()
        setattr(made, name, value)
        assert not Rendered(made, PARSERS).is_valid


def test_a_name_may_have_colons():
    found = rendered(samples=[('a:b', {}, 1.0)], name='a:b')
    assert found.is_valid and u'\na:b 1.0\n' in found.prometheus
