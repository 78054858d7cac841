"""A staged incident: two pages at a lock, then a storage that hangs and a burst."""
from __future__ import absolute_import, division, print_function

import time

from tests.functional.harness import FIXTURE_SECTION

BURST = 20

SECTION = FIXTURE_SECTION.replace('</product-config>', """
    monitor   /-/      Products.ZServerViews.views.monitor
    storages  /storage fixture_storages.suite
    day       /day     fixture_history.suite
</product-config>
""")


def prepared(instance):
    """The instance, with a storage that can be stopped; before its start."""
    instance.edit_conf(
        r'(?s)<zodb_db main>(.*?)<filestorage>.*?</filestorage>',
        '%%import fixture_storages\n<zodb_db main>\n<stoppable>\n'
        'path %s/var/Incident.fs\n</stoppable>\n' % instance.folder)
    return instance


def begun(site, path, number):
    """So many connections with a request for it each, that has been sent."""
    connections = [site.connect(timeout=150) for _number in range(number)]
    for connection in connections:
        connection.request(path)
    return connections


def staged(site, lasts):
    """Stage it, with all four workers; its `Moments`, when all is answered.

    ``lasts(path, number)``
        Waits for as long as so many requests for this path are to be held.
    """
    moments = Moments()
    moments.began = time.time()
    site.get('/v/close_gate')
    connections = begun(site, '/@@wait', 2)
    lasts('/@@wait', 2)
    moments.at_the_lock = time.time()
    assert site.get('/storage/hang?load').text == 'hangs'
    connections += begun(site, '/@@load_anew', 2)
    moments.storage_hung = time.time()
    connections += begun(site, '/@@echo', BURST)
    lasts('/@@load_anew', 2)
    moments.at_the_storage = time.time()
    assert site.get('/storage/go_on').text == 'goes on'
    site.get('/v/open_gate')
    moments.let_go = time.time()
    for connection in connections:
        assert connection.response().code == 200
        connection.close()
    moments.ended = time.time()
    return moments


class Moments(object):
    """``at_the_lock`` and ``at_the_storage``: two pages have been held there for
    long; ``let_go``: all could go on. In seconds since the epoch."""
