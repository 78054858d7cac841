"""``/-/metrics``: numbers for Prometheus and whoever understands its formats.

They are made in the event loop, of what has been counted. A large answer is
compressed in a thread of the view's own, if the client takes that.
"""
from __future__ import absolute_import, division, print_function

import logging
import sys
import zlib

from Products.ZServerViews.format import exposition
from Products.ZServerViews.format.documents import to_json
from Products.ZServerViews.http.accept import accepts_coding
from Products.ZServerViews.monitor import database_families, families
from Products.ZServerViews.views.formatted import Found, MonitorView
from Products.ZServerViews.views.requests import all_requests, knows_queue
from Products.ZServerViews.views.workers import total_workers

# Answers from this size on are compressed, in bytes.
LARGE = 65536

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
    formats = ('prometheus', 'openmetrics', 'json')

    def __init__(self, large=LARGE):
        self._large = large
        self._was_large = False
        self._databases_failed = False

    def runs_aside_for(self, environ):
        """Whether this answer is one to compress: then it is made already."""
        if not self._was_large or not accepts_coding(
                environ.get('HTTP_ACCEPT_ENCODING'), 'gzip'):
            return False
        said = []

        def start_response(status, headers):
            said.extend((status, headers))

        data, = self._answer(environ, start_response)
        environ[_MADE] = said + [data]
        return self._was_large

    def __call__(self, environ, start_response):
        made = environ.pop(_MADE, None)
        if made is None:
            return self._answer(environ, start_response)
        status, headers, data = made
        if len(data) >= self._large:
            data = _compressed(data)
            headers = [(name, str(len(data)) if name == 'Content-Length'
                        else value) for name, value in headers]
            headers += [('Content-Encoding', 'gzip'),
                        ('Vary', 'Accept-Encoding')]
        start_response(status, headers)
        return [data]

    def _answer(self, environ, start_response):
        """In the event loop."""
        found = MonitorView.__call__(self, environ, start_response)
        self._was_large = len(found[0]) >= self._large
        return found

    def collect(self, asked):
        site, metrics = asked.site, asked.site.metrics
        most = site.settings.metrics_series
        own = _families(site, asked.server, self._databases(site),
                        asked.environ.get('SERVER_SOFTWARE', ''))
        made, dropped = exposition.within(own, most)
        contents = None
        if metrics.registry is not None:
            contents = metrics.registry.contents(own, most - sum(
                len(family.series) * family.lines_each for family in made))
            made += contents.families
            dropped += contents.dropped
        made.append(exposition.Family(
            'zope_metrics_dropped_series', exposition.GAUGE, 'How many series '
            'are left out, for the setting metrics-series.').add(dropped))
        return Numbers(families=made, registry=contents)

    def _databases(self, site):
        """The families that tell of databases; none if one of these is so odd
        that it cannot be told of: the scrape has all others then."""
        databases = site.databases
        try:
            return ([] if databases is None
                    else database_families.databases(databases.collect()))
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


def _families(site, server, databases, server_software):
    """In the order of their importance: the last ones go first."""
    metrics, recorder = site.metrics, site.recorder
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
            + databases
            + families.loops(metrics, site.loops.all)
            + families.process(metrics.readings, site.process,
                               server_software)
            + families.collector(metrics.pauses)
            + families.views(site.table.by_path))


def _compressed(data):
    # 16 is for the head and the tail of gzip.
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    return packer.compress(data) + packer.flush()


metrics = MetricsView()
