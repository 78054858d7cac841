"""A file for https://www.speedscope.app: a sampled profile for each thread.

Its schema is https://www.speedscope.app/file-format-schema.json. The viewer
shows what it has in the order of time, where that is known, and merged.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.documents import to_json
from Products.ZServerViews.format.profiles.sampled import labelled, name_of, title_of
from Products.ZServerViews.format.stacks import (
    EXPORTER,
    SPEEDSCOPE_SCHEMA,
    speedscope_frame,
)


def to_speedscope(profile):
    """The file as bytes; the samples stay in their order."""
    profile = labelled(profile)
    threads, order = {}, []
    for stack, seconds, thread, _state, _path, _start in profile.samples:
        if thread not in threads:
            threads[thread] = [], []
            order.append(thread)
        samples, weights = threads[thread]
        samples.append(profile.stacks[stack])
        weights.append(round(seconds, 6))
    return to_json({
        '$schema': SPEEDSCOPE_SCHEMA, 'exporter': EXPORTER,
        'name': title_of(profile.about), 'activeProfileIndex': 0,
        'shared': {'frames': [_frame(frame) for frame in profile.frames]},
        'profiles': [_of_thread(thread, *threads[thread])
                     for thread in order]}).encode('ascii')


def _frame(frame):
    function, path, line = frame
    if path:
        return speedscope_frame((path, line, function))
    return {'name': function}


def _of_thread(thread, samples, weights):
    return {'type': 'sampled', 'unit': 'seconds', 'name': name_of(thread),
            'startValue': 0, 'endValue': round(sum(weights), 6),
            'samples': samples, 'weights': weights}
