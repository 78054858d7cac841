"""What was sampled, and what all formats of it share.

A file must stay small enough for the programs that open it. So equal samples
are added up, and where that is not enough the lightest are replaced by a single
one that says how many there were: the sum stays right.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.text import clean, cut_middle
from Products.ZServerViews.format.units import duration

# What is kept of a name, in characters: paths of requests come from outside.
LONGEST = 300

# States in which a stack says by itself what the thread did.
_PLAIN_STATES = (None, '-', 'running')


class Profile(object):
    """Stacks, each with the time for which it was seen.

    ``frames``
        A list of (function, file, line); the line may be None.
    ``stacks``
        A list of tuples of indexes of frames, the outermost first.
    ``samples``
        A list of (index of a stack, seconds, name of the thread, state, path
        of the request, start as seconds of the epoch). The last three may be
        None. The states are those of `monitor.thread_states`.
    ``about``
        How it was taken, where that is known: ``title``, ``sampler``,
        ``start`` (seconds of the epoch), ``seconds``, ``planned``, ``taken``
        and ``failed`` (looks), ``late_p99``, ``longest_gap``, ``own_cost``
        (the processor's; all three in seconds), ``ended`` (why it did). The
        functions below add ``cut_samples`` and ``cut_seconds``.
    """

    def __init__(self, frames, stacks, samples, about):
        self.frames = frames
        self.stacks = stacks
        self.samples = samples
        self.about = about

    def seconds(self):
        """The sum of all samples."""
        return sum(sample[1] for sample in self.samples)


def merged(profile):
    """The same Profile with equal samples added up, the heaviest first.

    Equal are those with the same stack, thread, state and path.
    """
    first, places = {}, []
    for number, stack in enumerate(profile.stacks):
        places.append(first.setdefault(tuple(stack), number))
    sums = {}
    for stack, seconds, thread, state, path, _start in profile.samples:
        key = places[stack], thread, state, path
        sums[key] = sums.get(key, 0.0) + seconds
    samples = [(key[0], sums[key]) + key[1:] + (None,) for key in sums]
    samples.sort(key=lambda sample: -sample[1])
    return Profile(profile.frames, profile.stacks, samples, profile.about)


def in_time(profile):
    """The samples in their order, those of a thread that follow each other
    joined if they are equal; None where a start is not known."""
    if any(sample[5] is None for sample in profile.samples):
        return None
    latest, samples = {}, []
    for sample in sorted(profile.samples, key=lambda sample: sample[5]):
        stack, seconds, thread, state, path, start = sample
        place = latest.get(thread)
        if place is not None:
            before = samples[place]
            end = before[5] + before[1]
            if (before[0], before[3], before[4]) == (stack, state, path) and (
                    start - end <= seconds):
                # A gap of less than a sample is that of a clock.
                samples[place] = (stack, before[1] + seconds) + before[2:]
                continue
        latest[thread] = len(samples)
        samples.append(sample)
    return Profile(profile.frames, profile.stacks, samples, profile.about)


def kept(profile, number):
    """The first ``number`` samples, and one that stands for all others."""
    rest = profile.samples[number:]
    if not rest:
        return profile
    lost = sum(sample[1] for sample in rest)
    about = dict(profile.about, cut_samples=len(rest), cut_seconds=lost)
    frames = profile.frames + [(u'(%d lighter stacks are cut)' % len(rest),
                                u'', None)]
    stacks = profile.stacks + [(len(frames) - 1,)]
    samples = profile.samples[:number] + [
        (len(stacks) - 1, lost, u'(cut)', None, None, None)]
    return Profile(frames, stacks, samples, about)


def labelled(profile):
    """For formats that know only frames: the path of the request is the
    outermost one, and what the thread waited for the innermost.

    Frames and stacks that no sample has are left out.
    """
    made = _Numbered(profile)
    samples = []
    for sample in profile.samples:
        stack, _seconds, _thread, state, path, _start = sample
        samples.append((made.number(stack, state, path),) + sample[1:])
    return Profile(made.frames, made.stacks, samples, profile.about)


def state_label(state):
    """What a thread waited for as the name of a frame, or None."""
    return None if state in _PLAIN_STATES else u'[%s]' % name_of(state)


class _Numbered(object):
    """Frames and stacks that get their numbers as they are asked for."""

    def __init__(self, profile):
        self._profile = profile
        self.frames, self.stacks = [], []
        self._of_frames, self._of_stacks = {}, {}

    def number(self, stack, state, path):
        key = stack, state, path
        found = self._of_stacks.get(key)
        if found is None:
            frames = self._profile.frames
            numbers = [self._frame(frames[place])
                       for place in self._profile.stacks[stack]]
            if path is not None:
                numbers.insert(0, self._frame((path, u'', None)))
            if state_label(state) is not None:
                numbers.append(self._frame((state_label(state), u'', None)))
            found = self._of_stacks[key] = len(self.stacks)
            self.stacks.append(tuple(numbers))
        return found

    def _frame(self, frame):
        frame = tuple(frame)
        found = self._of_frames.get(frame)
        if found is None:
            found = self._of_frames[frame] = len(self.frames)
            function, path, line = frame
            self.frames.append((name_of(function), name_of(path), line))
        return found


def name_of(value):
    """A name from outside as text that is safe to print and not too long."""
    return cut_middle(clean(value), LONGEST)


def notes(about):
    """[(name, text)] of what is known of a profile, for people."""
    said = [(u'sampler', about.get('sampler')),
            (u'seconds', _number(about.get('seconds'), u'%.1f'))]
    if about.get('planned') is not None:
        said.append((u'looks', u'%d taken of %d planned%s' % (
            about.get('taken') or 0, about['planned'],
            u', %d failed' % about['failed'] if about.get('failed') else u'')))
    for name, key in ((u'late, 99th percentile', 'late_p99'),
                      (u'longest gap', 'longest_gap'),
                      (u'own processor time', 'own_cost')):
        if about.get(key) is not None:
            said.append((name, duration(about[key])))
    said.append((u'ended', about.get('ended')))
    if about.get('cut_samples'):
        said.append((u'cut', u'%d lighter stacks, %.3f s in all' % (
            about['cut_samples'], about['cut_seconds'])))
    return [(name, name_of(value)) for name, value in said
            if value is not None]


def title_of(about):
    """The title of a profile, and its notes in the same line."""
    said = u', '.join(u'%s: %s' % pair for pair in notes(about))
    title = name_of(about.get('title') or u'profile')
    return u'%s (%s)' % (title, said) if said else title


def period(about):
    """Seconds between two planned looks, or None where that is not known."""
    planned, seconds = about.get('planned'), about.get('seconds')
    return seconds / planned if planned and seconds else None


def _number(value, form):
    return None if value is None else form % value
