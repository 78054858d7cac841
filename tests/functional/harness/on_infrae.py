"""Instances of Zope 2.13 on waitress, by infrae.wsgi and `paster serve`."""
from __future__ import absolute_import, division, print_function

import subprocess

from tests.functional.harness.instance import script
from tests.functional.harness.on_waitress import DEFAULT_LISTEN, Waitress1Instance

INI = """
[server:main]
use = egg:waitress#main
%s

[app:main]
use = egg:infrae.wsgi#zope2
zope_conf = %s
"""


class InfraeInstance(Waitress1Instance):
    """Its zope.conf keeps an <http-server>, which nobody makes."""

    name = 'infrae.wsgi'
    LOG_FOLDER = 'log'

    def _make(self):
        subprocess.check_call([script('mkzopeinstance'), '-d', self.folder,
                               '-u', 'admin:admin'])

    def _configure(self, listen):
        self._edit('site.zcml', '  <include package="fixture_zope" />\n',
                   '  <include package="fixture_zope" />\n'
                   '  <include package="infrae.wsgi" />\n')
        with open(self._path('etc', 'zope.ini'), 'w') as ini:
            ini.write(INI % (listen or DEFAULT_LISTEN,
                             self._path('etc', 'zope.conf')))

    def _command(self):
        return [script('paster'), 'serve', self._path('etc', 'zope.ini')]
