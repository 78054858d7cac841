"""All names that others rely on, written down here one by one.

A name that is missing here has been taken from somebody's configuration, code,
dashboard or script: put it back. A name that is new belongs into this list and
into the docs. Nothing here is made from the code.
"""
from __future__ import absolute_import, division, print_function

import inspect
import io
import json
import logging
import os
import time
import types
import xml.etree.ElementTree

import pytest
from zope.interface import Interface

import Products.ZServerViews
from Products.ZServerViews import base, interfaces, views
from Products.ZServerViews._compat import PY2, get_ident
from Products.ZServerViews.cli import __main__ as command
from Products.ZServerViews.cli.commands import parser
from Products.ZServerViews.config import mounts, resolve, sections, settings
from Products.ZServerViews.history.disk import FULL, Disk
from Products.ZServerViews.history.profiling.profiler import Finished, Profiler
from Products.ZServerViews.history.profiling.running import Running
from Products.ZServerViews.runtime.disk_keeping import DiskKeeper
from Products.ZServerViews.runtime.log_change import Change
from Products.ZServerViews.tests import common
from tests.unit.format.profiles import examples
from tests.unit.monitor.memory.examples import examined
from tests.unit.history.world import EPOCH, eventful
from tests.unit.monitor.monitor_dummies import Server, ask
from tests.unit.site_dummies import NEAR, TOKEN, Site
from tests.unit.zopeapp import database_dummies

FOLDER = os.path.dirname(os.path.abspath(Products.ZServerViews.__file__))
# Not where the package is: that may be an installed one.
CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))

# <product-config zserver-views>: "identifier path dotted.name option=value"
PRODUCT_SECTION = 'zserver-views'
OPTIONS = {'access-log', 'aside', 'replace-zope', 'tier'}
TIERS = {'status', 'operator', 'sensitive', 'change'}

# <view NAME> in <zserver-views NAME>
SECTION_TYPES = {'view', 'zserver-views'}
VIEW_KEYS = OPTIONS | {'name', 'path'}
SETTINGS = {
    'allow', 'allow-users', 'aside-timeout', 'check', 'check-interval', 'check-timeout',
    'companion', 'drain-timeout', 'hang-after', 'hang-dump', 'hosts', 'listen',
    'live-timeout', 'metrics-registry', 'metrics-series', 'ready-max-queue',
    'ready-max-wait', 'record', 'record-always', 'record-log', 'record-size',
    'signals', 'slow-request', 'slow-request-log', 'storage-timing',
    'switch-interval', 'token-env', 'token-file', 'token-file-mode',
    'view-budget'}

# Dotted names and what may be asked of the objects behind them.
DOTTED = {
    'Products.ZServerViews.initialize': '(context)',
    'Products.ZServerViews.update_configuration': '(entries)',
    'Products.ZServerViews.base.TextView': '(function)',
    'Products.ZServerViews.base.JSONView': '(function)',
    'Products.ZServerViews.base.ViewError': "(status, message='', headers=())",
    'Products.ZServerViews.base.aside': '(view)',
    'Products.ZServerViews.tests.common.current_thread_id_zserver_view':
        '(environ, start_response)',
    'Products.ZServerViews.views.monitor': None,
    'Products.ZServerViews.views.health.live': '(environ, start_response)',
    'Products.ZServerViews.views.health.ready': '(environ, start_response)',
    'Products.ZServerViews.views.health.startup': '(environ, start_response)',
}
# What a view has, beside being called.
VIEW_ATTRIBUTES = {'content_type', 'func', 'function', 'runs_aside', 'tier'}
ERROR_ATTRIBUTES = {'status', 'message', 'headers'}
INTERFACES = {'IView': {'__call__'}, 'ISuite': {'views'}}
# Our keys of the environ are in tests/functional/test_environ.py, over each server.

