"""What a process has at quiet moments, and whether that stays the same."""
from __future__ import absolute_import, division, print_function

import collections
import json
import os
import time

Sample = collections.namedtuple(
    'Sample', 'seconds descriptors threads resident objects blocks')

# How much more there may be in the last third of the time than in the first,
# some five minutes before. 1 KiB kept for each request of the most frequent
# kind is 12 MiB and 12,000 blocks.
MARGINS = collections.OrderedDict([
    # Python 2.7 takes 4 MiB more without a leak of ours: Zope 4 on ZServer
    # keeps 150 bytes for each of its requests, also without this product.
    ('resident', 8 << 20),
    # Without a leak at most 200 were found: what the history keeps grows until its
    # bounds are reached. One kept for each request would be 12,000.
    ('objects', 500),
    # Python 3 keeps the lines of each source file that a stack has shown.
    ('blocks', 5000)])
# Objects of one more thread of a view. Where it is not about right, moments
# with other numbers of threads cannot be compared.
OF_A_THREAD = 62
PATIENCE = 90


def take(site, seconds):
    """While no client is there."""
    site.wait_until(lambda: not document(site, '/-/requests')['requests'])
    pid = site.instance.pid
    descriptors, threads = settle(pid)
    heap = document(site, '/soak/heap')
    return Sample(int(seconds), descriptors, threads,
                  site.instance.resident_bytes(),
                  heap['objects'] - OF_A_THREAD * threads, heap['blocks'])


def document(site, path):
    answer = site.get(path, headers=[('Accept', 'application/json')])
    assert answer.code == 200, (answer.status, answer.text)
    return json.loads(answer.text)


def settle(pid):
    """Descriptors and threads, once they have been the same for a second."""
    end = time.time() + PATIENCE
    found, since = counted(pid), time.time()
    while time.time() < min(end, since + 1):
        time.sleep(0.1)
        if counted(pid) != found:
            found, since = counted(pid), time.time()
    return found


def counted(pid):
    return tuple(len(os.listdir('/proc/%d/%s' % (pid, what)))
                 for what in ('fd', 'task'))


def left_at_the_end(samples):
    """Complaints: what there is more of when the load has ended.

    The last sample is of that moment. Before, views that have come again may
    have threads beside those that their predecessors keep for a minute.
    """
    return [complaint(name, most, getattr(samples[-1], name))
            for name in ('descriptors', 'threads')
            for most in [max(values(first_third(samples), name))]
            if getattr(samples[-1], name) > most]


def growing(samples):
    """Complaints: what there is more and more of.

    The least of each third counts: there are fewer threads with their stacks
    then than at other moments.
    """
    found = []
    for name, margin in MARGINS.items():
        first, last = (min(values(third(samples), name))
                       for third in (first_third, last_third))
        if last > first + margin:
            found.append(complaint(name, first, last))
    return found


def complaint(name, before, behind):
    return '%s: %d, and then %d' % (name, before, behind)


def first_third(samples):
    return samples[:max(1, len(samples) // 3)]


def last_third(samples):
    return samples[-max(1, len(samples) // 3):]


def values(samples, name):
    return [getattr(sample, name) for sample in samples]


def table(samples):
    row = '%9s%13s%9s%11s%11s%11s'
    lines = [row % ('second', 'descriptors', 'threads', 'KiB', 'objects',
                    'blocks')]
    lines += [row % sample._replace(resident=sample.resident // 1024)
              for sample in samples]
    return '\n'.join(lines)
