"""`zserverviews check` on servers that have no hook."""
from __future__ import absolute_import, division, print_function

import pytest

from tests.functional.harness import on_others
from tests.functional.harness.instance import SECTION
from tests.functional.test_check import PATIENT, Run, scenarios

pytestmark = pytest.mark.servers

VIEWS = SECTION % ('thread-id /thr-id Products.ZServerViews.tests.common.'
                   'current_thread_id_zserver_view')
WITHOUT = '    egg:Zope#httpexceptions\n'
# Where something may go wrong that does not on waitress.
TRIED = ['workers-asleep', 'idle-connections', 'waiting-requests', 'log-locks',
         'no-descriptors']

# Kind, what it is called, and which of these scenarios it has not.
KINDS = [(on_others.Sync, 'gunicorn sync', ['no-descriptors']),
         (on_others.GThread, 'gunicorn gthread', []),
         (on_others.Cheroot, 'cheroot', []),
         (on_others.Bjoern, 'bjoern', []),
         (on_others.Werkzeug, 'Werkzeug', []),
         (on_others.UWSGIAlone, 'uWSGI', ['waiting-requests'])]


@pytest.fixture
def make():
    made = []

    def make(kind):
        made.append(kind(VIEWS))
        return made[-1]

    yield make
    for instance in made:
        instance.stop()


@pytest.mark.parametrize('kind, title, left_out', KINDS,
                         ids=[kind.name for kind, _title, _left in KINDS])
def test_a_clean_view(make, kind, title, left_out):
    path = make(kind)._path('etc', 'zope.ini')
    uwsgi = ['--uwsgi'] if title == 'uWSGI' else []
    run = Run(*PATIENT + uwsgi + scenarios(*TRIED) + [path])
    assert run.code == 0, run.output + run.progress
    assert run.rows() == dict(((name, '/thr-id'), 'ok') for name in TRIED
                              if name not in left_out)
    assert '%s: the views are requested on a listener' % title in run.output
    for name in left_out:
        assert '%s: does not apply on %s: ' % (name, title) in run.output
    assert ('20 of 20 records' in run.output) and 'All is well.' in run.output


def test_a_pipeline_in_which_no_view_is(make):
    zope = make(on_others.Cheroot)
    zope._edit('zope.ini', WITHOUT, '')
    run = Run(*PATIENT + scenarios('baseline') + [
        zope._path('etc', 'zope.ini')])
    assert run.code == 0, run.output + run.progress
    assert 'on the port of the site there is no /thr-id' in run.output


def test_without_a_section_for_the_server(make):
    zope = make(on_others.Cheroot)
    zope._edit('zope.ini', r'\[server:main\]\n[^\[]*', '')
    run = Run(zope._path('etc', 'zope.ini'))
    assert run.code == 2
    assert 'give --uwsgi for a site on uWSGI' in run.progress