# Below the path at which the suite is mounted: name, tier, methods, formats,
# parameters.
READ = ('GET', 'HEAD')
ASKED = READ + ('OPTIONS',)
SUITE = {
    '': ('operator', READ, ('text', 'json'), ('format',)),
    'status': ('operator', READ, ('html', 'json'),
               ('format', 'stack', 'parts')),
    'live': ('status', ASKED, ('text', 'json', 'health'),
             ('format', 'verbose')),
    'ready': ('status', ASKED, ('text', 'json', 'health'),
              ('format', 'verbose')),
    'startup': ('status', ASKED, ('text', 'json', 'health'),
                ('format', 'verbose')),
    'workers': ('operator', READ, ('text', 'json'), ('format', 'siblings')),
    'metrics': ('operator', READ, ('prometheus', 'openmetrics', 'json'),
                ('format', 'names')),
    'requests': ('sensitive', READ, ('text', 'json'), ('format', 'limit')),
    'threads': ('sensitive', READ,
                ('text', 'json', 'collapsed', 'speedscope'),
                ('format', 'limit', 'source', 'full')),
    'history': ('sensitive', READ,
                ('text', 'json', 'collapsed', 'speedscope', 'firefox', 'pprof',
                 'svg'),
                ('format', 'at', 'from', 'to', 'path', 'worker')),
    'profile': ('sensitive', READ + ('POST', 'DELETE'),
                ('text', 'json', 'svg', 'collapsed', 'speedscope', 'firefox',
                 'pprof'), ('format', 'seconds', 'rate', 'id')),
    'memory': ('sensitive', READ + ('POST', 'DELETE'), ('text', 'json'),
               ('format', 'objects', 'limit', 'seconds', 'hold')),
    'database': ('operator', READ, ('text', 'json'), ('format',)),
    'info': ('operator', READ, ('text', 'json'), ('format',)),
    'loggers': ('operator', READ + ('POST', 'DELETE'), ('text', 'json'),
                ('format', 'name', 'level', 'for', 'path', 'user', 'to', 'id',
                 'limit')),
    'loggers/tail': ('sensitive', READ, ('text', 'json'),
                     ('format', 'limit', 'name')),
    'drain': ('operator', READ + ('POST', 'DELETE'), ('text', 'json'),
              ('format',)),
}

