"""unserved: warns where views are configured and no event loop runs."""
from __future__ import absolute_import, division, print_function

import sys

import pytest
from zope.component import getGlobalSiteManager

from Products.ZServerViews.zopeapp.unserved import AFTER, Unserved
from tests.unit.site_dummies import Site


@pytest.mark.parametrize('missing', ['zope.component',
                                     'ZPublisher.interfaces'])
def test_without_zope_there_is_nothing_to_look_at(monkeypatch, missing):
    """As for those who run waitress's own tests with the hook."""
    def registered():
        return [one.handler for one in manager.registeredHandlers()]

    manager = getGlobalSiteManager()
    before = registered()
    site = Site()
    monkeypatch.setitem(sys.modules, missing, None)
    unserved = Unserved(site, [])
    unserved.subscribe()
    assert registered() == before
    unserved.unsubscribe()
    assert registered() == before
    assert site.log_queue.logged == []


class Own(object):
    """As much of an `OwnHook` as is asked."""

    is_reached = serves = False

    def begin(self):
        self.serves = True


def test_a_pipeline_that_does_not_lead_past_us():
    site, own, now = Site(), Own(), [0.0]
    site.loops_are_unseen, site.loops.all = False, ()
    unserved = Unserved(site, ['a reason'], own, clock=lambda: now[0])
    unserved.look(None)
    # The listener needs no pipeline.
    assert own.serves and site.log_queue.logged == []
    now[0] = AFTER
    for _time in range(2):
        unserved.look(None)
    (_level, text, _exc_info), = site.log_queue.logged
    assert text.startswith('No view is served: this process has answered ')
    assert 'Put egg:Products.ZServerViews#views into the pipeline' in text
    assert text.endswith('; a reason')


def test_a_pipeline_that_leads_past_us():
    site, own, now = Site(), Own(), [0.0]
    site.loops.all = ()
    own.is_reached = True
    unserved = Unserved(site, [], own, clock=lambda: now[0])
    now[0] = AFTER
    unserved.look(None)
    assert not own.serves and site.log_queue.logged == []
