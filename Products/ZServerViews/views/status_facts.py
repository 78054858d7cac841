"""What the status page says, as a value that JSON can hold.

Made in the thread of the view. Moments are seconds since the epoch, so that a page can
have ages run, and an answer is the same while nothing happens.
"""
from __future__ import absolute_import, division, print_function

import socket

from Products.ZServerViews.format.text import clean, cut_middle, text
from Products.ZServerViews.format.units import seconds
from Products.ZServerViews.monitor.condition import (
    DRAINING,
    NOT_READY,
    STILL,
    condition,
    still_seconds,
)
from Products.ZServerViews.monitor.liveness import passed
from Products.ZServerViews.monitor.requests import oldest_first
from Products.ZServerViews.monitor.threads import thread_names
from Products.ZServerViews.views.health import LiveView, ready, startup
from Products.ZServerViews.views.requests import all_requests, knows_queue
from Products.ZServerViews.views.workers import total_workers

# What a page has at most; its size is limited.
MOST_REQUESTS = 40
MOST_WORKERS = 64
MOST_OTHERS = 10
MOST_PROCESSES = 16
LONGEST_PATH = 100
LONGEST_ADDRESS = 60
LONGEST_NAME = 40
# Seconds; there are always some shorter calls of a storage.
SHORT_WAIT = 0.1

# Probes ask `live`; what that remembers between two of them is theirs.
_HEALTH = (('live', LiveView()), ('ready', ready), ('startup', startup))


def facts(asked, offset, details, siblings=None):
    """The document; see docs/status.rst.

    ``asked``
        An `Asked`.
    ``offset``
        Between seconds since the epoch and the clock of the recorder.
    ``details``
        Whether it may say what is sensitive.
    ``siblings``
        See `workers.Numbers`.
    """
    site, server = asked.site, asked.server
    now = site.recorder.now()
    requests = oldest_first(all_requests(site, server))
    names = thread_names(site.workers)
    health = [_health(name, view, asked) for name, view in _HEALTH]
    numbers = _numbers(site, server, requests)
    word, since = _condition(site, health, numbers, requests, now)
    return {
        'time': round(now + offset, 1),
        'pid': asked.pid, 'worker': asked.worker,
        'instance': cut_middle(clean(text(site.instance_name)), LONGEST_NAME),
        'host': cut_middle(clean(text(socket.gethostname())), LONGEST_NAME),
        'condition': word, 'still_since': _moment(since, offset),
        'started': round(site.process.started, 1),
        'details': details,
        'processes': _processes(siblings),
        'omitted_processes': max(0, len(siblings or ()) - MOST_PROCESSES),
        'health': health, 'numbers': numbers,
        'workers': _workers(site, server, names, offset),
        'requests': [_request(request, names, offset, details)
                     for request in requests[:MOST_REQUESTS]],
        'omitted_requests': max(0, len(requests) - MOST_REQUESTS),
        'intervals': _intervals(site.metrics),
        'databases': _databases(site.databases, now + offset),
        'incidents': _incidents(site.history),
        'slow_views': _slow_views(site.table)}


def _processes(siblings):
    """Those that do not answer first."""
    if siblings is None:
        return None
    found = sorted(siblings, key=lambda one: one.error is None)[:MOST_PROCESSES]
    return [dict(one.document(), address=cut_middle(clean(one.address),
                                                    LONGEST_ADDRESS))
            for one in found]


def _condition(site, health, numbers, requests, now):
    """(one word for all, since when no worker has taken a request or None)."""
    began = [request.started for request in requests
             if request.started is not None]
    still = still_seconds(numbers['workers'], numbers['busy'],
                          [now - moment for moment in began])
    passed_by = dict((one['name'], one['ok']) for one in health)
    word = condition(passed_by['live'], passed_by['ready'], still,
                     numbers['waiting'])
    if word == NOT_READY and site.drain.draining:
        word = DRAINING
    return word, max(began) if still >= STILL else None


def _health(name, view, asked):
    checks = view.all_checks(asked)
    return {'name': name, 'ok': passed(checks),
            'checks': [{'name': check.name, 'ok': bool(check.ok),
                        'detail': None if check.ok else check.detail}
                       for check in checks]}