# The keys of each document: a dot stands before those of an object in it, []
# for each one of a list.
KEYS = {
    '': '''
        omitted
        views views[].formats views[].methods views[].name
        views[].parameters views[].parameters[].name
        views[].parameters[].values views[].path views[].summary views[].tier
        ''',
    'status': '''
        condition host instance still_since databases
        databases[].connected databases[].idle databases[].limit
        databases[].name databases[].oldest_wait databases[].open
        databases[].per_second databases[].per_second.commits
        databases[].per_second.conflicts databases[].per_second.loads
        databases[].storage databases[].waiting details health health[].checks
        health[].checks[].detail health[].checks[].name health[].checks[].ok
        health[].name health[].ok incidents incidents[].rule incidents[].said
        incidents[].time intervals intervals[].failed
        intervals[].longest_lag_seconds intervals[].p50_seconds
        intervals[].p95_seconds intervals[].requests intervals[].seconds
        intervals[].time numbers numbers.busy numbers.connection_limit
        numbers.connections numbers.descriptors numbers.finished
        numbers.finished_by_seconds numbers.finished_by_seconds.10
        numbers.finished_by_seconds.300 numbers.finished_by_seconds.60
        numbers.longest_lag_seconds numbers.resident_bytes numbers.threads
        numbers.waiting numbers.workers omitted_processes omitted_requests pid
        processes requests
        requests[].began requests[].client_address requests[].client_gone
        requests[].phase requests[].received requests[].thread_ident
        requests[].thread_name requests[].title requests[].user slow_views
        slow_views[].aside slow_views[].longest_turn_seconds
        slow_views[].offences slow_views[].path started time worker workers
        workers[].began workers[].thread_ident workers[].thread_name
        ''',
    'live': '''
        checks checks.event-loop checks.event-loop[].output
        checks.event-loop[].status checks.progress checks.progress[].output
        checks.progress[].status pid status worker
        ''',
    'ready': '''
        checks checks.event-loop checks.event-loop[].output
        checks.event-loop[].status checks.not-draining checks.not-draining[].output
        checks.not-draining[].status checks.queue checks.queue[].output
        checks.queue[].status checks.started checks.started[].output
        checks.started[].status checks.wait checks.wait[].output
        checks.wait[].status pid status worker
        ''',
    'startup': '''
        checks checks.event-loop checks.event-loop[].output
        checks.event-loop[].status checks.started checks.started[].output
        checks.started[].status pid status worker
        ''',
    'database': '''
        databases databases[].calls databases[].calls.errors
        databases[].calls.per_second PER_SECOND
        databases[].calls.totals databases[].calls.totals.aborts
        databases[].calls.totals.commits databases[].calls.totals.conflicts
        databases[].calls.totals.loads
        databases[].calls.totals.server_loads
        databases[].calls.totals.stores
        databases[].connections databases[].connections[].cache
        databases[].connections[].cache.bytes
        databases[].connections[].cache.ghosts
        databases[].connections[].cache.objects
        databases[].connections[].cache.target_bytes
        databases[].connections[].cache.target_objects
        databases[].connections[].open_seconds
        databases[].connections[].request
        databases[].connections[].request_has_ended
        databases[].connections[].thread_ident
        databases[].connections[].thread_name
        databases[].connections_omitted databases[].mount_points
        databases[].name databases[].pack databases[].pack.in_progress
        databases[].pack.last databases[].pack.running_seconds
        databases[].pool databases[].pool.cached_bytes
        databases[].pool.cached_objects databases[].pool.connections
        databases[].pool.historical databases[].pool.idle
        databases[].pool.limit databases[].pool.oldest_open_seconds
        databases[].pool.open databases[].readings
        databases[].readings.server databases[].readings.server.age_seconds
        databases[].readings.server.state databases[].readings.server.value
        databases[].readings.size databases[].readings.size.age_seconds
        databases[].readings.size.state databases[].readings.size.value
        databases[].readings.size.value.bytes
        databases[].readings.size.value.objects SERVER
        databases[].storage databases[].storage.blobs
        databases[].storage.inner databases[].storage.kind
        databases[].storage.name databases[].storage.relstorage
        databases[].storage.zeo databases[].storage.zeo.cache_added
        databases[].storage.zeo.cache_evicted
        databases[].storage.zeo.cache_hits
        databases[].storage.zeo.cache_limit_bytes
        databases[].storage.zeo.connected databases[].storage.zeo.server
        not_opened relstorage_calls storage_timing waits waits[].call
        waits[].database waits[].request waits[].seconds
        waits[].thread_ident waits[].thread_name waits_omitted
        '''.replace('PER_SECOND', ' '.join(
            'databases[].calls.per_second.%s%s' % (window, name)
            for window in (10, 60, 300) for name in (
                '', '.loads', '.stores', '.commits', '.aborts',
                '.conflicts', '.server_loads'))).replace('SERVER', ' '.join(
                    'databases[].readings.server.value.' + name
                    for name in (
                        'aborts', 'active_txns', 'commits', 'conflicts',
                        'conflicts_resolved', 'connections', 'loads',
                        'stores', 'waiting'))),
    'workers': '''
        busy connection_limit connections finished finished_by_seconds
        finished_by_seconds.10 finished_by_seconds.300
        finished_by_seconds.60 idle loops loops[].running
        loops[].thread_ident loops[].turns oldest_wait_seconds pid siblings
        waiting worker workers
        ''',
    'metrics': '''
        families families[].help families[].name families[].series
        families[].series[].buckets families[].series[].count
        families[].series[].labels families[].series[].labels.database
        families[].series[].labels.end
        GENERATION families[].series[].labels.implementation
        families[].series[].labels.loop families[].series[].labels.path
        families[].series[].labels.seconds families[].series[].labels.server
        families[].series[].labels.state families[].series[].labels.version
        families[].series[].labels.waitress families[].series[].labels.zope
        families[].series[].sum families[].series[].value families[].type
        '''.replace('GENERATION', '' if PY2 else
                    # Python 2.7 tells of no collection of garbage.
                    'families[].series[].labels.generation'),
    'requests': '''
        in_work oldest_wait_seconds omitted_requests requests
        requests[].age_seconds requests[].asked_host
        requests[].asked_path requests[].client_address
        requests[].client_gone requests[].method requests[].path
        requests[].peer_address
        requests[].phase requests[].sent_bytes requests[].user
        requests[].waited_seconds requests[].worked_seconds
        requests[].worker_ident requests[].worker_name waiting
        ''',
    'threads': '''
        omitted_threads threads threads[].cut threads[].ident threads[].name
        threads[].native_id threads[].request threads[].request_age_seconds
        threads[].request_path
        threads[].role threads[].stack threads[].state
        threads[].unmoved_seconds
        ''',
    'history': '''
        ended errors errors[].class errors[].count errors[].first
        disk disk.error disk.folder disk.hanging_seconds disk.limit_bytes
        disk.lost disk.lost.queue_full disk.waiting_bytes disk.written_bytes
        errors[].last errors[].newest errors[].newest[].path
        errors[].newest[].stack errors[].newest[].time errors[].place
        from gaps gaps[].kind gaps[].seconds gaps[].time held held[].id
        held[].method held[].path held[].seconds held[].since held[].stacks
        held[].stacks[].seconds held[].stacks[].stack
        held[].stacks[].state held[].states held[].states.-
        held[].worker incidents incidents[].kind incidents[].rule
        incidents[].said incidents[].time incidents[].worst log
        log[].count log[].kind log[].level log[].logger log[].place
        log[].text log[].time longest_late looks path process
        process.kind process.pid process.python process.started
        process.time process.versions process.versions.Zope
        process.versions.waitress queued queued[].looks queued[].path
        recorded rules rules[].last rules[].lasted rules[].name
        rules[].why_not_since
        slow slow[].began slow[].ended slow[].error slow[].id
        slow[].inside slow[].method slow[].path slow[].phases
        slow[].phases.traversing slow[].phases.waiting slow[].seconds
        slow[].stacks slow[].stacks[].seconds slow[].stacks[].stack
        slow[].stacks[].state slow[].status slow[].storage slow[].waited
        slow[].worker starts starts[].kind starts[].pid starts[].python
        starts[].started starts[].time starts[].versions
        starts[].versions.Zope starts[].versions.waitress summary
        summary.commits summary.conflicts summary.cpu summary.databases
        summary.descriptors summary.errors summary.errors.KeyError
        summary.gc_longest summary.gc_pauses summary.gc_seconds
        summary.lag summary.late summary.longest_wait summary.looks
        summary.minutes summary.most_in_work summary.most_waiting
        summary.own_cpu summary.requests summary.requests.2xx
        summary.requests.5xx summary.retries summary.rss summary.seconds
        summary.threads summary.waited to worker
        ''',
    'profile': '''
        finished finished[].busy_seconds finished[].bytes finished[].ended
        finished[].failed finished[].id finished[].late_p99_seconds
        finished[].longest_gap_seconds finished[].own_cost_seconds
        finished[].planned finished[].rate finished[].sampler
        finished[].seconds finished[].started finished[].taken
        running running.due running.elapsed_seconds running.ending running.id
        running.planned running.rate running.sampler running.seconds
        running.started running.taken unusable
        ''',
    'info': '''
        dropped_log_lines implementation pid platform python server
        server_does_not_tell server_software worker
        settings settings.allow settings.allow_users
        settings.aside_timeout_seconds settings.check
        settings.check_interval_seconds settings.check_timeout_seconds
        settings.companion
        settings.drain_timeout_seconds settings.hang_after_seconds
        settings.hang_dump settings.hosts settings.listen
        settings.live_timeout_seconds settings.metrics_registry
        settings.metrics_series settings.ready_max_queue
        settings.ready_max_wait_seconds settings.record
        settings.record_always settings.record_log settings.record_size_bytes
        settings.signals
        settings.slow_request_log_seconds settings.slow_request_seconds
        settings.storage_timing
        settings.switch_interval_seconds settings.token_env
        settings.token_file settings.token_file_mode
        settings.view_budget_seconds started uptime_seconds
        versions versions.Zope versions.waitress
        views views[].aside views[].aside_until
        views[].longest_turn_seconds views[].name views[].offences views[].path
        views[].tier views_omitted
        ''',
    'memory': '''
        day day.first_bytes day.growth_bytes day.highest_bytes day.hours
        day.hours[].from day.hours[].highest_bytes day.hours[].lowest_bytes
        day.recorded_since gc gc.enabled gc.garbage gc.generations
        gc.generations[].collected gc.generations[].collections
        gc.generations[].count gc.generations[].longest_pause_seconds
        gc.generations[].pause_seconds gc.generations[].pauses
        gc.generations[].threshold gc.generations[].uncollectable heap
        heap.mapped_bytes heap.python_blocks heap.unknown heap.used_bytes
        memory memory.anonymous_bytes memory.private_dirty_bytes
        memory.pss_bytes memory.rss_bytes memory.swap_bytes objects
        objects.classes objects.classes[].growth objects.classes[].objects
        objects.classes[].type objects.compared_with
        objects.compared_with.held_seconds objects.compared_with.objects
        objects.compared_with.seconds objects.compared_with.started
        objects.look objects.look.held_seconds objects.look.objects
        objects.look.seconds objects.look.started objects.persistent
        objects.persistent[].estimated_bytes objects.persistent[].ghosts
        objects.persistent[].growth objects.persistent[].loaded
        objects.persistent[].type objects.python_types
        objects.python_types[].growth objects.python_types[].objects
        objects.python_types[].type objects.running
        objects.running.counted objects.running.started
        objects.running.total
        pages pages.requests pages.rows pages.rows[].alone
        pages.rows[].alone_growth_bytes pages.rows[].path
        pages.rows[].shared pages.rows[].shared_growth_bytes
        tracing tracing.cost tracing.last tracing.last.blocks
        tracing.last.bytes tracing.last.ended tracing.last.held_seconds
        tracing.last.id tracing.last.places tracing.last.places[].blocks
        tracing.last.places[].bytes tracing.last.places[].file
        tracing.last.places[].line tracing.last.refused
        tracing.last.seconds tracing.last.started tracing.running
        tracing.running.elapsed_seconds tracing.running.ending
        tracing.running.id tracing.running.seconds tracing.running.started
        tracing.unusable
        ''',
    'loggers': '''
        changes changes[].before changes[].id changes[].level
        changes[].logger changes[].note changes[].path
        changes[].restricted changes[].seconds_left changes[].to
        changes[].until changes[].user ended ended[].ended ended[].id
        ended[].level ended[].logger ended[].path ended[].reason
        ended[].restricted ended[].to ended[].user loggers
        loggers[].disabled loggers[].effective_level
        loggers[].handlers_level loggers[].level loggers[].name
        omitted_loggers
        ''',
    'loggers/tail': '''
        omitted_records records records[].error records[].level
        records[].logger records[].message records[].request
        records[].stack records[].thread_name records[].time shows
        ''',
    'drain': 'draining ending in_flight',
}
SPEEDSCOPE_KEYS = '''
    $schema activeProfileIndex exporter name profiles profiles[].endValue
    profiles[].name profiles[].samples profiles[].startValue profiles[].type
    profiles[].unit profiles[].weights shared shared.frames
    shared.frames[].file shared.frames[].line shared.frames[].name
    '''
