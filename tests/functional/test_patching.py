"""Views that come and go under traffic, between patches of other products."""
from __future__ import absolute_import, division, print_function

import json
import os
import threading
import time
from collections import Counter

import pytest

from tests.checkout import free_port
from tests.functional.harness.instance import SECTION
from tests.functional.test_listener import TYPED, ask
from tests.waiting import LONG, awaited

VIEWS = """
    first /first fixture_patches.hello
    hello /hello fixture_views.hello
    requests /-/requests Products.ZServerViews.views.requests.requests
"""

REQUESTS = 10000
CLIENTS = 8


@pytest.fixture(scope='module')
def patched():
    """(instance, address of its listener for views)"""
    from tests.functional.harness import Instance
    address = ('127.0.0.1', free_port())
    instance = Instance(SECTION % VIEWS + TYPED % (
        'listen %s:%d\n    switch-interval 1ms' % address))
    instance.start()
    assert instance.get('/first').text == 'hello'
    assert instance.get('/@@patch-behind').text == 'patched'
    yield instance, address
    assert instance.is_running(), instance.output()
    instance.stop()


def told(zope):
    return json.loads(zope.get('/@@process-state').text)


class Traffic(object):
    """Requests for the site, one after the other on each connection."""

    def __init__(self, zope, number):
        self.wrong = []
        self.answered = 0
        self._zope = zope
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run,
                                          args=(number // CLIENTS, client))
                         for client in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def _run(self, number, client):
        try:
            with self._zope.connect(60) as connection:
                for place in range(number):
                    name = '%d-%d' % (client, place)
                    answer = connection.get('/@@echo?name=' + name)
                    with self._lock:
                        if answer.text == 'echo %s 0' % name:
                            self.answered += 1
                        else:
                            self.wrong.append((name, answer.text))
        except Exception as error:
            self.wrong.append((client, repr(error)))

    @property
    def goes_on(self):
        return any(thread.is_alive() for thread in self._threads)


@pytest.mark.skipif(not os.path.isdir('/proc/self/fd'),
                    reason='the system does not tell')
def test_all_requests_are_answered_and_nothing_is_left(patched):
    zope, address = patched
    # What Zope itself makes with its first requests is no part of this.
    warm = Traffic(zope, 80)
    assert zope.get('/@@come-and-go?times=3').text == 'came and went'
    while warm.goes_on:
        time.sleep(0.05)
    assert ask(address, '/hello').text == 'hello'
    before = settled(zope)
    traffic, changes = Traffic(zope, REQUESTS), 0
    codes = set()
    while traffic.goes_on:
        assert zope.get('/@@come-and-go?times=6').text == 'came and went'
        changes += 1
        codes.add(zope.get('/hello').code)
    assert traffic.wrong == []
    assert traffic.answered == REQUESTS
    assert changes > 3 and 200 in codes
    assert zope.get('/hello').text == 'hello'
    assert_settles(zope, before)
    assert ask(address, '/hello').text == 'hello'


def settled(zope):
    """The state once it has been the same for two seconds."""
    looks = []

    def look():
        looks.append(told(zope)['state'])
        time.sleep(0.5)
        return len(looks) > 4 and all(
            found == looks[-1] for found in looks[-5:])

    awaited(look)
    return looks[-1]


def left(before, found):
    """What is another or more than before; a thread that has ended by itself
    meanwhile is not missed."""
    more = [(key, before[key], found[key]) for key in sorted(before)
            if key != 'threads' and found[key] != before[key]
            and not (key in ('files', 'entries') and found[key] < before[key])]
    return more + [('threads', name, number) for name, number in (
        Counter(found['threads']) - Counter(before['threads'])).items()]


def assert_settles(zope, before):
    end = time.time() + LONG
    while True:
        more = left(before, told(zope)['state'])
        if not more:
            return
        assert time.time() < end, more
        time.sleep(0.5)


def grown(before, behind, name):
    return behind.get(name, 0) - before.get(name, 0)


def test_patches_of_both_products_see_what_they_saw(patched):
    zope, _address = patched
    for _time in range(2):
        counts = told(zope)['counts']
        for number in range(20):
            assert zope.get('/@@echo?name=a').code == 200
        with zope.connect() as connection:
            connection.request('/@@echo', method='POST', body=b'x' * 10)
            assert connection.response().text.startswith('echo ')
        later = told(zope)
        for word in 'before', 'behind':
            for name in counts['before']:
                if name not in ('handle', 'loop'):
                    assert grown(counts[word], later['counts'][word],
                                 name) >= 1, (word, name)
        names = set(counts['before'])
        if 'add_task' in names:
            assert grown(counts['before'], later['counts']['before'],
                         'add_task') >= 20
            assert later['channels'] >= 1
        # The second time without any view.
        assert zope.get('/@@take-away').text == 'gone'
        awaited(lambda: zope.get('/hello').code == 404)
