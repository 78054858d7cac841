"""The families of `/-/metrics`, made of what has been counted.

Everything here is called in an event loop and waits for nothing.
"""
from __future__ import absolute_import, division, print_function

import gc

from Products.ZServerViews.format.exposition import (
    COUNTER,
    GAUGE,
    HISTOGRAM,
    INFO,
    Family,
)
from Products.ZServerViews.format.text import text
from Products.ZServerViews.monitor.metrics import LAGS
from Products.ZServerViews.monitor.pauses import PAUSES
from Products.ZServerViews.monitor.readings import NUMBERS
from Products.ZServerViews.monitor.requests import oldest_wait
from Products.ZServerViews.monitor.tally import (
    DURATIONS,
    WAITS,
    grouped,
    named,
)

# In seconds: for these the longest of something is told.
WINDOWS = (60, 300)

_OF_VIEWS = (
    ('zope_view_calls', 'calls', 'Requests that the view has answered.'),
    ('zope_view_loop_seconds', 'seconds',
     'How long the view has kept the event loop.'),
    ('zope_view_offloaded', 'offloaded',
     'Requests for which the view was offloaded.'),
    ('zope_view_failures', 'failures', 'Exceptions that the view has raised.'),
    ('zope_view_refusals', 'refused',
     'Requests that might not see the view.'))


def finished_requests(total, has_waits, has_answers):
    """Of a `Tally.total`.

    ``has_waits``, ``has_answers``
        Whether the server tells of requests before a worker has them, and of
        their answers.
    """
    made = [Family(
        'http_server_request_duration_seconds', HISTOGRAM, 'From the reception '
        'of a request for the site to the end of its answer, the time in the '
        'queue included.', DURATIONS)]
    rows = grouped(total, lambda key: tuple(map(text, key[:2])))
    for method, status in sorted(rows):
        made[0].add(rows[method, status], ('http_request_method', method),
                    ('http_response_status_code', status))
    if has_waits:
        made += [
            Family('zope_request_queue_seconds', HISTOGRAM, 'How long finished '
                   'requests had waited for a worker.', WAITS
                   ).add(total.waits),
            Family('zope_requests_waited', COUNTER, 'Finished requests that '
                   'had to wait until a worker was done with another one.'
                   ).add(total.waited)]
    if has_answers:
        made += [
            Family('zope_requests_client_gone', COUNTER, 'Finished requests '
                   'whose client had gone before.').add(total.gone),
            Family('zope_response_bytes', COUNTER, 'Bytes of answers to '
                   'finished requests, heads included.').add(total.sent_bytes)]
    return made


def current_requests(requests, now, knows_queue):
    """Of a list of `Request`, in work and, if these are known, waiting."""
    working = [request.worked(now) for request in requests
               if request.started is not None]
    made = [
        Family('zope_requests_in_work', GAUGE,
               'Requests that a worker has.').add(len(working)),
        Family('zope_request_oldest_in_work_seconds', GAUGE, 'How long a '
               'worker has had the one that it has had longest.').add(
                   max([0.0] + working))]
    if knows_queue:
        made += [
            Family('zope_requests_waiting', GAUGE, 'Requests that wait for a '
                   'worker.').add(len(requests) - len(working)),
            Family('zope_request_oldest_waiting_seconds', GAUGE, 'How long '
                   'the oldest of them has waited.').add(
                       oldest_wait(requests, now) or 0.0)]
    return made


def server_state(busy, total, server, counts):
    """Of the numbers of busy workers and of all, or None, an IServerState, and
    the site's Counts."""
    workers = Family('zope_workers', GAUGE, 'Threads that process requests.')
    made = [workers.add(busy, ('state', 'busy'))]
    if total is not None:
        workers.add(total - busy, ('state', 'idle'))
    connections = None if server is None else server.connections()
    if connections is not None:
        made += [
            Family('zope_connections', GAUGE, 'Clients that are connected.'
                   ).add(connections),
            Family('zope_connection_limit', GAUGE, 'The setting of the server.'
                   ).add(server.connection_limit),
            Family('zope_connections_evicted', COUNTER, 'Idle connections '
                   'closed for the sake of a new one.').add(
                       counts.get('evicted', 0)),
            Family('zope_descriptors_exhausted', COUNTER, 'Times that no '
                   'descriptor was left for a new connection.').add(
                       counts.get('exhausted', 0))]
    return made