ERROR_KEYS = 'error'

COMMANDS = {'check', 'record', 'top'}
CHECK_OPTIONS = {'--help', '--patience', '--quick', '--scenario',
                 '--switch-interval', '--url', '--uwsgi', '--view', '-h'}
RECORD_OPTIONS = {'--at', '--format', '--from', '--help', '--path', '--pid',
                  '--process', '--to', '--worker', '-h'}
CHECK_EXIT_CODES = {'GOOD': 0, 'BAD': 1, 'CANNOT_RUN': 2, 'INTERRUPTED': 130}


# Configuration

def schema():
    """{name of a section type: the names of its keys}"""
    tree = xml.etree.ElementTree.parse(os.path.join(FOLDER, 'component.xml'))
    return {
        kind.get('name'): {key.get('name') for key in kind
                               if key.tag in ('key', 'multikey')}
        for kind in tree.getroot().iter('sectiontype')}


def test_sections_of_zope_conf():
    assert sections.PRODUCT_SECTION == PRODUCT_SECTION
    assert set(schema()) == SECTION_TYPES
    assert schema()['view'] == VIEW_KEYS
    assert schema()['zserver-views'] == SETTINGS


def test_options_and_settings():
    assert {name for name, _, _ in sections.OPTIONS} == OPTIONS
    assert set(sections.TIERS) == TIERS
    assert {name for name, _default in settings.SETTINGS} == SETTINGS


