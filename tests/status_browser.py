"""Debian's Chromium, driven by playwright, which brings no browser of its own."""
from __future__ import absolute_import, division, print_function

import contextlib

from tests.waiting import LONG, awaited
from tools import programs

# As root it has no sandbox; and it is to ask nobody but the site.
ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
             '--disable-background-networking', '--disable-component-update',
             '--disable-sync', '--disable-dev-shm-usage']
DESK = {'width': 1000, 'height': 1100}
PHONE = {'width': 360, 'height': 740}

# A tab is hidden when a test says so.
HIDDEN = '''
window.isHidden = false;
Object.defineProperty(document, 'hidden', {get: () => window.isHidden});
'''

# Two seconds are over at once, and each other answer is a whole one, in which all
# parts are others than before: the site itself makes one a second at most.
HURRY = '''
window.polls = 0;
const later = window.setTimeout.bind(window), load = window.fetch.bind(window);
window.setTimeout = (call, wait) => later(call, wait === 2000 ? 0 : wait);
window.fetch = async (query, options) => {
  window.polls += 1;
  if (window.polls % 2) options.headers = {};
  const answer = await load(query, options), text = await answer.text();
  if (answer.status !== 200) return {status: answer.status, text: async () => text};
  const news = JSON.parse(text);
  for (const name in news.parts) news.parts[name] += '<i>' + window.polls + '</i>';
  return {status: 200, headers: answer.headers,
          text: async () => JSON.stringify(news)};
};
'''


@contextlib.contextmanager
def chromium():
    """The browser of playwright."""
    from playwright.sync_api import sync_playwright
    path = programs.find('chromium')
    assert path, 'chromium is not installed; .ci/run lists what the tests need'
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def address(site):
    return 'http://%s:%d/-/status' % tuple(site.addresses[0])


@contextlib.contextmanager
def opened(browser, site, script=None, **options):
    """The page of a site in a tab; ``script`` runs before those of the page.

    In the end, nothing that the browser complains of has happened, but that it
    had no answer, or one that is none.
    """
    context = browser.new_context(**dict({'viewport': DESK}, **options))
    complaints = []
    try:
        page = context.new_page()
        page.set_default_timeout(1000 * LONG)
        page.on('pageerror', lambda error: complaints.append(str(error)))
        page.on('console', lambda message: complaints.append(
            message.text) if message.type == 'error' else None)
        if script is not None:
            page.add_init_script(script)
        page.goto(address(site))
        yield page
    finally:
        context.close()
    complaints = [text for text in complaints
                  if not text.startswith('Failed to load resource: ')]
    assert complaints == []


def wait_for(page, true):
    """Wait until a JavaScript expression is true in the page."""
    awaited(lambda: page.evaluate('() => !!(%s)' % true))


def text_of(page, name):
    """What stands in an element with this id."""
    return page.locator('#' + name).inner_text()


def shoot(browser, site, folder):
    """The pictures of docs/status.rst, of a site as it is now; their paths."""
    made = []
    for name, options in (
            ('dark', {'color_scheme': 'dark'}),
            ('phone', {'viewport': PHONE, 'color_scheme': 'dark'})):
        with opened(browser, site, **options) as page:
            wait_for(page, 'document.querySelector("#requests tbody tr")')
            made.append('%s/%s.png' % (folder, name))
            page.screenshot(path=made[-1], full_page=name != 'phone')
    return made
