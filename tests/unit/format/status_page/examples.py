"""A document of the status page with all that it may have at most."""
from __future__ import absolute_import, division, print_function

NOW = 1700000000.0
ODD = u'<&"\'>' * 20


def full(details=True, number=40, text=ODD):
    """That of a site in which nothing is well."""
    return {
        'time': NOW, 'instance': ODD[:40], 'host': ODD[:40],
        'condition': 'stuck', 'still_since': NOW - 70,
        'pid': 4711, 'worker': 3, 'started': NOW - 86400,
        'processes': [_process(each) for each in range(16 if number else 0)],
        'omitted_processes': 2,
        'details': details, 'health': [
            {'name': 'live', 'ok': False, 'checks': [
                {'name': 'event-loop', 'ok': True, 'detail': None},
                {'name': 'progress', 'ok': False, 'detail': text}]},
            {'name': 'ready', 'ok': True, 'checks': []},
            {'name': 'startup', 'ok': True, 'checks': []}],
        'numbers': {
            'busy': 4, 'workers': 4, 'waiting': 17, 'connections': 30,
            'connection_limit': 100, 'finished': 12345,
            'finished_by_seconds': {'10': 1, '60': 2, '300': 3},
            'longest_lag_seconds': 0.012, 'resident_bytes': 123456789.0,
            'threads': 20.0, 'descriptors': 44.0},
        'workers': [{'thread_ident': 140000000000000 + each,
                     'thread_name': u'waitress-%d' % each if each else ODD,
                     'began': NOW - each if each % 2 else None}
                    for each in range(64 if number else 0)],
        'requests': [_request(each, details, text) for each in range(number)],
        'omitted_requests': 3,
        'intervals': [
            {'time': int(NOW) - each, 'seconds': 10.0,
             'requests': 100 * each, 'failed': each, 'p50_seconds': 0.05,
             'p95_seconds': 1.2 + each, 'longest_lag_seconds': 0.001 * each}
            for each in range(60 if number else 0)],
        'databases': [_database(each) for each in range(10 if number else 0)],
        'incidents': [{'time': NOW - each, 'rule': u'ready lost',
                       'said': u'/-/ready fails: 2 of its checks'}
                      for each in range(10 if number else 0)],
        'slow_views': [{'path': u'/site/views/%d' % each if each else ODD,
                        'longest_turn_seconds': 0.5, 'offences': 2,
                        'aside': True}
                       for each in range(10 if number else 0)]}


def _process(each):
    return {'pid': 4712 + each, 'worker': each if each % 2 else None,
            'workers': 4, 'busy': 3, 'idle': 1, 'waiting': each or None,
            'address': ODD[:60], 'error': ODD if each == 1 else None}


def _database(each):
    return {'name': u'catalog%d' % each if each else ODD,
            'storage': u'RelStorage', 'connected': bool(each % 2),
            'open': 4, 'idle': 3, 'limit': 7, 'waiting': each,
            'oldest_wait': NOW - 3 if each else None,
            'per_second': {'loads': 1.0, 'commits': 2.0, 'conflicts': 0.5}
            if each else None}


def _request(each, details, text):
    waits = each % 2
    found = {'phase': u'waiting' if waits else u'publishing',
             'thread_ident': None if waits else 140000000000000 + each,
             'thread_name': None if waits else u'waitress-%d' % each,
             'received': NOW - each,
             'began': None if waits else NOW - each / 2,
             'client_gone': bool(each % 3)}
    if details:
        found.update(title=text, user=text[:40], client_address=u'192.0.2.1')
    return found