# Python

def signature(function):
    """Of a function, of the calls of a class, or of those of an object."""
    if not PY2 and inspect.isclass(function):
        return str(inspect.signature(function))
    if inspect.isclass(function):
        function = function.__init__
    if not isinstance(function, (types.FunctionType, types.MethodType)):
        function = function.__call__
    if not PY2:
        return str(inspect.signature(function))
    said = inspect.formatargspec(*inspect.getargspec(function))
    return said.replace('(self, ', '(').replace("u''", "''")


@pytest.mark.parametrize('name', sorted(DOTTED))
def test_dotted_names(name):
    found = resolve.resolve(name)
    if DOTTED[name] is not None:
        assert signature(found) == DOTTED[name]


def test_attributes_of_views_and_errors():
    for view in (common.current_thread_id_zserver_view,
                 base.JSONView(lambda environ: 1)):
        assert all(hasattr(view, name) for name in VIEW_ATTRIBUTES)
    error = base.ViewError('404 Not Found')
    assert set(vars(error)) == ERROR_ATTRIBUTES


def test_types_are_installed():
    for name in ('py.typed', '__init__.pyi', 'base.pyi', 'interfaces.pyi',
                 os.path.join('tests', 'common.pyi')):
        assert os.path.exists(os.path.join(FOLDER, name)), name


