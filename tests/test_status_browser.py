"""``/-/status`` in Chromium: a site that is stuck, recovers and dies."""
from __future__ import absolute_import, division, print_function

import os
import signal

import pytest

from tests.checkout import free_port
from tests.functional.harness import Instance
from tests.functional.test_monitor import SECTION
from tests.functional.test_overload import WORKERS, shut_gate, sleeping_workers
from tests.status_browser import (
    HIDDEN,
    HURRY,
    PHONE,
    opened,
    shoot,
    text_of,
    wait_for,
)
from tests.waiting import awaited

pytestmark = pytest.mark.browser

QUEUED = 3
# Of eight hours, with one each two seconds; and in how many steps they are
# waited for.
POLLS = 8 * 3600 // 2
STEPS = 24
# What the page may hold more behind the last than behind the first quarter: less
# than fifty bytes of each poll, and less than one element of fifty.
MOST_BYTES = 500000
MOST_NODES = 200

ALL_SHOWN = 'document.querySelectorAll("#requests tbody tr").length === %d' % (
    WORKERS + QUEUED)
NONE_SHOWN = '!document.querySelector("#requests tbody tr")'
NO_NOTICE = '!document.getElementById("notice").textContent'


@pytest.fixture
def site():
    # At the same address when it starts again.
    instance = Instance(SECTION, listen='listen = 127.0.0.1:%d\nthreads = %d'
                        % (free_port(), WORKERS)).start()
    yield instance
    instance.stop()


def test_stuck_and_recovered(browser, site):
    with opened(browser, site) as page:
        wait_for(page, 'document.title.startsWith("ok")')
        with sleeping_workers(site, queued=QUEUED):
            wait_for(page, ALL_SHOWN)
            assert text_of(page, 'requests').count('GET /@@wait') == (
                WORKERS + QUEUED)
            # Ages run between two answers, too, and become alarming.
            wait_for(page, 'document.querySelectorAll("#workers .stuck").length'
                     ' === %d' % WORKERS)
            wait_for(page, 'document.title.startsWith("stuck: ")')
            assert 'No worker has taken a request' in text_of(page, 'health')
            awaited(lambda: 'the oldest request has waited' in text_of(
                page, 'health'))
            page.locator('#requests a').first.click()
            wait_for(page, 'document.activeElement.id === "stack"')
            assert '__call__' in text_of(page, 'stack-text')
            page.locator('#close').click()
            assert page.locator('#stack').is_hidden()
        wait_for(page, NONE_SHOWN)
        wait_for(page, 'document.title.startsWith("ok")')
        wait_for(page, NO_NOTICE)


def test_dead_and_back(browser, site):
    with opened(browser, site) as page, sleeping_workers_to_kill(site):
        wait_for(page, ALL_SHOWN)
        os.kill(site.pid, signal.SIGKILL)
        awaited(lambda: not site.is_running())
        wait_for(page, 'document.getElementById("notice").textContent')
        assert 'does not answer' in text_of(page, 'notice')
        # Nobody may take the last state for the present one, in no tab.
        assert 'not answering (was ' in text_of(page, 'verdict')
        assert page.title().startswith('not answering: ')
        # The last state, and how old it is.
        assert text_of(page, 'requests').count('GET /@@wait') == (
            WORKERS + QUEUED)
        before = text_of(page, 'requests')
        wait_for(page, '/, ([2-9]|[1-5][0-9])[.][0-9] s ago|min/.test('
                 'document.getElementById("age").textContent)')
        assert text_of(page, 'requests') == before
        site.start()
        wait_for(page, NO_NOTICE)
        wait_for(page, NONE_SHOWN)
        assert 'process %d' % site.pid in text_of(page, 'health')
        assert page.title().endswith(', process %d' % site.pid)
        wait_for(page, 'document.title.startsWith("ok: ")')


class sleeping_workers_to_kill(object):
    """As `sleeping_workers`; nobody has to open the gate in the end."""

    def __init__(self, site):
        self._site = site

    def __enter__(self):
        shut_gate(self._site)
        self._connections = [self._site.connect()
                             for _number in range(WORKERS + QUEUED)]
        for connection in self._connections:
            connection.request('/@@wait?name=0')

    def __exit__(self, *exc_info):
        for connection in self._connections:
            connection.close()


