"""``/-/metrics`` over a real server, while all workers sleep."""
from __future__ import absolute_import, division, print_function

import base64
import json
import re
import zlib

import pytest
from prometheus_client.openmetrics import parser

from tests.functional.harness import SECTION as WITHOUT_SUITE
from tests.functional.harness import Instance
from tests.functional.test_monitor import SECTION
from tests.functional.test_overload import WORKERS, sleeping_workers
from tests.waiting import awaited

QUEUED = 46
DURATION = 'http_server_request_duration_seconds'
GZIP = [('Accept-Encoding', 'gzip')]
SAMPLE = re.compile(r'(\w+)(?:\{(.*)\})? (\S+)\Z')


@pytest.fixture(scope='module')
def site():
    instance = Instance(SECTION, **Instance.limited_to(100)).start()
    yield instance
    assert instance.is_running(), instance.output()
    instance.stop()


def scrape(site, query=''):
    answer = site.get('/-/metrics' + query)
    assert answer.code == 200, answer.text
    assert answer.header('Cache-Control') == 'no-store'
    return answer.text


def samples(site, query=''):
    """{name with its labels: value}"""
    return samples_in(scrape(site, query))


def samples_in(text):
    found = {}
    for line in text.splitlines():
        if line[:1] != '#':
            name, labels, value = SAMPLE.match(line).groups()
            key = name if labels is None else '%s{%s}' % (name, labels)
            assert key not in found
            found[key] = float(value)
    return found


def finished(found):
    return sum(value for key, value in found.items()
               if key.startswith(DURATION + '_count'))


def all_of(site, number):
    """The samples, once so many requests have finished."""
    return awaited(lambda: [found for found in [samples(site)]
                            if finished(found) == number])[0]


def test_a_scrape_while_all_workers_sleep(site):
    before = samples(site)
    with sleeping_workers(site, queued=QUEUED) as connections:
        during = awaited(lambda: [
            found for found in [samples(site)]
            if found['zope_requests_waiting'] == QUEUED])[0]
        assert during['zope_requests_in_work'] == WORKERS
        assert during['zope_workers{state="busy"}'] == WORKERS
        assert during['zope_workers{state="idle"}'] == 0
        assert during['zope_request_oldest_in_work_seconds'] > 0
        assert during['zope_request_oldest_waiting_seconds'] > 0
        assert during['zope_connections'] == WORKERS + QUEUED + 1
        assert during['zope_connection_limit'] == 100
        # One before the workers went to sleep.
        assert finished(during) == finished(before) + 1
        site.get('/v/open_gate')
        for connection in connections:
            assert connection.response().code == 200
    # The burst is seen afterwards, to the request.
    after = all_of(site, finished(during) + WORKERS + QUEUED)
    # The worker of the one before may not have tidied up when the next came.
    assert after['zope_requests_waited_total'] - before[
        'zope_requests_waited_total'] in (QUEUED, QUEUED + 1)
    assert after['zope_request_queue_seconds_count'] == finished(after)
    assert after['zope_requests_waiting'] == 0


def test_a_burst_between_two_scrapes(site):
    before = samples(site)
    for _round in range(4):
        connections = [site.connect() for _number in range(10)]
        for connection in connections:
            for _number in range(5):
                connection.request('/@@echo')
        for connection in connections:
            with connection:
                for _number in range(5):
                    assert connection.response().code == 200
    after = all_of(site, finished(before) + 200)
    key = ('%s_count{http_request_method="GET",'
           'http_response_status_code="200"}' % DURATION)
    assert after[key] == before[key] + 200
    key = 'zope_transactions_total{end="committed"}'
    assert after[key] == before[key] + 200


