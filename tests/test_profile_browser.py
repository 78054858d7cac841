"""The flame graph of ``/-/profile`` in Chromium: it is drawn, zooms, and asks nobody."""
from __future__ import absolute_import, division, print_function

import pytest

from tests.functional.harness import Instance
from tests.functional.test_profile import (
    SECTION,
    TOKEN,
    begun,
    finished,
    working,
)
from tests.status_browser import wait_for
from tests.waiting import LONG

pytestmark = pytest.mark.browser


@pytest.fixture
def site():
    instance = Instance(SECTION, environ={'ZSV_TOKEN': TOKEN},
                        **Instance.limited_to(100)).start()
    yield instance
    instance.stop()


def test_a_flame_graph(browser, site):
    with working(site, '/@@wait', '/@@compute'):
        finished(site, begun(site, '?seconds=1&rate=50'))
    address = 'http://%s:%d/-/profile?format=svg' % tuple(site.addresses[0])
    asked, complaints = [], []
    page = browser.new_page()
    try:
        page.set_default_timeout(1000 * LONG)
        page.on('request', lambda request: asked.append(request.url))
        page.on('pageerror', lambda error: complaints.append(str(error)))
        page.goto(address)
        boxes = page.evaluate('document.querySelectorAll(".box").length')
        assert boxes > 5
        # The script runs, though the page is in a sandbox.
        wait_for(page, 'document.getElementById("search").style.display '
                       '=== "inline"')
        titles = page.evaluate('[].map.call(document.querySelectorAll('
                               '".box title"), title => title.textContent)')
        assert any('/@@wait' in title for title in titles), titles
        inner = [number for number, title in enumerate(titles)
                 if title.startswith('/@@wait')][0]
        page.evaluate('number => document.querySelectorAll(".box")[number]'
                      '.dispatchEvent(new Event("click"))', inner)
        wait_for(page, 'document.getElementById("reset").style.display '
                       '=== "inline"')
        hidden = page.evaluate('[].filter.call(document.querySelectorAll(".box"),'
                               ' box => box.style.display === "none").length')
        assert 0 < hidden < boxes
        page.evaluate('document.getElementById("reset").dispatchEvent('
                      'new Event("click"))')
        wait_for(page, 'document.getElementById("reset").style.display '
                       '=== "none"')
    finally:
        page.close()
    assert complaints == []
    # Not an icon, a font or a style sheet of anybody's.
    assert [url for url in asked if not url.endswith('/favicon.ico')] == [address]