@pytest.mark.parametrize('text', [
    '{}', 'null', '[]', 'no JSON', '{"verdict": "ok", "name": "x", "time": 1}',
    '{"verdict": "ok", "name": "x", "time": 1, "parts": {"other": ""}}'])
def test_an_answer_that_is_not_understood(browser, site, text):
    with opened(browser, site) as page:
        page.route('**/*parts=1', lambda route: route.fulfill(
            status=200, content_type='application/json', body=text))
        wait_for(page, 'document.title.startsWith("unknown: ")')
        assert 'load it anew' in text_of(page, 'notice')
        page.unroute('**/*parts=1')
        wait_for(page, 'document.title.startsWith("ok: ")')
        wait_for(page, NO_NOTICE)


def test_the_path_is_seen_on_a_phone(browser, site):
    with opened(browser, site, viewport=PHONE) as page:
        with sleeping_workers(site, queued=QUEUED):
            wait_for(page, ALL_SHOWN)
            box = page.locator('#requests td code').first.bounding_box()
            assert box['x'] + box['width'] <= PHONE['width']


def test_without_javascript(browser, site):
    with opened(browser, site, java_script_enabled=False) as page:
        loads = []
        page.on('load', lambda _page: loads.append(1))
        with sleeping_workers(site, queued=QUEUED):
            # It loads itself anew.
            awaited(lambda: content_of(page).count('GET /@@wait') == (
                WORKERS + QUEUED))
            assert loads
            page.locator('#workers a').first.click()
            awaited(lambda: '__call__' in content_of(page))


def content_of(page):
    """The HTML of a page that may load itself anew just now: then none."""
    from playwright.sync_api import Error
    page.wait_for_timeout(100)
    try:
        return page.content()
    except Error:
        return ''


def test_a_hidden_tab_asks_nothing(browser, site):
    with opened(browser, site, HIDDEN) as page:
        asked = []
        page.on('request', lambda request: asked.append(request.url))
        awaited(lambda: page.wait_for_timeout(50) or asked)
        assert all(url.endswith('?format=json&parts=1') for url in asked)
        page.evaluate('() => { window.isHidden = true; }')
        # One may be on its way.
        page.wait_for_timeout(3000)
        number = len(asked)
        page.wait_for_timeout(5000)
        assert len(asked) == number
        page.evaluate('''() => {
            window.isHidden = false;
            document.dispatchEvent(new Event('visibilitychange'));
        }''')
        awaited(lambda: page.wait_for_timeout(50) or len(asked) > number)


@pytest.mark.parametrize('options', [
    {}, {'color_scheme': 'dark'}, {'viewport': PHONE}],
    ids=['light', 'dark', 'phone'])
def test_everybody_can_use_it(browser, site, options):
    from axe_playwright_python.sync_playwright import Axe
    with opened(browser, site, **options) as page:
        with sleeping_workers(site, queued=QUEUED):
            wait_for(page, ALL_SHOWN)
            page.locator('#workers a').first.click()
            wait_for(page, 'document.activeElement.id === "stack"')
            results = Axe().run(page)
            assert results.violations_count == 0, results.generate_report()
            # Whatever is wide can be scrolled by itself.
            assert page.evaluate('() => document.documentElement.scrollWidth '
                                 '<= window.innerWidth')


def test_eight_hours_of_polls(browser, site):
    with opened(browser, site, HURRY) as page:
        session = page.context.new_cdp_session(page)
        session.send('Performance.enable')
        held = []
        for step in range(1, STEPS + 1):
            wait_for(page, 'window.polls >= %d' % (step * POLLS // STEPS))
            if step in (STEPS // 4, STEPS):
                held.append(counted(session))
        first, last = held
        wait_for(page, NO_NOTICE)
        assert last['Nodes'] - first['Nodes'] <= MOST_NODES, held
        assert last['JSEventListeners'] - first['JSEventListeners'] <= 5, held
        assert last['JSHeapUsedSize'] - first['JSHeapUsedSize'] <= MOST_BYTES, (
            held)


def counted(session):
    """{name: number} of what the page holds, without what is garbage."""
    for _number in range(3):
        session.send('HeapProfiler.collectGarbage')
    return dict((metric['name'], metric['value']) for metric
                in session.send('Performance.getMetrics')['metrics'])


def test_the_pictures(browser, site, tmp_path):
    with sleeping_workers(site, queued=QUEUED):
        for path in shoot(browser, site, str(tmp_path)):
            assert 1000 < os.path.getsize(path) < 300000