def test_codes_methods_bytes_and_clients_that_leave(site):
    before = samples(site)
    wanted = [('GET', '/@@echo?name=x', 200), ('POST', '/@@echo', 200),
              ('HEAD', '/@@echo', 200), ('GET', '/not/there', 404),
              ('BREW', '/@@echo', 200)]
    for method, path, code in wanted:
        with site.connect() as connection:  # Zope's answer to HEAD has a body
            connection.request(path, method=method)
            said = connection.read_head().split(b' ')[1]
            assert method == 'BREW' or said == str(code).encode()
    after = all_of(site, finished(before) + len(wanted))

    def gained(method, code):
        key = ('%s_count{http_request_method="%s",'
               'http_response_status_code="%s"}' % (DURATION, method, code))
        return after.get(key, 0) - before.get(key, 0)

    assert gained('GET', 200) == gained('POST', 200) == 1
    assert gained('HEAD', 200) == gained('GET', 404) == 1
    assert sum(after[key] - before.get(key, 0) for key in after
               if key.startswith(DURATION + '_count{http_request_method="_OTH')
               ) == 1
    assert (after['zope_response_bytes_total']
            > before['zope_response_bytes_total'] + 100)
    site.get('/v/close_gate')
    with site.connect() as connection:
        connection.request('/@@wait')
        awaited(lambda: samples(site)['zope_requests_in_work'] == 1)
    # The client has gone, which only who looks at the connection knows.
    awaited(lambda: json.loads(site.get('/-/requests?format=json').text)[
        'requests'][0]['client_gone'])
    site.get('/v/open_gate')
    left = all_of(site, finished(after) + 1)
    assert left['zope_requests_client_gone_total'] == (
        after['zope_requests_client_gone_total'] + 1)


def test_errors_and_conflicts_by_class(site):
    before = samples(site)
    site.get('/@@fail')
    found = awaited(lambda: [
        found for found in [samples(site)]
        if finished(found) == finished(before) + 1])[0]
    assert [key for key in found
            if found[key] != before.get(key, 0)
            and key.startswith('zope_errors_total')]


def test_views_by_name(site):
    site.get('/v/hello')
    before = samples(site)
    for _number in range(3):
        site.get('/v/hello')
    after = samples(site)
    key = 'zope_view_calls_total{path="/v/hello"}'
    assert after[key] == before[key] + 3
    assert after['zope_view_loop_seconds_total{path="/v/hello"}'] >= 0
    # Itself, and those before.
    key = 'zope_view_calls_total{path="/-/metrics"}'
    assert after[key] == before[key] + 1


def test_the_loop_and_the_process(site):
    found = awaited(lambda: [
        found for found in [samples(site)]
        if found.get('process_resident_memory_bytes')
        and found['zope_loop_lag_seconds_count']
        and found['zope_interpreter_late_seconds_count']])[0]
    assert found['process_resident_memory_bytes'] > 1 << 20
    assert found['process_cpu_seconds_total'] > 0
    assert found['process_open_fds'] > 3
    assert found['process_threads'] > 1
    assert 0 <= found['zope_process_reading_age_seconds'] < 300
    assert [key for key in found if key.startswith('python_info{')]
    assert [key for key in found if key.startswith('zope_info{')]


def test_formats(site):
    plain = site.get('/-/metrics')
    assert plain.header('Content-Type') == (
        'text/plain; version=0.0.4; charset=utf-8')
    accept = ('application/openmetrics-text;version=1.0.0;q=0.6,'
              'text/plain;version=0.0.4;q=0.3,*/*;q=0.2')
    for open_metrics in (
            site.get('/-/metrics?format=openmetrics'),
            site.get('/-/metrics', headers=[('Accept', accept)])):
        assert open_metrics.header('Content-Type') == (
            'application/openmetrics-text; version=1.0.0; charset=utf-8')
        assert open_metrics.text.endswith('\n# EOF\n')
    document = json.loads(site.get('/-/metrics?format=json').text)
    assert DURATION in [family['name'] for family in document['families']]
    answer = site.get('/-/metrics', headers=[('X-Forwarded-For', '10.0.0.1')])
    assert answer.code == 403
    for path in ('/-/metrics', '/-/metrics?format=openmetrics',
                 '/-/metrics?format=munin'):
        for headers in [], [('Accept-Encoding', 'gzip')]:
            assert site.get(path, headers=headers).header('Vary') == (
                'Accept, Accept-Encoding')


PLONE = 'plone_requests_total{scope="instance",auth="%s"}'


