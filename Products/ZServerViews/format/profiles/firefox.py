"""A file for https://profiler.firefox.com: its processed format, version 48.

The format is described by docs-developer/CHANGELOG-formats.md and
src/types/profile of https://github.com/firefox-devtools/profiler, which upgrades
files of older versions as it opens them. Samples weigh milliseconds. The
categories are the states, so the graph of a thread shows its waits in colours.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.documents import to_json
from Products.ZServerViews.format.profiles.sampled import (
    labelled,
    name_of,
    notes,
    period,
    title_of,
)
from Products.ZServerViews.format.stacks import EXPORTER

VERSION = 48
# The format that the browser itself writes: it must be named too.
GECKO_VERSION = 27

# Name and colour, of those that the viewer knows; the first is the default.
CATEGORIES = (
    (u'Python', u'yellow'), (u'waiting for lock', u'red'),
    (u'waiting for database', u'blue'), (u'waiting for socket', u'purple'),
    (u'waiting for file', u'brown'), (u'sleeping', u'green'),
    (u'waiting', u'lightblue'), (u'idle', u'transparent'), (u'Other', u'grey'))
_OTHER = len(CATEGORIES) - 1
_BY_STATE = dict((u'[%s]' % name, number)
                 for number, (name, _colour) in enumerate(CATEGORIES))

# In resources, a place that is neither a library nor a page.
_NOWHERE = -1


def to_firefox(profile):
    """The file as bytes.

    Where the starts of samples are not known they lie side by side.
    """
    profile = labelled(profile)
    start = _start_of(profile)
    by_thread, order = {}, []
    for sample in profile.samples:
        if sample[2] not in by_thread:
            by_thread[sample[2]] = []
            order.append(sample[2])
        by_thread[sample[2]].append(sample)
    return to_json({
        'meta': _meta(profile.about, start), 'libs': [], 'pages': [],
        'threads': [_Thread(profile, start).document(
            number, name_of(name), by_thread[name])
            for number, name in enumerate(order)]}).encode('ascii')


def _start_of(profile):
    known = [sample[5] for sample in profile.samples if sample[5] is not None]
    return profile.about.get('start') or (min(known) if known else 0.0)


def _meta(about, start):
    entries = [{'label': name, 'format': 'string', 'value': value}
               for name, value in notes(about)]
    return {
        'interval': 1000.0 * (period(about) or 0.001),
        'startTime': start * 1000.0, 'processType': 0,
        'product': title_of(about), 'importedFrom': EXPORTER,
        'stackwalk': 0, 'debug': False, 'toolkit': '', 'version': GECKO_VERSION,
        'preprocessedProfileVersion': VERSION, 'symbolicated': True,
        'categories': [{'name': name, 'color': colour,
                        'subcategories': ['Other']}
                       for name, colour in CATEGORIES],
        'markerSchema': [], 'extra': [
            {'label': 'How it was taken', 'entries': entries}],
        'extensions': {'id': [], 'name': [], 'baseURL': [], 'length': 0}}


class _Thread(object):
    """The tables of one thread, which refer to each other by numbers."""

    def __init__(self, profile, start):
        self._profile = profile
        self._start = start
        self._strings, self._functions = {}, {}
        self._frames, self._nodes = {}, {}

    def document(self, number, name, samples):
        stacks, times, weights = [], [], []
        after = 0.0
        for sample in samples:
            stacks.append(self._node(self._profile.stacks[sample[0]]))
            if sample[5] is not None:
                after = (sample[5] - self._start) * 1000.0
            times.append(round(after, 3))
            weights.append(round(sample[1] * 1000.0, 3))
            after += sample[1] * 1000.0
        # What the last one lasts is shown only if there is one behind it.
        stacks.append(None)
        times.append(round(after, 3))
        weights.append(0)
        return {
            'name': name, 'isMainThread': number == 0,
            'processType': 'default', 'processName': EXPORTER,
            'processStartupTime': 0, 'processShutdownTime': None,
            'registerTime': 0, 'unregisterTime': None, 'pausedRanges': [],
            'pid': '1', 'tid': number + 1,
            'samples': {'stack': stacks, 'time': times, 'weight': weights,
                        'weightType': 'tracing-ms', 'length': len(stacks)},
            'markers': {'data': [], 'name': [], 'startTime': [], 'endTime': [],
                        'phase': [], 'category': [], 'length': 0},
            'stackTable': self._stack_table(),
            'frameTable': self._frame_table(),
            'funcTable': self._function_table(),
            'resourceTable': {'lib': [], 'name': [], 'host': [], 'type': [],
                              'length': 0},
            'nativeSymbols': {'libIndex': [], 'address': [], 'name': [],
                              'functionSize': [], 'length': 0},
            'stringArray': _in_order(self._strings)}

    def _node(self, stack):
        """The number of the last node of the tree that this stack passes."""
        node = None
        for frame in stack:
            node = _number(self._nodes, (node, self._frame(frame)))
        return node

    def _frame(self, place):
        function, path, line = self._profile.frames[place]
        name = _number(self._strings, function)
        file_name = _number(self._strings, path) if path else None
        return _number(self._frames, (
            _number(self._functions, (name, file_name)), line,
            _BY_STATE.get(function, _OTHER if function.startswith(u'[') else 0)))

    def _stack_table(self):
        nodes = _in_order(self._nodes)
        frames = _in_order(self._frames)
        return {'prefix': [prefix for prefix, _frame in nodes],
                'frame': [frame for _prefix, frame in nodes],
                'category': [frames[frame][2] for _prefix, frame in nodes],
                'subcategory': [0] * len(nodes), 'length': len(nodes)}

    def _frame_table(self):
        frames = _in_order(self._frames)
        size = len(frames)
        return {'address': [-1] * size, 'inlineDepth': [0] * size,
                'category': [category for _func, _line, category in frames],
                'subcategory': [0] * size,
                'func': [function for function, _line, _category in frames],
                'nativeSymbol': [None] * size, 'innerWindowID': [0] * size,
                'implementation': [None] * size,
                'line': [line for _function, line, _category in frames],
                'column': [None] * size, 'length': size}

    def _function_table(self):
        functions = _in_order(self._functions)
        size = len(functions)
        return {'isJS': [False] * size, 'relevantForJS': [False] * size,
                'name': [name for name, _file in functions],
                'resource': [_NOWHERE] * size,
                'fileName': [file_name for _name, file_name in functions],
                'lineNumber': [None] * size, 'columnNumber': [None] * size,
                'length': size}


def _number(numbers, key):
    return numbers.setdefault(key, len(numbers))


def _in_order(numbers):
    return sorted(numbers, key=numbers.get)
