"""``/-/memory``: how much memory there is, since when, and of what.

It reads files of the system, so it is always offloaded. Objects are counted by a
thread of their own, once somebody asks for that.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.base import ViewError
from Products.ZServerViews.format import memory_texts
from Products.ZServerViews.format.units import seconds, size
from Products.ZServerViews.http.query import Flag, Number
from Products.ZServerViews.monitor.memory import (
    listing_time,
    object_counts,
    system_memory,
)
from Products.ZServerViews.monitor.memory.tracing import COST
from Products.ZServerViews.views.changing import meant, require_change
from Products.ZServerViews.views.formatted import Found, MonitorView, facts

# Rows of a table.
MOST, USUAL = 1000, 20
# Seconds for which an answer waits for the objects to be counted.
PATIENCE = 5.0
NAP = 0.02
# The longest pause of the collector of so many seconds is told.
LATELY = 300
# Seconds for which allocations are traced.
LONGEST, USUALLY = 300, 10
# Milliseconds for which all threads may be held to list the objects.
HELD, MOST_HELD = int(1000 * listing_time.HELD), 2000
HOUR = 3600
# What may be asked for, by the method.
_MEANT = {'GET': {'objects', 'hold', 'limit'}, 'POST': {'seconds', 'limit'},
          'DELETE': {'limit'}}


class MemoryView(MonitorView):
    """GET tells what there is; with ``objects`` it has objects counted, which HEAD
    does not. POST has allocations traced, and DELETE ends that."""

    name = 'memory'
    summary = u'memory and what grows; POST traces allocations, DELETE ends that'
    tier = 'sensitive'
    needs_recorder = needs_process = needs_metrics = True
    needs_databases = needs_history = needs_memory = True
    runs_aside = True
    methods = ('GET', 'HEAD', 'POST', 'DELETE')
    parameters = (Flag('objects'), Number('limit', 1, MOST, None),
                  Number('seconds', 1, LONGEST, None),
                  Number('hold', HELD, MOST_HELD, None))

    def __init__(self, now=time.time, clock=monotonic, sleep=time.sleep):
        self._now = now
        self._clock = clock
        self._sleep = sleep

    def collect(self, asked):
        site, memory = asked.site, asked.site.memory
        self._act(asked, memory)
        metrics, history = site.metrics, site.history
        limit = asked.values['limit'] or USUAL
        found = memory.system.read()
        return Found(started=asked.method == 'POST', document={
            'memory': found,
            'heap': system_memory.heap(memory.heap_info),
            'day': _day([] if history is None else history.model.resident(),
                        self._now(), found['rss_bytes']),
            'gc': system_memory.collector(
                None if metrics is None else metrics.pauses, LATELY),
            'objects': self._objects(memory.objects, limit),
            'pages': _pages(memory.pages, limit),
            'tracing': _tracing(memory.tracing, limit)})

    def _act(self, asked, memory):
        """Do what is asked for besides telling."""
        values = asked.values
        if asked.method != 'GET':
            require_change(asked)
        meant(asked, _MEANT)
        if asked.method == 'POST':
            _start(memory.tracing, values['seconds'] or USUALLY)
        elif asked.method == 'DELETE':
            memory.tracing.stop()
        elif values['objects'] and asked.environ['REQUEST_METHOD'] == 'GET':
            self._look(memory.objects, (values['hold'] or HELD) / 1000)

    def status(self, found):
        return '202 Accepted' if found.started else '200 OK'

    def _look(self, objects, hold):
        refusal = objects.look(hold)
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
        return u'\n'.join([_sizes(document)] + memory_texts.parts(document))


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


def _pages(growth, limit):
    return {
        'requests': growth.requests, 'rows': [{
            'path': path, 'alone': page.alone,
            'alone_growth_bytes': page.alone_bytes, 'shared': page.shared,
            'shared_growth_bytes': page.shared_bytes}
            for path, page in growth.pages()[:limit]]}


def _start(tracing, how_long):
    reason = tracing.unusable()
    if reason is not None:
        raise ViewError('501 Not Implemented', u'Allocations cannot be traced here: '
                        u'%s.\n' % reason)
    if not tracing.start(how_long):
        raise ViewError('409 Conflict', u'Allocations are traced already.\n')


def _tracing(tracing, limit):
    running, last = tracing.running, tracing.last
    return {
        'unusable': tracing.unusable(), 'cost': COST,
        'running': None if running is None else {
            'id': running.number, 'started': seconds(running.started),
            'seconds': running.seconds,
            'elapsed_seconds': seconds(running.elapsed or 0.0),
            'ending': running.wanted_end is not None},
        'last': None if last is None else {
            'id': last.number, 'started': seconds(last.started),
            'seconds': seconds(last.elapsed), 'ended': last.ended,
            'refused': last.refused,
            'held_seconds': None if last.held_seconds is None
            else round(last.held_seconds, 4),
            'blocks': last.blocks, 'bytes': last.bytes,
            'places': [{'file': path, 'line': line, 'bytes': number,
                        'blocks': blocks} for path, line, number, blocks
                       in last.places[:limit]]}}


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


memory = MemoryView()
