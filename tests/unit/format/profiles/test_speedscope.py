"""format.profiles.speedscope, held to its published schema."""
from __future__ import absolute_import, division, print_function

import json

import pytest

from Products.ZServerViews._compat import text_type
from Products.ZServerViews.format.profiles.formats import FORMATS

from tests.unit.format.profiles import examples

NUMBERS = (int, float)
# Of https://www.speedscope.app/file-format-schema.json: types of the keys that
# are required, then of those that may be there.
FILE = ({'$schema': text_type, 'profiles': list, 'shared': dict},
        {'activeProfileIndex': int, 'exporter': text_type, 'name': text_type})
FRAME = ({'name': text_type}, {'file': text_type, 'line': int, 'col': int})
SAMPLED = ({'type': text_type, 'unit': text_type, 'name': text_type,
            'startValue': NUMBERS, 'endValue': NUMBERS, 'samples': list,
            'weights': list}, {})


def made_of(profile):
    made = json.loads(FORMATS['speedscope'][2](profile).decode('utf-8'))
    hold(made, *FILE)
    assert made['$schema'] == (
        'https://www.speedscope.app/file-format-schema.json')
    for frame in made['shared']['frames']:
        hold(frame, *FRAME)
    for one in made['profiles']:
        hold(one, *SAMPLED)
        assert one['type'] == 'sampled'
        assert one['unit'] == 'seconds'
        assert len(one['samples']) == len(one['weights'])
        assert sum(one['weights']) == pytest.approx(one['endValue'])
        frames = len(made['shared']['frames'])
        assert all(0 <= number < frames
                   for sample in one['samples'] for number in sample)
    return made


def hold(document, required, optional):
    assert set(required) <= set(document) <= set(required) | set(optional)
    for key, value in document.items():
        assert isinstance(value, required.get(key, optional.get(key))), key


def named(made, thread):
    frames = made['shared']['frames']
    one, = [one for one in made['profiles'] if one['name'] == thread]
    return [([frames[number]['name'] for number in sample], weight)
            for sample, weight in zip(one['samples'], one['weights'])]


def test_speedscope():
    made = made_of(examples.profile())
    assert made['name'].startswith('profile of a page (sampler: in process, ')
    assert named(made, 'w-0') == [(['/a', 'run', 'index'], 0.5),
                                  (['/a', 'run', 'index', 'sort'], 0.3)]
    assert named(made, 'w-1') == [
        (['/b', 'run', 'index', 'get', '[waiting for database]'], 0.2)]


def test_frames_have_files_and_lines_where_they_are_known():
    frames = made_of(examples.profile())['shared']['frames']
    assert {'name': 'sort', 'file': '/srv/app.py', 'line': 30} in frames
    assert {'name': 'get',
            'file': '/v/site-packages/ZODB/Connection.py'} in frames
    assert {'name': '/a'} in frames


@pytest.mark.parametrize('profile', [examples.hostile(), examples.large()])
def test_whatever_there_is_keeps_the_schema(profile):
    made_of(profile)
