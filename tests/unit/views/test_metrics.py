"""views.metrics: the families, and how they are sent."""
from __future__ import absolute_import, division, print_function

import gc
import json
import zlib

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics import parser as strict
from zope.interface.verify import verifyObject

from Products.ZServerViews.format.exposition import shown
from Products.ZServerViews.interfaces import IView
from Products.ZServerViews.runtime.loops import Loop
from Products.ZServerViews.views.metrics import MetricsView, metrics
from tests.unit import dummies
from tests.unit.monitor.database_documents import Databases
from tests.unit.monitor.monitor_dummies import Server, ask, server
from tests.unit.site_dummies import Site

DURATION = 'http_server_request_duration_seconds'


@pytest.fixture
def site():
    made = Site()
    made.mount(dummies.mount('/-/hello', name='a.view'))
    for method, status, works in (('GET', b'200', 0.2), ('GET', b'200', 3),
                                  ('PROPFIND', b'207', 0)):
        request = made.recorder.received(method, '/', None)
        made.recorder.begins(request)
        request.status = status
        request.sends(10)
        made.clock.now += works
        made.recorder.ends()
    made.recorder.begins(made.recorder.received('GET', '/works', None))
    made.metrics.readings.read()
    made.metrics.tally.failed(None, KeyError, False)
    made.counts.here().count('evicted', 3)
    return made


def parsed(text, read=parser.text_string_to_metric_families):
    """{(name, (label, value)...): value}, and the types of families."""
    samples, kinds = {}, {}
    for family in read(text):
        assert family.name not in kinds
        kinds[family.name] = family.type
        for sample in family.samples:
            key = (sample.name,) + tuple(sorted(sample.labels.items()))
            assert key not in samples
            samples[key] = sample.value
    return samples, kinds


def test_the_contract():
    assert verifyObject(IView, metrics)
    assert (metrics.name, metrics.tier) == ('metrics', 'operator')
    assert metrics.needs_recorder and metrics.needs_process
    assert metrics.needs_metrics and metrics.needs_databases


def test_databases(site):
    assert 'zope_database_' not in ask(metrics, site)[2]
    site.databases = Databases()
    found, _kinds = parsed(ask(metrics, site)[2])
    assert found['zope_database_loads_total', ('database', 'main')] == 50
    found, _kinds = parsed(ask(metrics, site, query='format=openmetrics')[2],
                           strict.text_string_to_metric_families)
    assert found['zope_database_calls_running', ('database', 'main')] == 0


def test_the_loop_of_the_server_is_the_first(site):
    of_views = Loop(None)
    of_views.is_for_views, of_views.turns = True, 7
    site.loops.all = (of_views,) + site.loops.all
    found, _kinds = parsed(ask(metrics, site)[2])
    assert found['zope_loop_turns_total', ('loop', '1')] == 1
    assert found['zope_loop_turns_total', ('loop', '2')] == 7


def test_an_odd_database_costs_only_its_families(site):
    class Odd(object):
        def collect(self):
            raise AttributeError('of somebody else')

    site.databases, view = Odd(), MetricsView()
    for _scrape in range(2):
        status, _headers, text = ask(view, site)
        assert status == '200 OK' and 'zope_database_' not in text
        assert parsed(text)[0]['zope_requests_in_work',] == 1
    # The log has it once.
    (level, words, exc_info), = site.log_queue.logged
    assert words == 'The metrics of databases are left out'
    assert exc_info[0] is AttributeError


def test_in_both_formats(site):
    a_server = server(site)
    _status, headers, text = ask(metrics, site, a_server)
    assert headers['content-type'] == (
        'text/plain; version=0.0.4; charset=utf-8')
    found, kinds = parsed(text)
    code = 'http_response_status_code'
    get = (('http_request_method', 'GET'), (code, '200'))
    assert found[(DURATION + '_count',) + get] == 2
    assert found[(DURATION + '_sum',) + get] == pytest.approx(3.2)
    assert found[DURATION + '_count', ('http_request_method', '_OTHER'),
                 (code, '207')] == 1
    for name, value in (
            ('zope_requests_in_work', 1), ('zope_requests_waiting', 1),
            ('zope_request_oldest_waiting_seconds', 4),
            ('zope_request_oldest_in_work_seconds', 4),
            ('zope_request_queue_seconds_count', 3),
            ('zope_response_bytes_total', 30), ('zope_connections', 7),
            ('zope_connection_limit', 100), ('zope_requests_waited_total', 0),
            ('zope_requests_client_gone_total', 0),
            ('zope_connections_evicted_total', 3),
            ('zope_descriptors_exhausted_total', 0),
            ('zope_metrics_dropped_series', 0),
            ('process_start_time_seconds', 1e9)):
        assert found[name,] == value, name
    assert found['zope_workers', ('state', 'idle')] == 2
    assert found['zope_errors_total', ('error_type', 'KeyError')] == 1
    assert found['zope_transactions_total', ('end', 'aborted')] == 1
    assert found['zope_loop_turns_total', ('loop', '1')] == 1
    assert found['zope_view_calls_total', ('path', '/-/hello')] == 0
    assert found['zope_info', ('server', ''), ('waitress', '3.0.2'),
                 ('zope', '6.3')] == 1
    assert kinds[DURATION] == 'histogram'
    assert ('zope_gc_pause_seconds' in kinds) is hasattr(gc, 'callbacks')
    _status, headers, text = ask(metrics, site, a_server, 'format=openmetrics')
    assert headers['content-type'] == (
        'application/openmetrics-text; version=1.0.0; charset=utf-8')
    exact, kinds = parsed(text, strict.text_string_to_metric_families)
    assert set(exact) == set(found)
    assert kinds['python'] == 'info'


