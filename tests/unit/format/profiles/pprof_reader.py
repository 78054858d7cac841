"""Reads profile.proto as its schema has it, written apart from the writer.

https://github.com/google/pprof/blob/main/proto/profile.proto
"""
from __future__ import absolute_import, division, print_function

import gzip
import io

# {number of a field: (name, kind)}; a kind is int, bytes, or the fields of a
# message. A star marks what is repeated.
VALUE_TYPE = {1: ('type', int), 2: ('unit', int)}
LABEL = {1: ('key', int), 2: ('str', int), 3: ('num', int),
         4: ('num_unit', int)}
SAMPLE = {1: ('location_id*', int), 2: ('value*', int), 3: ('label*', LABEL)}
LINE = {1: ('function_id', int), 2: ('line', int), 3: ('column', int)}
LOCATION = {1: ('id', int), 2: ('mapping_id', int), 3: ('address', int),
            4: ('line*', LINE), 5: ('is_folded', int)}
FUNCTION = {1: ('id', int), 2: ('name', int), 3: ('system_name', int),
            4: ('filename', int), 5: ('start_line', int)}
PROFILE = {1: ('sample_type*', VALUE_TYPE), 2: ('sample*', SAMPLE),
           4: ('location*', LOCATION), 5: ('function*', FUNCTION),
           6: ('string_table*', bytes), 9: ('time_nanos', int),
           10: ('duration_nanos', int), 11: ('period_type', VALUE_TYPE),
           12: ('period', int), 13: ('comment*', int)}


def read(data):
    """The message of a gzipped file as dictionaries, which its checks hold."""
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
        profile = _message(bytearray(packed.read()), PROFILE)
    strings = profile['string_table'] = [
        value.decode('utf-8') for value in profile['string_table']]
    assert strings[0] == u''
    assert len(set(strings)) == len(strings)
    functions = _by_id(profile['function'])
    locations = _by_id(profile['location'])
    for location in locations.values():
        for line in location['line']:
            assert line['function_id'] in functions
    for sample in profile['sample']:
        assert len(sample['value']) == len(profile['sample_type'])
        assert set(sample['location_id']) <= set(locations)
    return profile


def samples(profile):
    """[(names of functions with lines, innermost first, value, labels)]"""
    strings = profile['string_table']
    functions = _by_id(profile['function'])
    locations = _by_id(profile['location'])
    found = []
    for sample in profile['sample']:
        frames = []
        for number in sample['location_id']:
            line, = locations[number]['line']
            function = functions[line['function_id']]
            frames.append((strings[function['name']],
                           strings[function['filename']], line['line']))
        labels = dict((strings[label['key']], strings[label['str']])
                      for label in sample['label'])
        found.append((frames, sample['value'][0], labels))
    return found


def _by_id(messages):
    found = dict((message['id'], message) for message in messages)
    assert len(found) == len(messages) and 0 not in found
    return found


def _message(data, fields):
    made = dict((name.rstrip('*'), [] if name.endswith('*') else 0)
                for name, _kind in fields.values())
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        name, kind = fields[tag >> 3]
        if tag & 7 == 0:
            assert kind is int
            value, place = _varint(data, place)
            values = [value]
        else:
            assert tag & 7 == 2
            size, place = _varint(data, place)
            assert place + size <= len(data)
            part, place = data[place:place + size], place + size
            values = _values(part, kind)
        if name.endswith('*'):
            made[name[:-1]] += values
        else:
            made[name] = values[-1]
    return made


def _values(part, kind):
    if kind is bytes:
        return [bytes(part)]
    if kind is not int:
        return [_message(part, kind)]
    values, place = [], 0  # a packed field
    while place < len(part):
        value, place = _varint(part, place)
        values.append(value)
    return values


def _varint(data, place):
    value = shift = 0
    while True:
        value |= (data[place] & 0x7f) << shift
        shift += 7
        place += 1
        if not data[place - 1] & 0x80:
            return value, place
