"""What /-/database shows, without a database."""
from __future__ import absolute_import, division, print_function


def connection(**given):
    return dict({
        'open_seconds': 3.5, 'thread_ident': 7, 'request': u'GET /page',
        'request_has_ended': False,
        'cache': {'objects': 12, 'ghosts': 30, 'bytes': 5000,
                  'target_objects': 400, 'target_bytes': None}}, **given)


def told(**given):
    return dict({
        'name': u'main', 'mount_points': ['/'],
        'pool': {'limit': 7, 'connections': 2, 'open': 1, 'idle': 1,
                 'historical': 0, 'oldest_open_seconds': 3.5,
                 'cached_objects': 24, 'cached_bytes': 10000},
        'storage': {'kind': 'FileStorage', 'name': '/srv/Data.fs',
                    'inner': [], 'blobs': None, 'zeo': None,
                    'relstorage': None},
        'readings': None,
        'connections': [connection(), connection(
            open_seconds=None, thread_ident=None, request=None)],
        'connections_omitted': 0,
        'calls': {
            'totals': {'loads': 50, 'stores': 4, 'commits': 2, 'aborts': 0,
                       'conflicts': 1},
            'errors': {'ConflictError': 1},
            'per_second': {
                '10': {'loads': 2.5, 'stores': 0.0, 'commits': 0.0,
                       'aborts': 0.0, 'conflicts': 0.0}, '60': None}},
        'pack': {'in_progress': False, 'running_seconds': None,
                 'last': None}}, **given)


def wait(**given):
    return dict({'database': u'main', 'call': 'load', 'seconds': 8.25,
                 'thread_ident': 7, 'request': u'GET /page'}, **given)


class Databases(object):
    def __init__(self, **given):
        self.found = dict({
            'databases': [told()], 'not_opened': [], 'storage_timing': True,
            'relstorage_calls': None, 'waits': [], 'waits_omitted': 0},
            **given)

    def collect(self):
        return self.found