def _numbers(site, server, requests):
    readings, metrics = site.metrics.readings.numbers, site.metrics
    busy = sum(request.started is not None for request in requests)
    told = {'busy': busy, 'workers': None, 'waiting': None,
            'connections': None, 'connection_limit': None,
            'finished': site.recorder.finished.total(),
            'finished_by_seconds': dict(
                (str(window), number) for window, number
                in site.recorder.finished.counts().items()),
            'longest_lag_seconds': seconds(metrics.lag.total().longest.within(
                60)),
            'resident_bytes': readings.get('process_resident_memory_bytes'),
            'threads': readings.get('process_threads'),
            'descriptors': readings.get('process_open_fds')}
    if server is not None:
        told.update(
            workers=total_workers(server, set(site.recorder.current.copy())),
            waiting=len(requests) - busy if knows_queue(server) else None,
            connections=server.connections(),
            connection_limit=server.connection_limit)
    return told


def _workers(site, server, names, offset):
    """[{thread_ident, thread_name, began}], those that have worked for longest
    first; ``began`` is None for one that is idle."""
    current = site.recorder.current.copy()
    idents = set(current)
    if server is not None:
        idents.update(server.worker_idents() or ())
    found = []
    for ident in idents:
        request = current.get(ident)
        began = None if request is None else request.started
        name = cut_middle(clean(names.get(ident, u'thread-%d' % ident)),
                          LONGEST_NAME)
        found.append({'thread_ident': ident, 'thread_name': name,
                      'began': _moment(began, offset)})
    found.sort(key=lambda one: (one['began'] is None, one['began'] or 0,
                                len(one['thread_name']), one['thread_name']))
    return found[:MOST_WORKERS]


def _moment(moment, offset):
    return None if moment is None else round(moment + offset, 1)


def _request(request, names, offset, details):
    worker = request.worker
    told = {'phase': request.phase, 'thread_ident': worker,
            'thread_name': None if worker is None else cut_middle(clean(
                names.get(worker, u'thread-%d' % worker)), LONGEST_NAME),
            'received': _moment(request.received, offset),
            'began': _moment(request.started, offset),
            'client_gone': request.gone}
    if details:
        told.update(
            title=cut_middle(clean(request.title()), LONGEST_PATH),
            user=_name(request.user), client_address=_name(request.client))
    return told


def _name(value):
    return None if value is None else cut_middle(clean(text(value)),
                                                 LONGEST_NAME)


def _intervals(metrics):
    trail = metrics.trail
    return [] if trail is None else trail.intervals()


def _databases(databases, now):
    if databases is None:
        return []
    document = databases.collect()
    waits = {}
    for wait in document['waits']:
        if wait['seconds'] >= SHORT_WAIT:
            waits.setdefault(wait['database'], []).append(wait['seconds'])
    return [_database(told, waits.get(told['name'], ()), now)
            for told in document['databases'][:MOST_OTHERS]]


def _database(told, waits, now):
    pool, zeo, calls = told['pool'], told['storage']['zeo'], told['calls']
    rates = (calls or {}).get('per_second', {})
    rates = rates.get('60') or rates.get('10')
    return {
        'name': told['name'], 'storage': told['storage']['kind'],
        'connected': None if zeo is None else zeo['connected'],
        'open': pool['open'], 'idle': pool['idle'], 'limit': pool['limit'],
        'waiting': len(waits),
        'oldest_wait': round(now - max(waits), 1) if waits else None,
        'per_second': None if rates is None else dict(
            (name, rates[name]) for name in ('loads', 'commits', 'conflicts'))}


def _incidents(history):
    """The latest first; None where no past is recorded."""
    if history is None:
        return None
    found = history.model.incidents()[-MOST_OTHERS:]
    return [{'time': round(record['time'], 1), 'rule': record['rule'],
             'said': clean(record['said'])} for record in reversed(found)]


def _slow_views(table):
    """Views over the setting view-budget."""
    found = [mount for _path, mount in sorted(table.by_path.items())
             if mount.usage.overruns or mount.usage.is_offloaded]
    found.sort(key=lambda mount: -mount.usage.longest)
    return [{'path': cut_middle(clean(mount.path), LONGEST_PATH),
             'longest_turn_seconds': seconds(mount.usage.longest),
             'offences': mount.usage.overruns,
             'aside': mount.is_offloaded} for mount in found[:MOST_OTHERS]]