def test_as_json(site):
    document = json.loads(ask(metrics, site, server(site), 'format=json')[2])
    by_name = dict((family['name'], family)
                   for family in document['families'])
    assert by_name['zope_requests_waiting']['series'] == [
        {'labels': {}, 'value': 1}]
    assert by_name[DURATION]['series'][0]['count'] == 2


def test_without_a_server(site):
    site.process = None
    found, _kinds = parsed(ask(metrics, site)[2])
    assert found['zope_workers', ('state', 'busy')] == 1
    for name in ('zope_requests_waiting', 'zope_connections',
                 'zope_request_queue_seconds_count'):
        assert (name,) not in found


def test_a_server_without_a_hook(site):
    a_server = Server([site.recorder.received('GET', '/waits', None)])
    a_server.worker_idents = a_server.connections = lambda: None
    a_server.worker_count = 3
    found, _kinds = parsed(ask(metrics, site, a_server)[2])
    assert found['zope_workers', ('state', 'idle')] == 2
    assert found['zope_requests_waiting',] == 1
    for name in 'zope_connections', 'zope_request_queue_seconds_count':
        assert (name,) not in found


def test_a_server_whose_answers_nobody_sees(site):
    a_server = server(site)
    a_server.not_known, a_server.connection_limit = ['bytes sent'], None
    found, _kinds = parsed(ask(metrics, site, a_server)[2])
    for name in 'zope_connections', 'zope_request_queue_seconds_count':
        assert (name,) in found
    for name in ('zope_connection_limit', 'zope_response_bytes_total',
                 'zope_requests_client_gone_total'):
        assert (name,) not in found


def test_the_budget(site):
    site.settings.metrics_series = 10
    text = ask(metrics, site, server(site))[2]
    found, _kinds = parsed(text)
    assert len(found) == 11
    assert found['zope_metrics_dropped_series',] > 50
    # The most important are there.
    assert ('zope_requests_waiting',) in found


def test_a_client_that_accepts_openmetrics(site):
    _status, headers, _text = ask(
        metrics, site, server(site),
        HTTP_ACCEPT='application/openmetrics-text;version=1.0.0;q=0.6,'
                    'text/plain;version=0.0.4;q=0.3,*/*;q=0.2')
    assert headers['content-type'].startswith('application/openmetrics-text')


def environ(site, encoding='gzip', method='GET'):
    return {'REQUEST_METHOD': method, 'zserverviews.site': site,
            'HTTP_ACCEPT_ENCODING': encoding}


def answer(view, environ):
    said = []
    data, = view(environ, lambda *args: said.extend(args))
    return said[0], dict(said[1]), data


def test_a_large_answer_is_compressed_aside(site):
    view = MetricsView(large=1000)
    asked = environ(site)
    # Not known to be large.
    assert not view.runs_aside_for(asked)
    _status, headers, plain = answer(view, asked)
    assert 'Content-Encoding' not in headers and len(plain) > 1000
    assert headers['Vary'] == 'Accept, Accept-Encoding'
    for encoding in '', 'br', 'gzip;q=0':
        assert not view.runs_aside_for(environ(site, encoding))
    asked = environ(site)
    assert view.runs_aside_for(asked)
    status, headers, packed = answer(view, asked)
    assert (status, headers['Content-Encoding'], headers['Vary']) == (
        '200 OK', 'gzip', 'Accept, Accept-Encoding')
    assert headers['Content-Length'] == str(len(packed))
    assert len(packed) < len(plain) / 2
    unpacked = zlib.decompress(packed, zlib.MAX_WBITS + 16)
    assert set(parsed(unpacked.decode())[0]) == set(parsed(plain.decode())[0])


