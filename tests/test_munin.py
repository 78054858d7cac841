"""munin.zope 2.1, a product of others that uses this one, as released.

It runs in the environment that tools/python27.py installs it into.
"""
from __future__ import absolute_import, division, print_function

import os
import re
import time

import pytest

from tests.functional.harness import SECTION, Instance
from tests.functional.test_overload import WORKERS, sleeping_workers

pytestmark = pytest.mark.munin

PLUGINS = '/@@munin.zope.plugins/'
VIEW = PLUGINS + 'zopethreads'
SECRET = '?secret=of-the-tests'
SETTING = """
<product-config munin.zope>
    secret of-the-tests
</product-config>
"""
# What the site needs of ours: the page that waits, and the admission control.
GATE = SECTION % 'fixture /v fixture_views.suite'
# Its own ZCML makes it a package to initialize: there it calls
# update_configuration.
ZCML = """
  <include package="Products.Five" file="meta.zcml" />
  <include package="munin.zope" />
</configure>
"""
ENTRY = SECTION % """
    fixture /v fixture_views.suite
    munin   %s munin.zope.browser.zopethreads""" % VIEW

def through_update_configuration():
    instance = Instance(GATE + SETTING)
    path = os.path.join(instance.folder, 'etc', 'site.zcml')
    with open(path) as zcml:
        text = zcml.read()
    assert text.count('</configure>') == 1
    with open(path, 'w') as zcml:
        zcml.write(text.replace('</configure>', ZCML))
    return instance


def through_the_section():
    return Instance(ENTRY + SETTING)


@pytest.fixture(scope='module', params=[
    through_update_configuration, through_the_section],
    ids=['update_configuration', 'section'])
def site(request):
    instance = request.param()
    try:
        instance.start()
        # ZServer makes its workers for the first request to Zope.
        assert instance.get('/').code == 200
        yield instance
        assert instance.is_running(), instance.output()
    finally:
        instance.stop()


def free_threads(site):
    answer = site.get(VIEW + SECRET)
    assert answer.code == 200
    found = re.match(r'total_threads:(\d+)\.0\nfree_threads:(\d+)\.0$',
                     answer.text)
    assert found, answer.text
    total, free = map(int, found.groups())
    assert total > WORKERS
    return free


def test_it_is_the_release():
    import pkg_resources
    assert pkg_resources.get_distribution('munin.zope').version == '2.1'


@pytest.mark.parametrize('query', ['', '?secret=', '?secret=other', '?'])
def test_it_hides_without_its_secret(site, query):
    answer = site.get(VIEW + query)
    assert answer.code == 404
    assert answer.text == 'Not Found!'
    # Which Zope itself adds to all of its answers here.
    assert answer.header('X-Thread') is None


def test_no_free_threads_while_all_workers_sleep(site):
    assert free_threads(site) == WORKERS
    with sleeping_workers(site, queued=3) as connections:
        assert [free_threads(site) for _number in range(20)] == [0] * 20
        assert site.get(VIEW).code == 404
        assert site.get('/v/open_gate').text == 'open'
        for number, connection in enumerate(connections):
            assert connection.response().text == 'waited %d' % number
    wait_until_free(site)


def wait_until_free(site):
    """A worker is free only after its answer has gone."""
    end = time.time() + 30
    while free_threads(site) != WORKERS:
        assert time.time() < end


def test_its_other_plugins_are_pages_of_zope():
    instance = through_update_configuration()
    try:
        instance.start()
        answer = instance.get(PLUGINS + 'zopememory' + SECRET)
        assert answer.code == 200
        assert answer.text.startswith('Vm')
        assert answer.header('X-Thread')
    finally:
        instance.stop()
