from __future__ import absolute_import, division, print_function

import json
import random
import time
import zlib

import pytest

from Products.ZServerViews.history import segments
from Products.ZServerViews.history.segments import Unencodable, Writer, framed, read

STACKS = dict((number, [('search', 'catalog.py', 300 + number),
                        ('call', 'publisher.py', 42),
                        ('run', u'w\xe4sche.py', 7)]) for number in range(9))


class Table(object):
    """As much of a StackTable as is asked for here."""

    def __init__(self, stacks):
        self._stacks = stacks

    def definition(self, number):
        return self._stacks.get(number, [])


TABLE = Table(STACKS)
# Of random damage.
ROUNDS = 1000


def records(number):
    return [{'kind': 'look', 'time': 1790000000.5 + second, 'text': u'l\xf6ck\n',
             'workers': [['w', 1, '/a', 'computing', second % 9, 0.5]]}
            for second in range(number)]


def segment(number=50):
    writer = Writer()
    data = writer.begin(pid=17, instance='zope1')
    for record in records(number):
        data += writer.add(record, TABLE)
    assert writer.size == len(data)
    return data


def as_json(stacks):
    return dict((number, [list(line) for line in stack])
                for number, stack in stacks.items())


def test_what_is_written_is_read():
    found = read(segment())
    assert found.version == segments.VERSION
    assert found.header == {'kind': 'segment', 'version': 1, 'pid': 17,
                            'instance': 'zope1'}
    assert found.records == records(50)
    assert found.stacks == as_json(STACKS)
    assert found.damaged == [] and found.torn == 0


def test_it_is_text_with_a_line_for_each_record():
    lines = segment(1).split(b'\n')
    assert lines[0] == b'zserverviews record 1'
    checksum, length, payload = lines[-2].split(b' ', 2)
    assert int(length) == len(payload)
    assert int(checksum, 16) == zlib.crc32(payload) & 0xffffffff
    assert json.loads(payload.decode('ascii')) == records(1)[0]
    assert lines[-1] == b''
    assert len(lines) == 5  # with the header, and the stack


def test_a_stack_stands_in_a_segment_once_and_before_it_is_used():
    writer = Writer()
    writer.begin()
    first, second = records(1) * 2
    assert writer.add(first, TABLE).count(b'\n') == 2
    assert writer.add(second, TABLE).count(b'\n') == 1
    # The next segment needs no other.
    assert read(segment(3) + b'').stacks == as_json(
        dict((number, STACKS[number]) for number in range(3)))


def test_lines_of_stacks_stand_in_a_segment_once():
    data = segment()
    assert data.count(b'publisher.py') == 1
    assert data.count(b'catalog.py') == len(STACKS)


def test_a_stack_that_nobody_knows_any_more():
    writer = Writer()
    data = writer.begin() + writer.add(records(1)[0], Table({}))
    found = read(data)
    assert found.records == records(1)
    assert found.stacks == {}


@pytest.mark.parametrize('value', [
    object(), {1, 2}, u'x' * segments.LONGEST], ids=['object', 'set', 'long'])
def test_what_no_line_can_be_made_of(value):
    with pytest.raises(Unencodable) as raised:
        framed({'kind': 'odd', 'value': value})
    assert "kind 'odd'" in str(raised.value)
    assert 'xxx' not in str(raised.value)


def test_a_number_that_is_none_and_bytes_of_any_encoding():
    record = {'kind': 'odd', 'time': 1.5, 'number': float('inf'),
              'file': 'w\xe4sche'}
    assert read(framed(record)).records == [
        {'kind': 'odd', 'time': 1.5, 'number': float('inf'), 'file': u'w\xe4sche'}]


def test_a_file_that_ends_within_a_record():
    data = segment()
    whole = read(data)
    last = data.rstrip(b'\n').rfind(b'\n') + 1
    for end in range(last + 1, len(data) - 1):
        found = read(data[:end])
        assert found.records == whole.records[:-1]
        assert (found.torn, found.damaged) == (end - last, [])
    # Only the line break is missing.
    assert read(data[:-1]).records == whole.records


@pytest.mark.parametrize('data', [b'', segments.MAGIC[:5]])
def test_a_file_that_was_just_begun(data):
    found = read(data)
    assert (found.records, found.damaged) == ([], [])
    assert found.torn == len(data)


def test_zeros_as_a_loss_of_power_leaves_them():
    data = segment()
    found = read(data + b'\0' * 4096)
    assert found.records == records(50)
    assert found.damaged == [(len(data), 4096)]


def test_another_file():
    found = read(b'\x89PNG\r\n\x1a\n' + bytes(bytearray(range(256))) * 9)
    assert found.version is None
    assert found.records == [] and found.header == {}
    assert sum(size for _at, size in found.damaged) + found.torn > 2000