def views(mounts):
    """Of mounts by their paths."""
    counted = [(path, mounts[path].usage.counts.total(), mounts[path].usage)
               for path in sorted(mounts)]
    made = []
    for name, what, help in _OF_VIEWS:
        family = Family(name, COUNTER, help)
        for path, counts, _usage in counted:
            family.add(counts.get(what, 0), ('path', path))
        made.append(family)
    over = Family('zope_view_overruns', COUNTER, 'Steps of the view over '
                  'view-budget.')
    longest = Family('zope_view_longest_step_seconds', GAUGE, 'The longest '
                     'time that the view has kept the event loop at once.')
    for path, _counts, usage in counted:
        over.add(usage.overruns, ('path', path))
        longest.add(usage.longest, ('path', path))
    return made + [over, longest]


def loops(metrics, running):
    """Of a Metrics and the Loop objects."""
    lag, late = metrics.lag.total(), metrics.late
    turns = Family('zope_loop_turns', COUNTER, 'Iterations of the event loop.')
    # The server's first: which of them began first, is chance.
    for number, loop in enumerate(
            sorted(running, key=lambda loop: loop.is_for_views), 1):
        turns.add(loop.turns, ('loop', number))
    return [
        Family('zope_loop_lag_seconds', HISTOGRAM, 'How long the event loop '
               'took to its next iteration; asked four times a second.',
               LAGS).add(lag.row),
        _longest('zope_loop_lag_longest_seconds', 'The longest of these in the '
                 'last seconds.', lag.longest),
        Family('zope_interpreter_late_seconds', HISTOGRAM, 'How much later a '
               'thread ran than it had wanted; tried four times a second.',
               LAGS).add(list(late.row)),
        _longest('zope_interpreter_late_longest_seconds', 'The longest of '
                 'these in the last seconds.', late.longest), turns]


def _longest(name, help, *longest):
    family = Family(name, GAUGE, help)
    for seconds in WINDOWS:
        family.add(max(each.within(seconds) for each in longest),
                   ('seconds', seconds))
    return family


def publisher(total, errors):
    """Of a `Tally.total` and the Counts of `Tally.errors`."""
    transactions = Family('zope_transactions', COUNTER, 'Transactions that '
                          'the publisher has ended, by how.')
    transactions.add(total.committed, ('end', 'committed'))
    transactions.add(errors.get(('aborted', ''), 0), ('end', 'aborted'))
    made = [transactions]
    for kind, label, name, help in (
            ('conflict', 'kind', 'zope_conflicts', 'Conflict errors of the '
             'database that the publisher has seen.'),
            ('retry', 'reason', 'zope_retries', 'Requests that the publisher '
             'has tried again.'),
            ('error', 'error_type', 'zope_errors', 'Exceptions that reached '
             'the publisher and were not tried again.')):
        family = Family(name, COUNTER, help)
        for which, number in sorted(named(errors, kind).items()):
            family.add(number, (label, which))
        made.append(family)
    return made


def collector(pauses):
    """Of the `Pauses` of the garbage collector, where they are known."""
    if not pauses.are_known:
        return []
    each = list(enumerate(pauses.by_generation))
    made = [
        Family('zope_gc_pause_seconds', HISTOGRAM, 'How long a collection of '
               'garbage stopped all threads.', PAUSES)]
    for generation, timings in each:
        made[0].add(list(timings.row), ('generation', generation))
    made.append(_longest('zope_gc_pause_longest_seconds', 'The longest of these '
                         'in the last seconds.',
                         *[timings.longest for _number, timings in each]))
    stats = list(enumerate(gc.get_stats()))
    for key, help in (
            ('collections', 'Collections of garbage.'),
            ('collected', 'Objects that were collected.'),
            ('uncollectable', 'Objects that could not be collected.')):
        # As prometheus_client has them.
        name = 'python_gc_' + ('' if key == 'collections' else 'objects_') + key
        family = Family(name, COUNTER, help)
        for generation, numbers in stats:
            family.add(numbers[key], ('generation', generation))
        made.append(family)
    return made


def process(readings, about, server_software):
    """Of `Readings`, a `process.Process` and the name of the server."""
    made = []
    for name, help in NUMBERS:
        counter = name.endswith('_total')
        made.append(Family(name[:-len('_total')] if counter else name,
                           COUNTER if counter else GAUGE, help).add(
                               readings.numbers.get(name)))
    made.append(Family('zope_process_reading_age_seconds', GAUGE, 'How old '
                       'these are.').add(readings.age()))
    if about is not None:
        made += [
            Family('process_start_time_seconds', GAUGE, 'When the process has '
                   'started, since 1970.').add(about.started),
            Family('python', INFO, 'The Python that runs.').add(
                1, ('implementation', about.implementation),
                ('version', about.python)),
            _versions(about, server_software)]
    return made


def _versions(about, server_software):
    versions = about.versions or {}
    labels = [(name.replace('Products.', '').lower(), versions[name])
              for name in sorted(versions)]
    return Family('zope', INFO, 'Versions of what runs.').add(
        1, ('server', server_software), *labels)