def test_an_answer_that_is_not_large_any_more(site):
    view = MetricsView(large=1000)
    answer(view, environ(site))
    site.settings.metrics_series = 1
    asked = environ(site)
    assert not view.runs_aside_for(asked)
    status, headers, data = answer(view, asked)
    assert 'Content-Encoding' not in headers
    assert headers['Content-Length'] == str(len(data))
    # A mistake is none either.
    site.settings.metrics_series = 2000
    answer(view, environ(site))
    for asked in dict(environ(site), QUERY_STRING='a=b'), environ(
            site, method='POST'):
        assert not view.runs_aside_for(asked)
        status, headers, _data = answer(view, asked)
        assert status[:3] in ('400', '405')
        assert headers['Vary'] == 'Accept, Accept-Encoding'
    # Nor does it say how large the others are.
    assert view.runs_aside_for(environ(site))


def test_a_small_answer_by_other_names_says_nothing_of_a_large_one(site):
    view = MetricsView(large=6000)
    answer(view, environ(site))
    asked = dict(environ(site), QUERY_STRING='names=plone')
    assert not view.runs_aside_for(asked)
    assert len(answer(view, asked)[2]) < 6000
    assert view.runs_aside_for(environ(site))


def plone(site, **environ):
    return parsed(ask(metrics, site, server(site), 'names=plone', **environ)[2])


def test_by_the_names_of_plone_observability(site):
    site.databases = Databases()
    site.process.python = '3.11.7'
    plain, kinds = plone(site)
    scope = 'scope', 'instance'
    for key, value in (
            (('requests_total', ('auth', 'anonymous'), scope), 3),
            (('requests_total', ('auth', 'authenticated'), scope), 0),
            (('request_duration_seconds_count', ('auth', 'anonymous'), scope), 3),
            (('zodb_connections', ('database', 'main'), scope), 2),
            (('zodb_loads_total', ('database', 'main'), scope), 50),
            (('zodb_conflicts_total', ('retry', 'false'), scope), 0),
            (('info', ('python_version', '3.11.7'), scope,
              ('zope_version', '6.3')), 1)):
        assert plain[('plone_' + key[0],) + key[1:]] == value, key
    assert plain['plone_process_rss_bytes', scope] > 1 << 20
    assert plain['plone_threads_active', scope] >= 1
    assert kinds.pop('zope_metrics_dropped_series') == 'gauge'
    assert kinds['plone_request_duration_seconds'] == 'histogram'
    assert all(name.startswith('plone_') for name in kinds)
    exact, _kinds = parsed(
        ask(metrics, site, query='names=plone&format=openmetrics')[2],
        strict.text_string_to_metric_families)
    assert set(exact) == set(plain)
    document = json.loads(
        ask(metrics, site, query='format=json&names=plone')[2])
    assert 'plone_requests_total' in [
        family['name'] for family in document['families']]


def test_plone_has_nothing_of_others(site):
    site.metrics.registry = Registry()
    assert ('depth',) not in plone(site)[0]
    assert ('depth',) in parsed(ask(metrics, site, query='names=zope')[2])[0]


def test_names_that_there_are_not(site):
    status, _headers, text = ask(metrics, site, query='names=munin')
    assert status == '400 Bad Request'
    assert '  names: one of zope, plone\n' in text


class Contents(object):
    """What others have registered."""

    families = []
    dropped = 5
    prometheus = u'# TYPE depth gauge\ndepth 1.0\n'
    openmetrics = prometheus
    documents = [{'name': 'depth'}]


class Registry(object):

    def contents(self, own, room):
        self.own, self.room = own, room
        return Contents()


def test_what_others_have_registered_follows(site):
    registry = site.metrics.registry = Registry()
    text = ask(metrics, site, server(site))[2]
    found, _kinds = parsed(text)
    assert found['depth',] == 1
    assert found['zope_metrics_dropped_series',] == 5
    assert registry.room == 2000 - len(found) + 2
    assert 'zope_requests_in_work' in [family.name for family in registry.own]
    text = ask(metrics, site, server(site), 'format=openmetrics')[2]
    assert text.endswith('depth 1.0\n# EOF\n')
    document = json.loads(ask(metrics, site, server(site), 'format=json')[2])
    assert document['families'][-1] == {'name': 'depth'}


def test_views_of_any_name(site):
    # As many as a configuration takes, and more.
    long = 60000 * 'a'
    paths = ['/"', '/\\', '/a\nb', '/{le="1"}', '/%', '/# EOF', '/\0',
             '/' + long + 'b' + long, '/' + long + 'c' + long]
    site.mount(*map(dummies.mount, paths))
    name = 'zope_view_calls_total'
    for query, read in (
            ('', parser.text_string_to_metric_families),
            ('format=openmetrics', strict.text_string_to_metric_families)):
        found, _kinds = parsed(ask(metrics, site, query=query)[2], read)
        told = [dict(key[1:])['path'] for key in found if key[0] == name]
        assert set(told) == set(map(shown, paths))
        assert len(told) == len(paths)
