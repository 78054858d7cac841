"""What is replaced on the page while it is open: HTML by the id of its element.

Times that run have the moment in ``data-since``; the script counts on from the
text that is there without it.
"""
from __future__ import absolute_import, division, print_function

from functools import partial

from Products.ZServerViews.format.markup import escaped
from Products.ZServerViews.format.status_page.charts import charts
from Products.ZServerViews.format.units import duration, size, utc

# Seconds from which on a request is shown as slow, and as stuck.
SLOW, STUCK = 1.0, 10.0

# How many bytes of rows a part has, so that the page has at most 60 KiB: names of
# views, checks and threads may be long, and clients choose what requests show.
MOST_BYTES = {'checks': 1500, 'processes': 4000, 'workers': 8000,
              'requests': 17000, 'databases': 3000, 'incidents': 2500,
              'views': 2500}

# The ids of the parts, in the order of the page, and their headings.
HEADINGS = (('health', u'Health'), ('numbers', u'Now'),
            ('workers', u'Workers'), ('requests', u'Requests'),
            ('minutes', u'The last ten minutes'),
            ('databases', u'Databases'), ('incidents', u'Incidents'),
            ('views', u'Views over their budget'))


def parts(document):
    """{id: HTML} of a document of `views.status_facts.facts`."""
    return {'health': _health(document), 'numbers': _numbers(document),
            'workers': _workers(document), 'requests': _requests(document),
            'minutes': charts(document['intervals']),
            'databases': _databases(document),
            'incidents': _incidents(document['incidents']),
            'views': _views(document['slow_views'])}


def _quiet(text):
    return u'<p class="quiet">%s</p>' % text


def _age(since, now):
    """A time that runs."""
    if since is None:
        return u'-'
    return u'<span class="age" data-since="%.1f">%s</span>' % (
        since, duration(now - since))


def _speed(since, now):
    age = now - since
    return u'stuck' if age >= STUCK else u'slow' if age >= SLOW else u'works'


def _table(caption, heads, rows):
    """``rows`` are lists of HTML; the table can be scrolled where it is wide."""
    return (u'<div class="wide" role="region" tabindex="0" aria-label="%s">'
            u'<table><thead><tr>%s</tr></thead><tbody>%s</tbody></table></div>'
            % (caption, u''.join(u'<th scope="col">%s</th>' % head
                                 for head in heads),
               u''.join(u'<tr>%s</tr>' % u''.join(
                   u'<td>%s</td>' % cell for cell in row) for row in rows)))


def _health(document):
    about = u'<p>process %d%s, started %s</p>' % (
        document['pid'], u'' if document['worker'] is None
        else u', worker %d' % document['worker'], utc(document['started']))
    return u'%s<ul class="health">%s</ul>%s%s' % (
        _still(document), u''.join(map(_verdict, document['health'])), about,
        _processes(document))


def _still(document):
    since = document['still_since']
    return u'' if since is None else (
        u'<p class="fails">No worker has taken a request for %s.</p>'
        % _age(since, document['time']))


def _processes(document):
    """The others of the site, if there are some."""
    processes = document['processes']
    if processes is None:
        return u'' if document['worker'] is None else _quiet(
            u'This page shows one process of the site. The others can be asked '
            u'if the setting listen has an address for each.')
    if not processes:
        return u''
    rows = [[_process(one), u'%s%s' % (_or_dash(one['busy']), _of(one['workers'])),
             _or_dash(one['waiting']), u'<code>%s</code>' % escaped(one['address'])]
            for one in processes]
    return _bounded('processes', rows, partial(
        _table, u'The other processes, each with a page of its own',
        [u'other process', u'busy', u'waiting', u'listener']),
        document['omitted_processes'])


def _process(one):
    name = _or_dash(one['pid']) + (
        u'' if one['worker'] is None else u', worker %d' % one['worker'])
    if one['error'] is None:
        return name
    return u'%s <b class="fails">%s</b>' % (name, escaped(one['error']))


def _verdict(health):
    if health['ok']:
        return u'<li class="good"><b>%s</b> passed</li>' % health['name']
    failed = [[u'%s: %s' % (escaped(check['name']), escaped(check['detail']))]
              for check in health['checks'] if not check['ok']]
    reasons = [reason for reason, in _within(MOST_BYTES['checks'], failed)]
    if len(reasons) < len(failed):
        reasons.append(u'%d more' % (len(failed) - len(reasons)))
    return u'<li class="fails"><b>%s</b> fails: %s</li>' % (
        health['name'], u'; '.join(reasons))


def _numbers(document):
    numbers, now = document['numbers'], document['time']
    waits = [request['received'] for request in document['requests']
             if request['began'] is None]
    oldest = (u' <small>the oldest for %s</small>' % _age(min(waits), now)
              if waits else u'')
    tiles = [(u'busy workers', u'%d%s' % (
        numbers['busy'], _of(numbers['workers']))),
        (u'waiting requests', _or_dash(numbers['waiting']) + oldest),
        (u'finished in 10 s', numbers['finished_by_seconds']['10']),
        (u'in 60 s', numbers['finished_by_seconds']['60']),
        (u'loop lag in 60 s', duration(numbers['longest_lag_seconds'])),
        (u'connections', u'%s%s' % (_or_dash(numbers['connections']),
                                    _of(numbers['connection_limit']))),
        (u'memory', size(numbers['resident_bytes'])),
        (u'threads', _whole(numbers['threads'])),
        (u'open files', _whole(numbers['descriptors']))]
    return u'<dl>%s</dl>' % u''.join(
        u'<div><dt>%s</dt><dd>%s</dd></div>' % tile for tile in tiles)


