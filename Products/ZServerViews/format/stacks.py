"""The forms of a dump of threads: text, JSON, collapsed stacks, speedscope.

Each takes a `monitor.threads.Dump` and returns text. They show names of threads, of
files and of functions, line numbers, and what the hooks say of a request.
"""
from __future__ import absolute_import, division, print_function

import posixpath
import re

from Products.ZServerViews.format.documents import to_json
from Products.ZServerViews.format.text import WIDTH, clean, cut, cut_middle, text
from Products.ZServerViews.format.units import duration, seconds

SPEEDSCOPE_SCHEMA = 'https://www.speedscope.app/file-format-schema.json'
EXPORTER = 'Products.ZServerViews'

# How much of a source line a document has, in characters.
LONGEST_SOURCE = 200

# How many of a group of threads are listed.
NAMES = 50

# Packages whose frames are the same in each request, and how many of them in a
# row are folded.
MACHINERY = frozenset(['waitress', 'paste', 'ZPublisher', 'ZServer', 'Zope2',
                       'Lifetime'])
FEW = 2
# So many of them are named.
MOST_PACKAGES = 4

# Modules of the standard library that are the same too.
_LIBRARY = re.compile(
    r'/python[23][^/]*/(threading|asyncore|asynchat)[.]py\Z')


def to_text(dump, width=WIDTH, source=None, fold=False):
    """For people: groups of threads with the same stack, innermost last.

    ``source``
        A function (path, line) -> source line, if those are wanted. It may
        read files: then this must not run in the loop.
    ``fold``
        Whether frames of `MACHINERY` are one line where there are many.
    """
    stacks = _Stacks(width, source, fold)
    lines = [_numbers(dump)]
    if dump.omitted:
        lines.append(u'%d other threads are not shown' % dump.omitted)
    for members in group(dump.threads):
        lines.append(u'')
        lines.extend(_heading(members, width))
        lines.extend(stacks.lines(members[0]))
    return u'\n'.join(lines) + u'\n'


def _numbers(dump):
    threads = len(dump.threads) + dump.omitted
    line = u'%d threads, %d different %s' % (
        threads, dump.different, u'stacks' if dump.different != 1 else u'stack')
    if dump.known < threads:
        line += u' in %d of them' % dump.known
    return line


def group(threads):
    """Threads folded: lists of those with the same role, state and stack.

    The order is that of the first thread of each.
    """
    groups, places = [], {}
    for thread in threads:
        key = thread.role, thread.state, thread.stack, thread.cut
        if key not in places:
            places[key] = len(groups)
            groups.append([])
        groups[places[key]].append(thread)
    return groups


def _heading(members, width):
    first = members[0]
    number = u'%d threads, ' % len(members) if len(members) > 1 else u''
    yield u'%s%s, %s' % (number, first.role, first.state)
    for member in members[:NAMES]:
        for line in _title(member, width - 2):
            yield u'  ' + line
        if member.request is not None:
            begin = u'    for %s: ' % duration(member.request_age_seconds)
            yield begin + cut_middle(clean(member.request),
                                     width - len(begin))
    if len(members) > NAMES:
        yield u'  and %d more' % (len(members) - NAMES)


def _title(thread, width):
    """One line, or two where the name is too long for one."""
    numbers = u', ident %d' % thread.ident
    if thread.native_id is not None:
        numbers += u', native %d' % thread.native_id
    # The end tells the threads of one pool apart.
    line = cut_middle(clean(thread.name), width - len(numbers)) + numbers
    if thread.unmoved_seconds is None:
        return [line]
    unmoved = u'not moved for %s' % duration(thread.unmoved_seconds)
    joined = u'%s, %s' % (line, unmoved)
    return [joined] if len(joined) <= width else [line, u'  ' + unmoved]


class _Stacks(object):
    """The stacks of one dump in lines; see `to_text` for the arguments.

    What is made of a frame, or of a path, is made once.
    """

    def __init__(self, width, source, fold):
        self._width = width
        self._source = source
        self._fold = fold
        self._packages = _Once(package)
        self._places = _Once(lambda frame: u'    ' + frame_line(
            frame[0], frame[1], clean(frame[2]), width - 4))

    def lines(self, thread):
        if thread.cut:
            yield u'    (the frames outside these are not shown)'
        for mechanical, frames in self._runs(thread.stack):
            if mechanical and len(frames) > FEW:
                yield u'    ... %d frames of %s' % (
                    len(frames), _and(self._names(frames)))
            else:
                for line in self._each(frames):
                    yield line

    def _each(self, frames):
        for frame in frames:
            yield self._places[frame]
            if self._source is not None:
                said = clean(self._source(*frame[:2]), self._width - 8)
                if said:
                    yield u'        ' + said

    def _runs(self, stack):
        """[(whether it is machinery, frames in a row)], the outermost first.

        The innermost frame stands alone: that is where the thread is.
        """
        if not self._fold:
            return [(False, stack)]
        runs = []
        for frame in stack[:-1]:
            mechanical = self._packages[frame[0]] is not None
            if not runs or runs[-1][0] is not mechanical:
                runs.append((mechanical, []))
            runs[-1][1].append(frame)
        return runs + [(False, stack[-1:])]

    def _names(self, frames):
        """Of the packages that these frames of machinery belong to."""
        names = []
        for frame in frames:
            name = self._packages[frame[0]]
            if name not in names:
                names.append(name)
        # All threads begin in threading: it is named where nothing else is.
        names = [name for name in names if name != 'threading'] or names
        return (names if len(names) <= MOST_PACKAGES
                else names[:MOST_PACKAGES - 1] + [u'others'])


