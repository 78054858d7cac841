"""``/-/metrics``: numbers for Prometheus and whoever understands its formats.

They are made in the event loop, of what has been counted. A large answer is
compressed in a thread of the view's own, if the client takes that.
"""
from __future__ import absolute_import, division, print_function

import logging
import sys
import time
import zlib

from Products.ZServerViews.base import ViewError
from Products.ZServerViews.format import exposition
from Products.ZServerViews.format.documents import to_json
from Products.ZServerViews.http.accept import accepts_coding
from Products.ZServerViews.http.query import Choice
from Products.ZServerViews.monitor import (
    database_families,
    families,
    plone_names,
)
from Products.ZServerViews.views.formatted import VALUES, Found, MonitorView
from Products.ZServerViews.views.requests import all_requests, knows_queue
from Products.ZServerViews.views.workers import total_workers

# Answers from this size on are compressed, in bytes.
LARGE = 65536

# Whose names the metrics have: ours, or those of plone.observability.
NAMES = ZOPE, PLONE = 'zope', 'plone'

# The key of an environ for an answer that has been made already.
_MADE = 'zserverviews.metrics'


class Numbers(Found):
    """Everything at one moment.

    ``families``
        A list of `exposition.Family`.
    ``registry``
        The `monitor.registry.Contents` of what others have registered; None
        without the setting.
    """


class MetricsView(MonitorView):
    """All metrics; as many series as the setting metrics-series allows."""

    name = 'metrics'
    summary = u'for Prometheus: requests, workers, views, loop, process'
    needs_recorder = needs_process = needs_metrics = needs_databases = True
    asks_server = True
    formats = ('prometheus', 'openmetrics', 'json')
    parameters = (Choice('names', NAMES, ZOPE),)
    varies_by = ('Accept-Encoding',)

    def __init__(self, large=LARGE):
        self._large = large
        # Those of `NAMES` of which the latest answer was large.
        self._were_large = frozenset()
        self._databases_failed = False

    def runs_aside_for(self, environ):
        """Whether this answer is one to compress: then it is made already."""
        if not self._were_large or not accepts_coding(
                environ.get('HTTP_ACCEPT_ENCODING'), 'gzip'):
            return False
        try:
            if self.values(environ)['names'] not in self._were_large:
                return False
        except ViewError:
            return False  # told when it is called
        said = []

        def start_response(status, headers):
            said.extend((status, headers))

        data, = self._answer(environ, start_response)
        environ[_MADE] = said + [data]
        return len(data) >= self._large

    def __call__(self, environ, start_response):
        made = environ.pop(_MADE, None)
        if made is None:
            return self._answer(environ, start_response)
        status, headers, data = made
        if len(data) >= self._large:
            data = _compressed(data)
            headers = [(name, str(len(data)) if name == 'Content-Length'
                        else value) for name, value in headers]
            headers += [('Content-Encoding', 'gzip')]
        start_response(status, headers)
        return [data]

    def _answer(self, environ, start_response):
        """In the event loop."""
        found = MonitorView.__call__(self, environ, start_response)
        if VALUES in environ and environ['REQUEST_METHOD'] in self.methods:
            # Else it is a mistake.
            names = environ[VALUES]['names']
            if len(found[0]) >= self._large:
                self._were_large |= {names}
            else:
                self._were_large -= {names}
        return found

    def collect(self, asked):
        site, metrics = asked.site, asked.site.metrics
        most = site.settings.metrics_series
        of_plone = asked.values['names'] == PLONE
        own = (self._by_plone(site) if of_plone
               else self._by_our_names(site, asked))
        made, dropped = exposition.within(own, most)
        left_out = exposition.Family(
            'zope_metrics_dropped_series', exposition.GAUGE, 'How many series '
            'are left out, for the setting metrics-series.')
        contents = None
        if metrics.registry is not None and not of_plone:
            contents = metrics.registry.contents(own + [left_out], most - sum(
                len(family.series) * family.lines_each for family in made))
            made += contents.families
            dropped += contents.dropped
        made.append(left_out.add(dropped))
        return Numbers(families=made, registry=contents)

    def _by_our_names(self, site, asked):
        """In the order of their importance: the last ones go first."""
        metrics, recorder, server = site.metrics, site.recorder, asked.server
        total, errors = metrics.tally.total(), metrics.tally.errors.total()
        requests = all_requests(site, server)
        busy = set(recorder.current.copy())
        workers = None if server is None else total_workers(server, busy)
        # Else nobody sees a request before a worker has it.
        has_waits = server is not None and server.worker_idents() is not None
        has_answers = has_waits and not server.not_known
        return (families.current_requests(requests, recorder.now(),
                                          knows_queue(server))
                + families.server_state(len(busy), workers, server,
                                        site.counts.total())
                + families.finished_requests(total, has_waits, has_answers)
                + families.publisher(total, errors)
                + self._of_databases(site, database_families.databases)
                + families.loops(metrics, site.loops.all)
                + families.process(metrics.readings, site.process,
                                   asked.environ.get('SERVER_SOFTWARE', ''))
                + families.collector(metrics.pauses)
                + families.views(site.table.by_path))

    def _by_plone(self, site):
        """By the names of plone.observability, what we know of these."""
        tally = site.metrics.tally
        return (plone_names.requests(tally.total())
                + plone_names.conflicts(tally.errors.total())
                + plone_names.process(site.metrics.readings, site.process,
                                      time.time())
                + self._of_databases(site, plone_names.databases))

    def _of_databases(self, site, make):
        """The families that tell of databases; none if one of these is so odd
        that it cannot be told of: the scrape has all others then.

        ``make``
            What makes them of the document of `/-/database`.
        """
        databases = site.databases
        try:
            return [] if databases is None else make(databases.collect())
        except Exception:
            if not self._databases_failed:
                self._databases_failed = True
                site.log_queue.log(
                    logging.ERROR, 'The metrics of databases are left out',
                    exc_info=sys.exc_info())
            return []

    def as_prometheus(self, found):
        text = exposition.to_prometheus(found.families)
        return text if found.registry is None else (
            text + found.registry.prometheus)

    def as_openmetrics(self, found):
        text = exposition.to_openmetrics(found.families)
        if found.registry is not None:
            text += found.registry.openmetrics
        return text + exposition.END

    def document(self, found):
        documents = exposition.to_documents(found.families)
        if found.registry is not None:
            documents += found.registry.documents
        return {'families': documents}

    def as_json(self, found):
        return to_json(self.document(found))


def _compressed(data):
    # 16 is for the head and the tail of gzip.
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    return packer.compress(data) + packer.flush()


metrics = MetricsView()
