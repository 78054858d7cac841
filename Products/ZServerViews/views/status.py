"""``/-/status``: a page for people who want to see at a glance what is wrong.

The page asks the same address for JSON every two seconds. However many pages are
open, an answer is made once a second at most, in the thread of this view. Until it
is a second old, the event loop sends it again.
"""
from __future__ import absolute_import, division, print_function

import hashlib
import re
import time

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.access.peer import Facts
from Products.ZServerViews.base import ViewError
from Products.ZServerViews.format import stacks
from Products.ZServerViews.format.documents import to_json
from Products.ZServerViews.format.status_page import page, parts
from Products.ZServerViews.format.status_page.headline import Headline
from Products.ZServerViews.format.text import clean
from Products.ZServerViews.http.query import Flag, Parameter
from Products.ZServerViews.monitor.threads import Dump, collect
from Products.ZServerViews.runtime.thread_dump import describe, thread_of
from Products.ZServerViews.views.formatted import Asked, Found, MonitorView
from Products.ZServerViews.views.status_facts import LONGEST_PATH, facts
from Products.ZServerViews.views.workers import workers

# For so many seconds the same is sent to all.
FRESH = 0.9
# And the siblings are asked again after so many: one that stands still takes the
# view's thread a second.
SIBLINGS_FRESH = 2.0
# The two clocks drift, and the system's may be set.
MOST_DRIFT = 0.05

# The key of an environ for what the event loop has seen.
_SEEN = 'zserverviews.status'

_IDENT = re.compile('[0-9]{1,20}\\Z').match

# Nothing from elsewhere, nothing in a frame, and no script but that of the page.
PAGE_HEADERS = [
    ('Content-Security-Policy',
     "default-src 'none'; script-src '%s'; style-src '%s'; connect-src 'self'; "
     "img-src data:; base-uri 'none'; form-action 'none'; "
     "frame-ancestors 'none'" % (page.SCRIPT_HASH, page.STYLE_HASH)),
    ('Referrer-Policy', 'no-referrer')]


class Ident(Parameter):
    """The identifier of a thread."""

    def __init__(self, name):
        Parameter.__init__(self, name, None, u'the ident of a thread')

    def convert(self, text):
        if not _IDENT(text):
            raise ValueError()
        return int(text)


class Seen(object):
    """What the event loop knows of a request.

    ``details``
        Whether who asks may see what is sensitive.
    ``made``
        The `Made` that will be sent; None if one has to be made.
    """

    made = None

    def __init__(self, asked):
        self.details = asked.site.access.allowed(
            'sensitive', Facts.of_environ(asked.environ))


class Answer(Found):
    """What is sent.

    ``made``
        A `Made`.
    ``stack``
        A document as `_stack` has it, if that was asked for.
    ``with_parts``
        Whether JSON is to have the HTML of the page in the place of the facts.
    """


class Siblings(Found):
    """What the other processes have said.

    ``site``, ``pid``, ``since``
        For what, in which process and when.
    ``all``
        See `workers.Numbers`.
    """


class Made(object):
    """What was so at one moment; it is never changed.

    ``site``, ``pid``, ``since``
        For what, in which process and when it was made.
    ``document``
        That of `facts`.
    ``parts``
        {id of an element: its HTML}
    ``tag``
        The ETag of both forms in JSON: the moment is no part of it.
    ``facts``, ``with_parts``
        These forms.
    """

    def __init__(self, site, since, document):
        self.site, self.pid, self.since = site, document['pid'], since
        self.document, self.parts = document, parts.parts(document)
        self.tag = 'W/"%s"' % hashlib.sha256(to_json(dict(
            document, time=None)).encode('utf-8')).hexdigest()[:32]
        self.facts = to_json(document).encode('utf-8')
        self.with_parts = to_json(dict(
            Headline(document).document(), time=document['time'],
            parts=self.parts)).encode('utf-8')


