"""A Zope in this process, with a page that publishes the fixed text.

The smallest request that Zope publishes: what is added to it weighs most there.
Its instance has the ZCML of one that mkwsgiinstance makes, and a database in
memory.
"""
from __future__ import absolute_import, division, print_function

import atexit
import gc
import os
import shutil
import tempfile

from Products.Five.browser import BrowserView

from . import targets

CONFIGURATION = u"""
instancehome {0}
<zodb_db main>
    <mappingstorage>
    </mappingstorage>
    mount-point /
</zodb_db>
"""
PAGE = u"""
<configure xmlns="http://namespaces.zope.org/browser">
  <page
      name="{0}"
      for="OFS.interfaces.IApplication"
      class="benchmarks.published.Text"
      permission="zope2.Public"
      />
</configure>
""".format(targets.PATH[1:])


class Text(BrowserView):

    def __call__(self):
        self.request.response.setHeader('Content-Type', targets.TYPE)
        return targets.TEXT


def application():
    """The WSGI application of a new Zope, as runwsgi makes it."""
    from Zope2 import utilities
    from Zope2.Startup.run import make_wsgi_app
    folder = tempfile.mkdtemp(prefix='zserverviews-bench-')
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    includes = os.path.join(folder, 'etc', 'package-includes')
    os.makedirs(includes)
    os.mkdir(os.path.join(folder, 'var'))
    shutil.copy(os.path.join(os.path.dirname(utilities.__file__), 'skel',
                             'etc', 'site.zcml'),
                os.path.join(folder, 'etc'))
    _write(PAGE, includes, 'bench-configure.zcml')
    _write(CONFIGURATION.format(folder), folder, 'etc', 'zope.conf')
    made = make_wsgi_app({}, os.path.join(folder, 'etc', 'zope.conf'))
    # A collection of all that Zope has loaded falls into some blocks of
    # requests and not into others, and costs more than what is compared.
    gc.disable()
    return made


def _write(text, *names):
    with open(os.path.join(*names), 'w') as made:
        made.write(text)
