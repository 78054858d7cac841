"""format.exposition, with prometheus_client's parsers as the referee."""
from __future__ import absolute_import, division, print_function

import json
import math
import random

import pytest

from Products.ZServerViews.format import exposition
from Products.ZServerViews.format.documents import to_json
from Products.ZServerViews.format.exposition import (
    COUNTER,
    END,
    GAUGE,
    HISTOGRAM,
    INFO,
    LONGEST,
    Family,
    shown,
    to_documents,
    to_openmetrics,
    to_prometheus,
    within,
)
from tests.unit.format import labels
from tests.unit.format.labels import misread, parsed

NAN, INF = float('nan'), float('inf')


def families():
    made = [
        Family('a_seconds', HISTOGRAM, 'How "long" a \\ was\nin s.', (0.5, 1)),
        Family('b', COUNTER, 'Number of b.'),
        Family('c', GAUGE, 'Size of c.'),
        Family('python', INFO, 'The Python.')]
    made[0].add([1, 2, 3, 12.5], ('method', 'GET'))
    made[0].add([0, 0, 0, 0.0])
    made[1].add(7, ('path', u'/"\\\n\xe4'))
    made[2].add(2.25).add(None)
    made[3].add(1, ('version', '3.11'), ('kind', b'CPython'))
    return made


def test_as_prometheus():
    assert to_prometheus(families()) == u'''\
# HELP a_seconds How "long" a \\\\ was\\nin s.
# TYPE a_seconds histogram
a_seconds_bucket{method="GET",le="0.5"} 1
a_seconds_bucket{method="GET",le="1.0"} 3
a_seconds_bucket{method="GET",le="+Inf"} 6
a_seconds_count{method="GET"} 6
a_seconds_sum{method="GET"} 12.5
a_seconds_bucket{le="0.5"} 0
a_seconds_bucket{le="1.0"} 0
a_seconds_bucket{le="+Inf"} 0
a_seconds_count 0
a_seconds_sum 0.0
# HELP b_total Number of b.
# TYPE b_total counter
b_total{path="/\\"\\\\\\n\xe4"} 7
# HELP c Size of c.
# TYPE c gauge
c 2.25
# HELP python_info The Python.
# TYPE python_info gauge
python_info{version="3.11",kind="CPython"} 1
'''


def test_a_histogram_has_any_label():
    for found in parsed([Family('a', HISTOGRAM, 'A.', (1,)).add(
            [2, 1, 9.5], ('share', u'100 %d %%'))]):
        (_name, _kind, samples), = found
        assert [labels['share'] for _name, labels, _value in samples] == [
            u'100 %d %%'] * 4
        assert [value for _name, _labels, value in samples] == [2, 3, 3, 9.5]


def test_what_is_remembered_of_a_series_is_bounded(monkeypatch):
    monkeypatch.setattr(exposition, 'MOST_KNOWN', 3)
    exposition._KNOWN.clear()
    family = Family('a', GAUGE, 'A.')
    for number in range(10):
        family.add(number, ('number', number))
    for _scrape in range(2):
        assert to_prometheus([family]).count(u'\na{number="') == 10
        assert 0 < len(exposition._KNOWN) <= 3


def test_as_openmetrics():
    text = to_openmetrics(families())
    assert u'# HELP a_seconds How \\"long\\" a \\\\ was\\nin s.\n' in text
    assert u'\n# TYPE b counter\nb_total{' in text
    assert u'\n# TYPE python info\npython_info{' in text
    assert END == u'# EOF\n'


def test_as_documents():
    found = json.loads(to_json(to_documents(families())))
    assert [(one['name'], one['type']) for one in found] == [
        ('a_seconds', 'histogram'), ('b_total', 'counter'), ('c', 'gauge'),
        ('python_info', 'info')]
    assert found[0]['series'][0] == {
        'labels': {'method': 'GET'}, 'count': 6, 'sum': 12.5,
        'buckets': [[0.5, 1], [1, 3]]}
    assert found[2] == {'name': 'c', 'type': 'gauge', 'help': 'Size of c.',
                        'series': [{'labels': {}, 'value': 2.25}]}


