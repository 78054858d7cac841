"""``/-/memory``: how much memory there is, since when, and of what.

It reads files of the system, so it is always offloaded. Objects are counted by a
thread of their own, once somebody asks for that.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.base import ViewError
from Products.ZServerViews.format.tables import Column, Table
from Products.ZServerViews.format.units import duration, seconds, size, utc
from Products.ZServerViews.http.query import Flag, Number
from Products.ZServerViews.monitor.memory import object_counts, system_memory
from Products.ZServerViews.views.formatted import Found, MonitorView, facts

# Rows of a table.
MOST, USUAL = 1000, 20
# Seconds for which an answer waits for the objects to be counted.
PATIENCE = 5.0
NAP = 0.02
# The longest pause of the collector of so many seconds is told.
LATELY = 300
HOUR = 3600


class MemoryView(MonitorView):
    """GET tells what there is; with ``objects`` it has objects counted."""

    name = 'memory'
    summary = u'memory: sizes, a day of RSS, garbage collector, objects by type'
    tier = 'sensitive'
    needs_recorder = needs_process = needs_metrics = True
    needs_databases = needs_history = needs_memory = True
    runs_aside = True
    parameters = (Flag('objects'), Number('limit', 1, MOST, None))

    def __init__(self, now=time.time, clock=monotonic, sleep=time.sleep):
        self._now = now
        self._clock = clock
        self._sleep = sleep

    def collect(self, asked):
        site, memory = asked.site, asked.site.memory
        if asked.values['objects']:
            self._look(memory.objects)
        metrics, history = site.metrics, site.history
        limit = asked.values['limit'] or USUAL
        found = system_memory.system_memory()
        return Found(document={
            'memory': found,
            'heap': system_memory.heap(memory.heap_info),
            'day': _day([] if history is None else history.model.resident(),
                        self._now(), found['rss_bytes']),
            'gc': system_memory.collector(
                None if metrics is None else metrics.pauses, LATELY),
            'objects': self._objects(memory.objects, limit)})

    def _look(self, objects):
        refusal = objects.look()
        if refusal is not None:
            raise ViewError('503 Service Unavailable',
                            u'Objects are not counted: %s.\n' % refusal)
        until = self._clock() + PATIENCE
        while objects.running is not None and self._clock() < until:
            self._sleep(NAP)

    def _objects(self, objects, limit):
        last, before, running = objects.last, objects.before, objects.running
        return {
            'running': None if running is None else {
                'started': seconds(running.when), 'counted': running.counted,
                'total': running.total},
            'look': None if last is None else _look(last),
            'compared_with': None if before is None else _look(before),
            'classes': _rows(last, before, False, limit),
            'python_types': _rows(last, before, True, limit),
            'persistent': _persistent(last, before, limit)}

    def document(self, found):
        return found.document

    def as_text(self, found):
        document = found.document
        return u'\n'.join(
            [_sizes(document), _hours(document['day']), _gc(document['gc'])]
            + _of_objects(document['objects']))


def _day(points, now, resident):
    """The resident memory by hours, the latest first, of what has been recorded.
    """
    hours = {}
    points = [point for point in points if point[0] > now - 24 * HOUR]
    for when, number in points:
        hours.setdefault(int(when // HOUR), []).append(number)
    return {
        'recorded_since': seconds(points[0][0]) if points else None,
        'first_bytes': points[0][1] if points else None,
        'highest_bytes': max(number for _when, number in points)
        if points else None,
        'growth_bytes': resident - points[0][1]
        if points and resident is not None else None,
        'hours': [{'from': hour * HOUR, 'lowest_bytes': min(hours[hour]),
                   'highest_bytes': max(hours[hour])}
                  for hour in sorted(hours, reverse=True)]}


def _look(look):
    return {'started': seconds(look.when), 'objects': look.total,
            'held_seconds': round(look.held_seconds, 4),
            'seconds': seconds(look.seconds)}


def _rows(last, before, of_python, limit):
    if last is None:
        return []
    return [{'type': name, 'objects': number, 'growth': growth}
            for name, number, growth
            in object_counts.rows(last, before, of_python)[:limit]]


def _persistent(last, before, limit):
    """Of the objects that connections have; None without ZODB or a look."""
    if last is None or last.persistent is None:
        return None
    earlier = {} if before is None else before.persistent or {}
    found = [{'type': name, 'loaded': loaded, 'ghosts': ghosts,
              'estimated_bytes': number,
              'growth': None if before is None
              else loaded + ghosts - sum(earlier.get(name, [])[:2])}
             for name, (loaded, ghosts, number) in last.persistent.items()]
    found.sort(key=lambda row: (-row['estimated_bytes'], row['type']))
    return found[:limit]


def _sizes(document):
    found, heap = document['memory'], document['heap']
    rows = [(u'resident (RSS)', size(found['rss_bytes'])),
            (u'  proportional (PSS)', size(found['pss_bytes'])),
            (u'  not of files', size(found['anonymous_bytes'])),
            (u'swapped out', size(found['swap_bytes'])),
            (u'malloc, in use', size(heap['used_bytes'])),
            (u'  large blocks', size(heap['mapped_bytes'])),
            (u'blocks of Python', heap['python_blocks'])]
    if heap['unknown'] is not None:
        rows[4:6] = [(u'malloc', heap['unknown'])]
    return facts([(name, u'-' if value is None else value)
                  for name, value in rows])


def _hours(day):
    if not day['hours']:
        return u'nothing is recorded of the last day yet\n'
    table = Table('FROM', Column('LOWEST', right=True),
                  Column('HIGHEST', right=True))
    for hour in day['hours']:
        table.add(utc(hour['from']), size(hour['lowest_bytes']),
                  size(hour['highest_bytes']))
    return table.text()


def _gc(found):
    table = Table('GENERATION', *[Column(title, right=True) for title in (
        'COUNT', 'THRESHOLD', 'COLLECTIONS', 'COLLECTED', 'PAUSES', 'LONGEST')])
    for number, row in enumerate(found['generations']):
        table.add(number, row['count'], row['threshold'], row['collections'],
                  row['collected'], duration(row['pause_seconds']),
                  duration(row['longest_pause_seconds']))
    return (u'' if found['enabled']
            else u'the garbage collector is disabled\n') + table.text()


def _of_objects(found):
    """Parts of the text."""
    parts = []
    running, look = found['running'], found['look']
    if running is not None:
        parts.append(u'objects are counted: %d of %d\n' % (
            running['counted'], running['total']))
    if look is None:
        if running is None:
            parts.append(u'no objects are counted: ?objects does that, twice '
                         u'for what grows\n')
        return parts
    earlier = found['compared_with']
    parts.append(u'%d objects at %s; to list them held all threads for %s\n%s' % (
        look['objects'], utc(look['started']), duration(look['held_seconds']),
        u'' if earlier is None else u'growth is since %s, %d objects\n' % (
            utc(earlier['started']), earlier['objects'])))
    for title, rows in ((u'CLASS', found['classes']),
                        (u"PYTHON'S OWN", found['python_types'])):
        table = Table(Column('GROWTH', right=True),
                      Column('OBJECTS', right=True),
                      Column(title, cut_end=False, flexible=True))
        for row in rows:
            table.add(_signed(row['growth']), row['objects'], row['type'])
        parts.append(table.text())
    if found['persistent'] is not None:
        parts.append(_caches(found['persistent']))
    return parts


def _caches(rows):
    table = Table(*[Column(title, right=True) for title in (
        'LOADED', 'GHOSTS', 'SIZE', 'GROWTH')]
        + [Column('IN CACHES OF ZODB', cut_end=False, flexible=True)])
    for row in rows:
        table.add(row['loaded'], row['ghosts'], size(row['estimated_bytes']),
                  _signed(row['growth']), row['type'])
    return table.text()


def _signed(number):
    return None if number is None else u'%+d' % number


memory = MemoryView()
