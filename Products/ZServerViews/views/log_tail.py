"""``/-/loggers/tail``: the log records that went to memory and nowhere else.

They are there while a disk hangs. A message has what the code of the site has put
into it, so the view is as sensitive as the log, and says so.
"""
from __future__ import absolute_import, division, print_function

import textwrap

from Products.ZServerViews.format.masking import MASK
from Products.ZServerViews.format.text import WIDTH, clean
from Products.ZServerViews.format.units import utc
from Products.ZServerViews.http.query import Number, Text
from Products.ZServerViews.monitor.log_ring import KEPT, MOST
from Products.ZServerViews.views.formatted import Found, MonitorView

USUAL = 100
INDENT = u'    '

SHOWS = (u'Messages and exceptions are as the code of the site has made them, '
         u'cut where they are long; %s stands for what follows words such as '
         u'password, and for headers that authenticate. Other secrets are not '
         u'recognised. No local variables, no source lines.' % MASK)


class Tail(Found):
    """``entries``, the oldest first, and the number of those before them, which
    are ``omitted``."""


class TailView(MonitorView):
    """The latest records, at most ``limit``, of the logger ``name`` and those
    below it."""

    name = 'loggers/tail'
    summary = u'log records that are kept in memory for to=memory'
    tier = 'sensitive'
    needs_log_levels = True
    needs_recorder = True
    # A thousand long messages take longer than the event loop has.
    runs_aside = True
    parameters = (Number('limit', 1, MOST, USUAL),
                  Text('name', u'the name of a logger', 200))

    def collect(self, asked):
        entries, number = asked.site.log_levels.ring.entries(
            asked.values['limit'], asked.values['name'])
        return Tail(entries=entries, omitted=number - len(entries))

    def as_text(self, found):
        lines = textwrap.wrap(SHOWS, WIDTH)
        lines.append(u'%d records, the latest last; %d before them. Each is kept '
                     u'for %d minutes.' % (len(found.entries), found.omitted,
                                           KEPT // 60))
        for entry in found.entries:
            lines += [u''] + _lines(entry)
        return u''.join(line + u'\n' for line in lines)

    def document(self, found):
        return {'shows': SHOWS, 'omitted_records': found.omitted,
                'records': [_document(entry) for entry in found.entries]}


def _lines(entry):
    lines = [u'%s %s %s %s' % (_moment(entry), clean(entry.level),
                               clean(entry.logger), clean(entry.thread))]
    if entry.request is not None:
        lines.append(INDENT + clean(entry.request, WIDTH - len(INDENT)))
    lines += [INDENT + clean(line) for line in entry.message.splitlines()]
    lines += [INDENT + clean(u'%s:%s in %s' % frame)
              for frame in entry.frames]
    if entry.error is not None:
        lines += [INDENT + clean(line) for line in entry.error.splitlines()]
    return lines


def _document(entry):
    return {'time': _moment(entry), 'level': clean(entry.level),
            'logger': clean(entry.logger), 'thread_name': clean(entry.thread),
            'request': None if entry.request is None else clean(entry.request),
            'message': entry.message, 'error': entry.error,
            'stack': [[clean(path), line, clean(function)]
                      for path, line, function in entry.frames]}


def _moment(entry):
    """To the millisecond."""
    return u'%s.%03dZ' % (utc(entry.created)[:-1],
                          int(entry.created * 1000) % 1000)


tail = TailView()