def test_interfaces():
    found = {name: set(one.names())
                 for name, one in vars(interfaces).items()
                 if one is not Interface and hasattr(one, 'names')}
    assert found == INTERFACES


# The suite

def members():
    return dict(views.monitor.views())


def test_views_of_the_suite():
    assert set(members()) == set(SUITE)


@pytest.mark.parametrize('name', sorted(SUITE))
def test_what_each_view_answers(name):
    view = members()[name]
    parameters = tuple(one.name for one in view.known_parameters())
    assert (view.tier, view.methods, view.formats, parameters) == SUITE[name]


def test_paths_of_the_suite():
    entry = sections.Entry('place', 'said', '/-/',
                           'Products.ZServerViews.views.monitor')
    assert {mount.path for mount in mounts.mounts_of([entry])} == {
        '/-/', '/-/status', '/-/live', '/-/ready', '/-/startup', '/-/workers',
        '/-/metrics', '/-/requests', '/-/threads', '/-/history', '/-/profile',
        '/-/memory', '/-/database', '/-/info', '/-/loggers', '/-/loggers/tail',
        '/-/drain'}


def keys(value, before=''):
    """The keys of a document, as in KEYS above."""
    if isinstance(value, dict):
        for key, below in value.items():
            name = (before + '.' + key).lstrip('.')
            yield name
            for inner in keys(below, name):
                yield inner
    elif isinstance(value, list):
        for below in value:
            if isinstance(below, dict):
                for inner in keys(below, before + '[]'):
                    yield inner