def test_by_the_names_of_plone_observability(site):
    before = samples(site, '?names=plone')
    word = base64.b64encode(b'admin:admin').decode('ascii')
    for headers in [], [], [('Authorization', 'Basic ' + word)]:
        assert site.get('/@@echo', headers=headers).code == 200
    assert site.get('/not/there').code == 404
    after = awaited(lambda: [
        found for found in [samples(site, '?names=plone')]
        if found[PLONE % 'anonymous'] == before[PLONE % 'anonymous'] + 3])[0]
    assert after[PLONE % 'authenticated'] == (
        before[PLONE % 'authenticated'] + 1)
    key = ('plone_request_errors{scope="instance",status_code="404",'
           'auth="anonymous"}')
    assert after[key] == before.get(key, 0) + 1
    database = '{scope="instance",database="main"}'
    assert after['plone_zodb_connections' + database] >= 1
    assert after['plone_zodb_pool_size' + database] > 0
    assert after['plone_process_rss_peak_bytes{scope="instance"}'] >= after[
        'plone_process_rss_bytes{scope="instance"}'] > 1 << 20
    # All of it is understood, and has only one name.
    families = list(parser.text_string_to_metric_families(
        scrape(site, '?names=plone&format=openmetrics')))
    assert [family.name for family in families
            if not family.name.startswith('plone_')] == [
        'zope_metrics_dropped_series']
    answer = site.get('/-/metrics?names=munin')
    assert answer.code == 400
    assert 'names: one of zope, plone' in answer.text


NOTHING_COLLECTED = WITHOUT_SUITE % """
    requests /-/requests Products.ZServerViews.views.requests.requests
    threads /-/threads Products.ZServerViews.views.threads.threads
    collected /collected fixture_metrics.collected
"""


def test_nothing_is_collected_without_a_view_that_tells_it(make_instance):
    site = make_instance(NOTHING_COLLECTED).start()
    assert site.get('/@@echo').code == 200
    found = json.loads(site.get('/collected').text)
    assert found['modules'] == found['callbacks'] == []
    assert found['wrapped'] is False
    names = [thread['name'] for thread in json.loads(
        site.get('/-/threads?format=json').text)['threads']]
    assert [name for name in names if name.startswith((
        'zserver-views-metrics', 'zserver-views-databases',
        'zserver-views-check'))] == []


# So many views that the answer is a large one.
MORE_VIEWS = SECTION.replace(
    '</product-config>',
    '    more /more fixture_views.suite\n</product-config>')


def test_a_large_answer_is_compressed(make_instance):
    """It is the text that others get, on the same connection."""
    site = make_instance(MORE_VIEWS).start()
    # The versions, which are labels, are known from then on.
    awaited(lambda: 'zserverviews="' in scrape(site))
    with site.connect() as connection:
        # Whether it is large is known from the one before.
        before = connection.get('/-/metrics')
        assert len(before.body) > 65536
        packed = connection.get('/-/metrics', headers=GZIP)
        head = connection.get('/-/metrics', method='HEAD', headers=GZIP)
        after = connection.get('/-/metrics')
    for answer in packed, head:
        assert answer.code == 200
        assert answer.header('Content-Encoding') == 'gzip'
        assert answer.header('Vary') == 'Accept, Accept-Encoding'
        assert answer.header('Content-Type') == before.header('Content-Type')
        assert int(answer.header('Content-Length')) < len(before.body) / 4
    assert packed.ended == 'length'
    for answer in before, after:
        assert answer.header('Content-Encoding') is None
    text = zlib.decompress(packed.body, zlib.MAX_WBITS + 16).decode('utf-8')
    # A series may come meanwhile, but none goes.
    assert (set(samples_in(before.text)) <= set(samples_in(text))
            <= set(samples_in(after.text)))
    key = 'zope_view_calls_total{path="/-/metrics"}'
    assert samples_in(text)[key] == samples_in(before.text)[key] + 1


REGISTRY = """
%import Products.ZServerViews
<zserver-views metrics>
    metrics-registry on
    <view /count>
        name fixture_metrics.count
    </view>
</zserver-views>
"""


def test_what_others_have_registered(make_instance):
    site = make_instance(SECTION + REGISTRY).start()
    with sleeping_workers(site, queued=2):
        site.get('/count')
        found = awaited(lambda: [
            found for found in [samples(site)]
            if found.get('zope_registry_collectors{state="hung"}')])[0]
        assert found['zope_registry_collectors{state="failed"}'] == 1
        assert found['zope_registry_dropped_families'] == 2
        assert found['site_depth'] == 7
        assert found['zope_requests_in_work'] == WORKERS
        awaited(lambda: samples(site).get(
            'site_jobs_total{kind="\\"mail\\"\\n"}') == 1)
        # Everything is read by who knows the format best.
        families = list(parser.text_string_to_metric_families(
            scrape(site, '?format=openmetrics')))
        assert 'site_jobs' in [family.name for family in families]
    for line in ('leaves out the collector ', 'leaves out the family ',
                 'Metrics could not be read from the collector '):
        site.wait_for_log('event.log', line)