def package(path):
    """The name of the package or module, if it is machinery, or None."""
    path = text(path).replace(u'\\', u'/')
    if u'Products/ZServerViews/' in path:
        return 'Products.ZServerViews'
    folder = posixpath.dirname(path)
    for name in (posixpath.basename(folder),
                 posixpath.basename(posixpath.dirname(folder))):
        if name in MACHINERY:
            return name
    found = _LIBRARY.search(path)
    return found.group(1) if found else None


def _and(names):
    return u' and '.join(filter(None, [u', '.join(names[:-1]), names[-1]]))


def frame_line(path, line, function, width):
    """A frame for people, in so many characters."""
    # The end of a path tells more than its beginning.
    behind = cut(u':%d %s' % (line or 0, function), width - 20)
    return cut(short(path), width - len(behind), end=False) + behind


def short(path):
    """A path as it reads best: below site-packages, if it is there."""
    return clean(path).rpartition(u'/site-packages/')[2]


def to_document(dump, source=None):
    """For programs: the document that `to_json` writes.

    ``threads``
        Each with ``name``, ``ident``, ``native_id``, ``role``, ``state``,
        ``request``, ``request_age_seconds``, ``unmoved_seconds``, ``cut`` and
        ``stack``: a list of [file, line, function], the innermost last. With
        ``source``, as in `to_text`, each has its source line as a fourth.
    ``omitted_threads``
        How many there are beyond the limit.
    """
    frames = _Once(_frame_document if source is None else
                   lambda frame: _frame_document(frame) + [
                       clean(source(frame[0], frame[1]), LONGEST_SOURCE)])
    return {'threads': [_thread(thread, frames) for thread in dump.threads],
            'omitted_threads': dump.omitted}


class _Once(dict):
    """What a function makes of each frame, made once for equal frames."""

    def __init__(self, make):
        dict.__init__(self)
        self._make = make

    def __missing__(self, frame):
        made = self[frame] = self._make(frame)
        return made


def _frame_document(frame):
    path, line, function = frame
    return [text(path), line, text(function)]


def _thread(thread, frames):
    return {
        'name': text(thread.name),
        'ident': thread.ident,
        'native_id': thread.native_id,
        'role': thread.role,
        'state': thread.state,
        'request': None if thread.request is None else text(thread.request),
        'request_path': None if thread.target is None else text(thread.target),
        'request_age_seconds': seconds(thread.request_age_seconds),
        'unmoved_seconds': seconds(thread.unmoved_seconds),
        'cut': thread.cut,
        'stack': [frames[frame] for frame in thread.stack]}


def as_json(dump):
    """`to_document` as text."""
    return to_json(to_document(dump))


def to_collapsed(dump):
    """Collapsed stacks: ``thread;outer;inner 1`` in a line, for flame graphs.

    https://github.com/brendangregg/FlameGraph. A frame is written as
    ``function (file:line)``. Equal lines are added up.
    """
    counts, labels = {}, _Once(frame_label)
    for thread in dump.threads:
        line = u';'.join([label(thread.name)] + [
            labels[frame] for frame in thread.stack])
        counts[line] = counts.get(line, 0) + 1
    return u''.join(u'%s %d\n' % item for item in sorted(counts.items()))


def frame_label(frame):
    path, line, function = frame
    return label(u'%s (%s:%d)' % (text(function), short(path), line or 0))


def label(name):
    return clean(name).replace(u';', u':')


def to_speedscope(dump):
    """A file for https://www.speedscope.app: a sampled profile per thread."""
    numbers, frames, profiles = {}, [], []
    for thread in dump.threads:
        for frame in thread.stack:
            if frame not in numbers:
                numbers[frame] = len(frames)
                frames.append(speedscope_frame(frame))
        profiles.append(_speedscope_profile(
            thread, [numbers[frame] for frame in thread.stack]))
    return to_json({
        '$schema': SPEEDSCOPE_SCHEMA, 'exporter': EXPORTER, 'name': 'threads',
        'activeProfileIndex': 0, 'shared': {'frames': frames},
        'profiles': profiles})


def speedscope_frame(frame):
    path, line, function = frame
    made = {'name': text(function), 'file': text(path)}
    # A line may be unknown, and the format has no null.
    if line is not None:
        made['line'] = line
    return made


def _speedscope_profile(thread, sample):
    return {'type': 'sampled', 'unit': 'none', 'startValue': 0, 'endValue': 1,
            'name': u'%s (%s)' % (text(thread.name), thread.state),
            'samples': [sample], 'weights': [1]}