@pytest.fixture
def site():
    """One in which nothing is well, so that all is told."""
    made = Site(live_timeout=1.0, ready_max_wait=1.0, ready_max_queue=0)
    entry = sections.Entry('place', 'said', '/-/',
                           'Products.ZServerViews.views.monitor')
    made.mount(*mounts.mounts_of([entry]))
    made.drain.hold()
    made.loops.all[0].turns = 0
    made.watchdog.stands_for = 1.0
    made.profiler = Profiler(made, None, safe=True)
    made.profiler.running = Running(2, 5, 20)
    made.profiler.finished = Finished(Running(1, 1, 100), examples.profile()),
    with_databases = database_dummies.busy_site()
    made.databases = with_databases.databases
    made.memory = examined()
    made.metrics.follow(True)
    for _number in range(2):
        made.metrics.trail.look()
    made.table.by_path['/-/info'].usage.overruns = 1
    made.disk_keeper = DiskKeeper(None)
    made.disk_keeper.disk = Disk('/record', 'zope1', 1, None)
    made.disk_keeper.disk._refused = {FULL: 1}
    made.history = eventful().flight
    made.history.model.add({'kind': 'minute', 'time': time.time(), 'rss': 5})
    logger = logging.getLogger('test.public_names')
    for _number in range(2):
        made.log_levels.begin(logger, Change(logger.name, 10), 3600)
    made.log_levels.put_back(lambda change: change.id == 1)
    made.log_levels.ring.add(logging.makeLogRecord({}))
    yield made
    made.log_levels.end()
    with_databases.close()


@pytest.fixture
def busy(site):
    """A worker has a request, and another one waits for ever."""
    waits = site.recorder.received('GET', '/waits', '192.0.2.1')
    works = site.recorder.received('GET', '/works', '192.0.2.1')
    site.recorder.begins(works)
    site.clock.now += 1000
    return Server([waits, works], [get_ident()])


def document(name, site, server, query='format=json', **environ):
    environ = dict(NEAR, **environ)
    # The second look at what waits or has not moved.
    for _look in range(2):
        _status, _headers, text = ask(members()[name], site, server, query,
                                      **environ)
        site.clock.now += 1
    return json.loads(text)


@pytest.mark.parametrize('name', sorted(SUITE))
def test_keys_of_the_documents(site, busy, name):
    query = 'format=json'
    if name == 'history':
        query += '&from=%d&to=%d' % (EPOCH, EPOCH + 86400)
    found = set(keys(document(name, site, busy, query, **TOKEN)))
    assert found == set(KEYS[name].split())


def test_keys_of_a_speedscope_document(site, busy):
    found = document('threads', site, busy, 'format=speedscope')
    assert set(keys(found)) == set(SPEEDSCOPE_KEYS.split())


def test_the_frames_of_a_stack_are_lists(site, busy):
    for query, places in (('format=json', 3), ('format=json&source', 4)):
        for thread in document('threads', site, busy, query)['threads']:
            assert {len(frame) for frame in thread['stack']} == {places}


def test_keys_of_a_refusal(site, busy):
    found = document('workers', site, busy, 'format=json&unknown=1',
                     HTTP_ACCEPT='application/json')
    assert set(found) == {ERROR_KEYS}


# The command

def test_the_console_script():
    with io.open(os.path.join(CHECKOUT, 'setup.py'),
                 encoding='utf-8') as source:
        assert (u'zserverviews = Products.ZServerViews.cli.__main__:main'
                in source.read())
    assert callable(command.main)


def test_commands_and_their_options():
    commands, = [action for action in parser()._actions
                 if hasattr(action, 'choices') and action.choices]
    assert set(commands.choices) == COMMANDS
    for name, expected in (('check', CHECK_OPTIONS), ('record', RECORD_OPTIONS)):
        assert {option for action in commands.choices[name]._actions
                for option in action.option_strings} == expected


def test_exit_codes_of_the_check():
    for name, code in CHECK_EXIT_CODES.items():
        assert getattr(command, name) == code