@pytest.mark.parametrize('value, text', [
    (0, '0'), (10 ** 20, '1' + 20 * '0'), (0.1, '0.1'), (1e300, '1e+300'),
    (NAN, 'NaN'), (INF, '+Inf'), (-INF, '-Inf'), (True, '1')])
def test_numbers(value, text):
    made = [Family('a', GAUGE, 'A.').add(value)]
    assert to_prometheus(made).splitlines()[-1] == 'a ' + text
    said = json.loads(to_json(to_documents(made)))[0]['series'][0]['value']
    assert said == (text if text in ('NaN', '+Inf', '-Inf') else value)


def test_a_label_is_bounded_text_that_utf_8_has():
    assert shown(b'\xff\xfe') == u'\ufffd\ufffd'
    assert shown(u'a\ud800b') == u'a\ufffdb'
    assert shown(7) == u'7'
    long = u'"' + 60000 * u'\xe4' + u'end'
    assert len(shown(long)) == LONGEST and shown(long).endswith(u'end')


def test_labels_that_differ_in_their_middle_stay_different():
    long = [60000 * u'a' + middle + 60000 * u'a'
            for middle in (u'a', u'b', u'\ud800', u'\xe4')]
    assert len(set(map(shown, long))) == len(long)
    assert shown(long[0]) == shown(str(long[0]))
    assert shown((LONGEST + 1) * u'a') == 96 * u'a' + (
        u'...91e291fe...') + 190 * u'a'
    assert shown(LONGEST * u'a') == LONGEST * u'a'


def test_the_budget_keeps_the_first_and_whole_histograms():
    made = families()
    kept, dropped = within(made, 7)
    assert [(family.name, len(family.series)) for family in kept] == [
        ('a_seconds', 1), ('b', 1), ('c', 1)]
    assert dropped == 5 + 1
    assert within(families(), 100)[1] == 0
    assert within(families(), 0) == ([], 13)


def test_names():
    assert exposition.is_name('a_1') and exposition.is_metric('a:b_1')
    for name in '', '1a', 'a-b', 'a b', u'\xe4', 'a\n':
        assert not exposition.is_name(name)
        assert not exposition.is_metric(name)
    assert not exposition.is_name('a:b')


# By the referee

def test_both_parsers_find_what_was_rendered():
    plain, exact = parsed(families())
    assert [(name, kind) for name, kind, _samples in plain] == [
        ('a_seconds', 'histogram'), ('b', 'counter'), ('c', 'gauge'),
        ('python_info', 'gauge')]
    assert [(name, kind) for name, kind, _samples in exact] == [
        ('a_seconds', 'histogram'), ('b', 'counter'), ('c', 'gauge'),
        ('python', 'info')]
    for found in plain, exact:
        assert found[1][2] == [('b_total', {'path': u'/"\\\n\xe4'}, 7)]
        assert found[0][2][2] == (
            'a_seconds_bucket', {'method': 'GET', 'le': '+Inf'}, 6)


def test_nan_and_infinity_are_values():
    for value in NAN, INF, -INF:
        for found in parsed([Family('a', GAUGE, 'A.').add(value)]):
            (_name, _labels, said), = found[0][2]
            assert said == value or math.isnan(said) and math.isnan(value)


def test_any_label_is_read_as_it_was_shown():
    # Others in each run; who sees this fail can have them again.
    seed = random.SystemRandom().randrange(10 ** 6)
    print('python -m tests.unit.format.labels --seed %d' % seed)
    assert misread(5000, seed) == []


def test_the_command_that_tries_more(capsys):
    assert labels.main(['--number', '50', '--seed', '7']) == 0
    assert capsys.readouterr()[0] == (
        '50 labels, seed 7\n0 were not read as they were shown\n')


def test_the_command_tells_what_was_misread(capsys, monkeypatch):
    monkeypatch.setattr(labels, 'shown', lambda value: u'another')
    assert labels.main(['--number', '50', '--seed', '7']) == 1
    # By each of both.
    assert capsys.readouterr()[0].splitlines()[-1] == (
        '100 were not read as they were shown')