def of_version(number):
    writer = Writer()
    header = writer.begin()
    return (b'zserverviews record %d\n' % number
            + framed({'kind': 'segment', 'version': number})
            + segment()[len(header):])


@pytest.mark.parametrize('data', [
    of_version(12), of_version(12).replace(b'record 12', b'record\x00 12'),
    of_version(12).replace(b'"version":12', b'"version":12;')],
    ids=['whole', 'by its header', 'by its first line'])
def test_of_another_version_nothing_but_that_is_told(data):
    found = read(data)
    assert found.version == 12
    assert (found.records, found.stacks, found.header) == ([], {}, {})
    assert (found.damaged, found.torn) == ([], 0)


def test_a_damaged_first_line_does_not_make_it_another_version():
    found = read(segment().replace(b'record 1', b'record 3', 1))
    assert found.version == segments.VERSION
    assert found.records == records(50)


def test_what_a_client_sends_cannot_pass_for_a_record():
    forged = framed({'kind': 'forged', 'time': 1.5}).decode('ascii')
    data = framed({'kind': 'log', 'time': 1.5, 'text': forged})
    assert read(data).records == [{'kind': 'log', 'time': 1.5, 'text': forged}]
    # A record that is pushed out of its place is found; a broken one is not
    # searched for what may look like one.
    assert read(b'x' + data).records == [{'kind': 'log', 'time': 1.5, 'text': forged}]
    assert read(data.replace(b'"log"', b'"lug"')).records == []


def test_a_length_that_no_record_has():
    data = segment(2)
    huge = b'00000000 9999999 {'
    found = read(data + huge + b'\n' + framed({'kind': 'after', 'time': 1.5}))
    assert found.records == records(2) + [{'kind': 'after', 'time': 1.5}]
    assert found.damaged == [(len(data), len(huge) + 1)]


def test_the_place_of_a_line_that_is_lost():
    lines = segment().split(b'\n')
    # Without the first stack, which brings the lines that all have.
    found = read(b'\n'.join(lines[:2] + lines[3:]))
    assert 0 not in found.stacks
    assert found.stacks[1] == [['search', 'catalog.py', 301],
                               segments.LOST_PLACE, segments.LOST_PLACE]


def spans(data):
    """(begin, end, whole line) of each line."""
    position = 0
    for line in data.split(b'\n')[:-1]:
        yield position, position + len(line) + 1
        position += len(line) + 1


def test_damage_at_random_places_costs_what_is_damaged_and_nothing_else():
    seed = int(time.time())
    print('seed', seed)
    chance = random.Random(seed)
    data = segment(40)
    lines = list(spans(data))
    for _round in range(ROUNDS):
        bad, places = damaged(chance, data)
        found = read(bytes(bad))
        if found.version not in (None, segments.VERSION):
            # Its number has changed, and what could have told that is damaged.
            assert all(any(begin <= place < end for place in places)
                       for begin, end in lines[:2]), (seed, places)
            continue
        # A line break belongs to both its lines: either may be gone, but a
        # record in front of it is whole.
        touched = [number for number, (begin, end) in enumerate(lines)
                   if any(begin <= place < end - 1 for place in places)
                   or end - 1 > len(bad)]
        assert found.records == [
            record for record in map(record_of, lines_of(data, lines, touched))
            if record['kind'] == 'look'], (seed, places)
        if len(bad) == len(data):
            # A version that has changed is told by the header.
            assert found.damaged or all(
                place < lines[0][1] for place in places), (seed, places)


def damaged(chance, data):
    """(the bytes cut or with some bits changed, the places of the bits)"""
    if chance.random() < 0.3:
        return data[:chance.randrange(len(data))], []
    bad = bytearray(data)
    places = chance.sample(range(len(data)), chance.choice([1, 1, 1, 2, 5]))
    for place in places:
        bad[place] ^= 1 << chance.randrange(8)
    return bad, places


def lines_of(data, lines, without):
    for number, (begin, end) in enumerate(lines):
        if number and number not in without:
            yield data[begin:end - 1]


def record_of(line):
    return json.loads(line.split(b' ', 2)[2].decode('ascii'))


@pytest.mark.parametrize('time', [None, 'now', [], -1, 1e300, float('nan')])
def test_a_record_of_no_time_is_damage(time):
    segment = read(segments.MAGIC + framed({'kind': 'gap', 'time': time})
                   + framed({'kind': 'gap', 'time': 1.5}))
    assert [record['time'] for record in segment.records] == [1.5]
    assert len(segment.damaged) == 1