class StatusView(MonitorView):
    """``stack=IDENT`` has the stack of one thread besides, for who may see it."""

    name = 'status'
    summary = u'a page: health, workers, requests, the last ten minutes'
    needs_recorder = needs_process = needs_metrics = True
    needs_trail = needs_databases = True
    asks_server = True
    formats = ('html', 'json')
    parameters = (Ident('stack'), Flag('parts'))

    def __init__(self, clock=monotonic, now=time.time):
        self._clock = clock
        self._now = now
        self._offset = None
        self._made = {}  # {whether with details: Made}
        self._siblings = None  # Siblings

    def runs_aside_for(self, environ):
        """Whether an answer has to be made; in the event loop."""
        asked = Asked(environ)
        try:
            if asked.environ['REQUEST_METHOD'] not in self.methods:
                return False
            stack = self.values(environ)['stack']
        except ViewError:
            return False
        seen = environ[_SEEN] = Seen(asked)
        if stack is None:
            seen.made = self._fresh(asked, seen.details)
        return seen.made is None  # else it is sent again

    def _fresh(self, asked, details):
        """The `Made` that will do; or None."""
        made = self._made.get(details)
        if (made is not None and made.site is asked.site
                and made.pid == asked.pid
                and 0 <= self._clock() - made.since < FRESH):
            return made
        return None

    def collect(self, asked):
        seen = asked.environ.pop(_SEEN, None) or Seen(asked)
        ident, stack = asked.values['stack'], None
        if ident is not None:
            stack = _stack(asked.site, ident, seen.details)
        made = seen.made or self._fresh(asked, seen.details) or self._make(
            asked, seen)
        if stack is None and asked.format == 'json':
            asked.tag = made.tag
        return Answer(made=made, stack=stack, with_parts=asked.values['parts'])

    def _make(self, asked, seen):
        # Another thread may do the same now; that does no harm.
        siblings = self._asked_siblings(asked)
        now = self._clock()
        made = Made(asked.site, now, facts(
            asked, self._steady(asked.site), seen.details, siblings))
        self._made[seen.details] = made
        return made

    def _asked_siblings(self, asked):
        known, of = self._siblings, (asked.site, asked.pid)
        if (known is None or (known.site, known.pid) != of
                or not 0 <= self._clock() - known.since < SIBLINGS_FRESH):
            found = workers.siblings(asked.site)
            known = self._siblings = Siblings(
                site=asked.site, pid=asked.pid, since=self._clock(), all=found)
        return known.all

    def _steady(self, site):
        """From the clock of the recorder to the epoch, the same as the last time
        unless a clock was set: else equal moments would differ."""
        offset = self._now() - site.recorder.now()
        if self._offset is None or abs(offset - self._offset) > MOST_DRIFT:
            self._offset = offset
        return self._offset

    def headers(self, asked):
        return PAGE_HEADERS if asked.format == 'html' else []

    def as_html(self, found):
        return page.page(found.made.document, found.made.tag, found.made.parts,
                         found.stack)

    def document(self, found):
        """That of a stack alone, or of all."""
        return found.made.document if found.stack is None else found.stack

    def as_json(self, found):
        if found.stack is not None:
            return to_json(found.stack)
        return found.made.with_parts if found.with_parts else found.made.facts


def _stack(site, ident, details):
    """The document of one thread; raises ViewError."""
    if not details:
        raise ViewError('403 Forbidden', u'A stack has the tier sensitive: see '
                        u'the documentation, "Access".\n')
    dump = collect(describe=describe(site, site.recorder.now()),
                   clocks=site.thread_clocks)
    thread = thread_of(dump, ident)
    if thread is None:
        raise ViewError('404 Not Found', u'This thread has ended.\n')
    return {'thread_ident': ident, 'thread_name': clean(thread.name),
            'state': thread.state, 'request': None if thread.request is None
            else clean(thread.request, LONGEST_PATH),
            'text': stacks.to_text(Dump([thread], 0)).partition(u'\n\n')[2]}


status = StatusView()
