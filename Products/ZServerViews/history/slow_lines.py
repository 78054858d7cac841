"""Lines in the event log about requests that take very long.

In the manner of Products.LongRequestLogger, one while the request is in work,
with its stack, and one when it has ended; by the log queue.
"""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews.format.units import duration


class SlowLines(object):
    """Writes them; in the recorder's thread.

    ``log_queue``
        That of the site.
    """

    def __init__(self, log_queue):
        self._log_queue = log_queue

    def say_slow(self, story, limit, now, frames):
        """Once for each `stories.Story` that is over the limit, in seconds, or
        None.

        ``frames``
            A function for the frames of its stack's number.
        """
        worked = story.request.worked(now)
        if limit is None or story.logged or (worked or 0.0) < limit:
            return
        story.logged = True
        stack, state, _seconds = story.stays[-1]
        request = story.request
        self._log_queue.log(
            logging.WARNING, 'Request %s has been in work for %s: %s %s in %s, '
            '%s; stack, innermost call last:\n%s', story.id, duration(worked),
            request.method, request.path, story.worker, state,
            _lines(frames(stack)))

    def say_ended(self, record, limit):
        """For each record of a request that was over the limit."""
        worked = record['seconds'] - (record['waited'] or 0.0)
        if limit is not None and worked >= limit:
            self._log_queue.log(
                logging.WARNING, 'Request %s has ended after %s: %s %s, '
                'status %s', record['id'], duration(worked), record['method'],
                record['path'], record['status'] or '-')


def _lines(frames):
    return '\n'.join('  File "%s", line %d, in %s' % (path, line, function)
                     for function, path, line in frames)