def _of(limit):
    return u'' if limit is None else u' <small>of %d</small>' % limit


def _or_dash(value):
    return u'-' if value is None else u'%s' % value


def _whole(value):
    return u'-' if value is None else u'%d' % value


def _workers(document):
    if not document['workers']:
        return _quiet(u'None is known.')
    return _bounded('workers', [[_worker(worker, document)]
                                for worker in document['workers']],
                    partial(_list, u'<ul class="board">'))


def _omitted(number):
    return _quiet(u'%d more are not shown.' % number) if number else u''


def _bounded(part, rows, made, omitted=0):
    """What ``made`` makes of as many of the first rows as the part may have."""
    shown = _within(MOST_BYTES[part], rows)
    return made(shown) + _omitted(omitted + len(rows) - len(shown))


def _list(begin, rows):
    return u'%s%s</ul>' % (begin, u''.join(item for item, in rows))


def _worker(worker, document):
    began, now = worker['began'], document['time']
    name = escaped(worker['thread_name'])
    if began is None:
        return u'<li class="cell"><span>%s</span> idle</li>' % name
    return u'<li class="cell %s">%s %s</li>' % (
        _speed(began, now), _link(worker, document, name), _age(began, now))


def _link(known, document, words):
    """The words, as a link to the stack where who asks may see it."""
    if not document['details'] or known['thread_ident'] is None:
        return u'<span>%s</span>' % words
    return u'<a href="?stack=%d" data-stack="%d">%s</a>' % (
        known['thread_ident'], known['thread_ident'], words)


def _requests(document):
    requests = document['requests']
    if not requests:
        return _quiet(u'No requests in progress or waiting.')
    # On a phone the first columns are seen.
    heads = [u'age', u'phase', u'worker']
    if document['details']:
        heads = [u'age', u'phase', u'request', u'worker', u'user', u'client']
    rows = _within(MOST_BYTES['requests'], [_request(request, document)
                                            for request in requests])
    found = _table(u'Each request, the oldest first', heads, rows)
    if not document['details']:
        found += _quiet(u'Paths and stacks have the tier sensitive.')
    omitted = document['omitted_requests'] + len(requests) - len(rows)
    if omitted:
        found += _quiet(u'%d younger ones are not shown.' % omitted)
    return found


def _within(most, rows):
    """As many of the first rows as have so many bytes together."""
    for number, row in enumerate(rows):
        # With the tags of a table.
        most -= 9 + sum(9 + len(cell.encode('utf-8')) for cell in row)
        if most < 0:
            return rows[:number]
    return rows


def _request(request, document):
    worker = request['thread_name']
    cells = [_age(request['received'], document['time']),
             request['phase'] + (u', client gone' if request['client_gone']
                                 else u'')]
    if document['details']:
        cells.append(_link(request, document,
                           u'<code>%s</code>' % escaped(request['title'])))
    cells.append(u'-' if worker is None else escaped(worker))
    if document['details']:
        cells += [escaped(request['user']), escaped(request['client_address'])]
    return cells


def _databases(document):
    if not document['databases']:
        return _quiet(u'None is watched.')
    return _bounded('databases', [_database(one, document['time'])
                                  for one in document['databases']],
                    partial(_table, u'Each database', [
                        u'name', u'storage', u'open', u'waiting', u'per second']))


def _database(one, now):
    away = (u' <b class="fails">not connected</b>'
            if one['connected'] is False else u'')
    waits = u'-'
    if one['waiting']:
        waits = u'%d, one for %s' % (one['waiting'],
                                     _age(one['oldest_wait'], now))
    rates = one['per_second']
    return [escaped(one['name']), escaped(one['storage']) + away,
            u'%d%s' % (one['open'], _of(one['limit'])), waits,
            u'-' if rates is None else u'%.1f loads, %.1f commits, %.1f '
            u'conflicts' % (rates['loads'], rates['commits'],
                            rates['conflicts'])]


def _incidents(incidents):
    if incidents is None:
        return _quiet(u'Nothing is recorded: see the view history.')
    if not incidents:
        return _quiet(u'None since the process has started.')
    return _bounded('incidents', [
        [u'<li>%s: %s</li>' % (utc(one['time']), escaped(one['said']))]
        for one in incidents], partial(_list, u'<ul>'))


def _views(views):
    if not views:
        return _quiet(u'None has blocked the event loop.')
    return _bounded('views', [[
        u'<code>%s</code>' % escaped(one['path']),
        duration(one['longest_turn_seconds']), u'%d' % one['offences'],
        u'yes' if one['aside'] else u'no'] for one in views],
        partial(_table, u'Each view',
                [u'path', u'longest', u'overruns', u'offloaded']))
