"""What ``/-/memory`` tells, for people."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.tables import Column, Table
from Products.ZServerViews.format.text import WIDTH, clean
from Products.ZServerViews.format.units import duration, size, utc


def parts(document):
    """The parts of the text behind the sizes; see docs/memory.rst."""
    return ([_hours(document['day']), _gc(document['gc'])]
            + _of_objects(document['objects'])
            + [_of_pages(document['pages']), _of_tracing(document['tracing'])])


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


def _of_pages(found):
    if not found['rows']:
        return u'no page has been measured yet\n'
    table = Table(Column('GROWTH ALONE', right=True), Column('OF', right=True),
                  Column('WITH OTHERS', right=True), Column('OF', right=True),
                  Column('PAGE', flexible=True))
    for row in found['rows']:
        table.add(_grown(row['alone_growth_bytes']), row['alone'],
                  _grown(row['shared_growth_bytes']), row['shared'], row['path'])
    return table.text()


def _grown(number):
    return (u'-' if number < 0 else u'+') + size(abs(number))


def _of_tracing(found):
    running, last, lines = found['running'], found['last'], []
    if found['unusable'] is not None:
        lines.append(u'allocations cannot be traced: %s\n' % found['unusable'])
    elif running is not None:
        lines.append(u'allocations are traced: %s of %d s%s\n%s\n' % (
            duration(running['elapsed_seconds']), running['seconds'],
            u'; it is to end' if running['ending'] else u'',
            found['cost'].replace(u'; ', u';\n')))
    elif last is None:
        lines.append(u'no allocations are traced: POST does that\n')
    if last is not None:
        lines.append(_of_trace(last))
    return u''.join(lines)


def _of_trace(last):
    about = u'traced for %s until %s\n' % (duration(last['seconds']), last['ended'])
    if last['refused'] is not None:
        return about + clean(u'no list: ' + last['refused'], WIDTH) + u'\n'
    table = Table(Column('ALLOCATED', right=True), Column('BLOCKS', right=True),
                  Column('BY', cut_end=False, flexible=True))
    for row in last['places']:
        table.add(size(row['bytes']), row['blocks'],
                  u'%s:%d' % (row['file'], row['line']))
    return about + u'%s in %d blocks are left; to list them took %s\n\n' % (
        size(last['bytes']), last['blocks'],
        duration(last['held_seconds'])) + table.text()
