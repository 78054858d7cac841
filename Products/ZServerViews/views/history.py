"""``/-/history``: what was so, at 03:12 or in the last minutes.

It reads what `history` has recorded; making the answer takes a while, so it is
always offloaded.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews._compat import quote
from Products.ZServerViews.base import ViewError
from Products.ZServerViews.format import past
from Products.ZServerViews.format.profiles.formats import FORMATS
from Products.ZServerViews.history import answers, moments
from Products.ZServerViews.history.interval_profile import profile_of
from Products.ZServerViews.http.query import Parameter
from Products.ZServerViews.views.formatted import (
    SVG_HEADERS,
    Found,
    MonitorView,
)

# Formats of a profile of the interval.
PROFILES = 'collapsed', 'speedscope', 'firefox', 'pprof', 'svg'

# Of a path or a name in the query, in characters.
LONGEST_TEXT = 500


class Moment(Parameter):
    """A moment, as `history.moments` has it: (seconds, whether without them).
    """

    def __init__(self, name, now):
        Parameter.__init__(self, name, None, moments.FORMS)
        self._now = now

    def convert(self, text):
        return moments.moment(text, self._now())


class Text(Parameter):
    """Any text, which is compared with what there is."""

    def __init__(self, name, values):
        Parameter.__init__(self, name, None, values)

    def convert(self, text):
        if not text or len(text) > LONGEST_TEXT:
            raise ValueError()
        sent = text if isinstance(text, bytes) else text.encode('latin-1')  # PY2
        try:
            return sent.decode('utf-8')
        except UnicodeDecodeError:
            return u'' + quote(sent)  # as a record has it


class HistoryView(MonitorView):
    """The minute of ``at``, or the interval ``from`` to ``to``."""

    name = 'history'
    summary = u'what was so at 03:12: requests, stacks, errors, log, incidents'
    tier = 'sensitive'
    needs_recorder = needs_process = needs_metrics = True
    needs_databases = needs_history = True
    runs_aside = True
    formats = ('text', 'json') + PROFILES

    def __init__(self, now=time.time):
        self._now = now
        self.parameters = (
            Moment('at', now), Moment('from', now), Moment('to', now),
            Text('path', u'a path without query: only its requests'),
            Text('worker', u'the name of a thread: only what it had'))

    def collect(self, asked):
        first, last = self._interval(asked.values)
        recorder = asked.site.history
        if asked.format in PROFILES:
            return Found(profile=profile_of(
                recorder.model, first, last, asked.values['path'],
                asked.values['worker'], past.span(first, last)))
        keeper = asked.site.disk_keeper
        document = answers.interval(
            recorder.model, first, last, asked.values['path'],
            asked.values['worker'], recorder.observer.rules.documents())
        document['disk'] = None if keeper is None else keeper.document()
        return Found(document=document)

    def _interval(self, values):
        """(first, last) in seconds since the epoch; raises ViewError."""
        try:
            return moments.interval(values['at'], values['from'], values['to'],
                                    self._now())
        except ValueError as error:
            raise ViewError('400 Bad Request', u'%s\n' % error)

    def headers(self, asked):
        return SVG_HEADERS if asked.format == 'svg' else []

    def as_text(self, found):
        return past.to_text(found.document)

    def document(self, found):
        return found.document

    def as_collapsed(self, found):
        return FORMATS['collapsed'][2](found.profile)

    def as_speedscope(self, found):
        return FORMATS['speedscope'][2](found.profile)

    def as_firefox(self, found):
        return FORMATS['firefox'][2](found.profile)

    def as_pprof(self, found):
        return FORMATS['pprof'][2](found.profile)

    def as_svg(self, found):
        return FORMATS['svg'][2](found.profile)


history = HistoryView()
