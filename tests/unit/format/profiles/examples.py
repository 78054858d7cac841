"""Profiles that the tests of all formats write."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.profiles.sampled import Profile

START = 1795813000.0

FRAMES = [
    (u'run', u'/v/site-packages/waitress/task.py', 84),
    (u'index', u'/srv/app.py', 12),
    (u'index', u'/srv/app.py', 15),
    (u'sort', u'/srv/app.py', 30),
    (u'get', u'/v/site-packages/ZODB/Connection.py', None)]
STACKS = [(0, 1), (0, 2, 3), (0, 2, 4)]

ABOUT = {'title': u'profile of a page', 'sampler': u'in process',
         'start': START, 'seconds': 1.0, 'planned': 100, 'taken': 66,
         'late_p99': 0.02, 'longest_gap': 0.4, 'own_cost': 0.003,
         'ended': u'its time was over'}


def profile(**changes):
    """Half a second at app.py:12, 0.3 s in sort() and 0.2 s at the database:
    the first two in thread w-0 on page /a, one after the other."""
    samples = [(0, 0.1, u'w-0', u'running', u'/a', START + number / 10)
               for number in range(5)]
    samples += [
        (1, 0.3, u'w-0', u'running', u'/a', START + 0.5),
        (2, 0.2, u'w-1', u'waiting for database', u'/b', START + 0.1)]
    return Profile(FRAMES, STACKS, samples, dict(ABOUT, **changes))


def without_starts(made):
    """The same profile, of which nobody knows when each stack was seen."""
    return Profile(made.frames, made.stacks,
                   [sample[:5] + (None,) for sample in made.samples],
                   made.about)


def large(stacks=3000):
    """Many different stacks; the first is the heaviest."""
    frames = [(u'function_%d' % number, u'/srv/%d.py' % number, number)
              for number in range(stacks)]
    return Profile(
        frames, [(0, number) for number in range(stacks)],
        [(number, 1.0 / (number + 1), u'w-0', None, u'/p%d' % number, None)
         for number in range(stacks)], {})


HOSTILE = u'</title>"\'<script>alert(1)</script>]]>;\x1b[2J\u202e\x00\n'


def hostile():
    """One sample of which each text tries to be something else."""
    return Profile([(HOSTILE, HOSTILE, 1)], [(0,)],
                   [(0, 1.0, HOSTILE, HOSTILE, HOSTILE, START)],
                   {'title': HOSTILE, 'sampler': HOSTILE, 'ended': HOSTILE})
