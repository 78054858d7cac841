"""The Zope of benchmarks/history.py: an instance of the tests, with more views."""
from __future__ import absolute_import, division, print_function

import json
import os

from tests.functional import incident
from tests.functional.harness import Instance
from tests.functional.harness.instance import SITE

from .children import TOP

SECTION = incident.SECTION.replace(
    '</product-config>', '    costs /costs benchmarks.history_views.suite\n'
    '</product-config>')
SETTINGS = """
%import Products.ZServerViews
<zserver-views recorder>
    record-always {always}
    {more}
</zserver-views>
"""
EIGHT = 'listen = 127.0.0.1:0\nthreads = 8'


class Site(object):
    """Use as a context: an instance of the tests, with our views."""

    def __init__(self, always='off', more='', **kw):
        self._made = Instance(
            SECTION + SETTINGS.format(always=always, more=more), environ={
                'PYTHONPATH': os.pathsep.join([SITE, TOP])}, **kw)

    def __enter__(self):
        try:
            return incident.prepared(self._made).start()
        except BaseException:
            self._made.stop()
            raise

    def __exit__(self, *exc_info):
        self._made.stop()


def asked(site, path):
    answer = site.get(path)
    if answer.code != 200:
        raise RuntimeError(answer.text)
    return json.loads(answer.text)


def history(site, first, last):
    return asked(site, '/-/history?format=json&from=%.3f&to=%.3f' % (first, last))
