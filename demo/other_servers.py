"""The instance on servers without a hook: gunicorn, uWSGI and others.

All of them have the environment of waitress, into which the server is installed
in the version with which tox.ini tests the product. What the instance adds is a
listener for views, on the port behind that of the site.
"""
from __future__ import absolute_import, division, print_function

import configparser
import os
import re

from demo.client import HOST
from demo.instance import WaitressInstance
from tools.places import CHECKOUT
from tools.programs import LIBEV
from tools.words import Complaint

NEEDS_LIBEV = (
    'bjoern is compiled with the headers of libev, and they are not here. '
    'Install them (on Debian and Ubuntu the package libev-dev, on Fedora '
    'libev-devel, with Homebrew libev), and try again.')
NEEDS_COMPILER = (
    '{0}\n\n{1} is compiled: this needs a C compiler and the headers of Python '
    '(on Debian and Ubuntu the packages gcc, libc6-dev and python3-dev).')


def pinned(names):
    """The requirements for these distributions in tox.ini's `servers`."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(os.path.join(CHECKOUT, 'tox.ini'))
    # One section for all its environments, whose lines may be for some of them:
    # those of `servers` itself are for all, or for all but others.
    section, = [section for section in parser.sections()
                if section.startswith('testenv:servers')]
    lines = [line.rpartition(': ')
             for line in parser[section]['deps'].splitlines()]
    listed = [line for factors, _colon, line in lines
              if not factors or factors.startswith('!')]
    return [line for name in names
            for line in listed if line.partition('==')[0] == name]


ON_BOTH = 'the views answered on both ports, the page did not'


class OtherInstance(WaitressInstance):
    """``server`` is the section of zope.ini; ``distributions`` are Zope and
    the server, ``further`` what the server is started by.
    """

    further = ()
    server = ''
    has_listener = True
    promise = 'the listener for views answered, the page did not'

    @property
    def views_port(self):
        return self.port + 1

    def install(self):
        self.environment.pip('install', *pinned(
            self.distributions[1:] + self.further))

    def set_server(self):
        with open(self.path('etc', 'zope.ini')) as skeleton:
            text = skeleton.read()
        section = '[server:main]\n{0}\n'.format(self.server.format(self))
        with open(self.path('etc', 'zope.ini'), 'w') as changed:
            changed.write(re.sub(r'\[server:main\]\n[^\[]*',
                                 lambda _found: section + '\n', text))
        with open(self.path('etc', 'zope.conf'), 'a') as configuration:
            configuration.write(
                '\n%import Products.ZServerViews\n<zserver-views process>\n'
                '    listen {0}:{1}\n</zserver-views>\n'.format(
                    HOST, self.views_port))


class GunicornInstance(OtherInstance):
    """One worker process, since a FileStorage is not for several."""

    answers_asleep = True
    promise = ON_BOTH
    title = 'runwsgi with Zope {0} and gunicorn {1}, worker class gthread'
    distributions = ('Zope', 'gunicorn')
    server = ('use = egg:gunicorn#main\nbind = 127.0.0.1:{0.port}\n'
              'worker_class = gthread\nthreads = {0.workers}')


class CherootInstance(OtherInstance):

    answers_asleep = True
    promise = ON_BOTH
    title = 'runwsgi with Zope {0} and cheroot {1}'
    distributions = ('Zope', 'cheroot')
    further = ('dataflake.wsgi.cheroot',)
    server = ('use = egg:dataflake.wsgi.cheroot#main\nhost = 127.0.0.1\n'
              'port = {0.port}\nnumthreads = {0.workers}')


class BjoernInstance(OtherInstance):

    title = 'runwsgi with Zope {0} and bjoern {1}'
    distributions = ('Zope', 'bjoern')
    further = ('dataflake.wsgi.bjoern',)
    workers = 1
    sleep = 'A published request, {1}, keeps its only thread asleep'
    server = ('use = egg:dataflake.wsgi.bjoern#main\nhost = 127.0.0.1\n'
              'port = {0.port}')

    def install(self):
        try:
            super().install()
        except Complaint as failure:
            if not any(map(os.path.exists, LIBEV)):
                raise Complaint(NEEDS_LIBEV)
            raise Complaint(NEEDS_COMPILER.format(failure, 'bjoern'))


class WerkzeugInstance(OtherInstance):
    """As many workers as requests: so the page answers too."""

    title = 'runwsgi with Zope {0} and Werkzeug {1}'
    distributions = ('Zope', 'werkzeug')
    further = ('dataflake.wsgi.werkzeug',)
    answers_asleep = has_enough_workers = True
    sleep = '{0} published requests, {1}, keep {0} threads asleep'
    promise = 'all answered, since there is a thread for each request'
    server = ('use = egg:dataflake.wsgi.werkzeug#main\nhost = 127.0.0.1\n'
              'port = {0.port}\nthreaded = true')


class UWSGIInstance(OtherInstance):
    """One process, since a FileStorage is not for several."""

    title = 'uwsgi with Zope {0} and uWSGI {1}'
    distributions = ('Zope', 'uwsgi')

    def install(self):
        try:
            super().install()
        except Complaint as failure:
            raise Complaint(NEEDS_COMPILER.format(failure, 'uWSGI'))

    # It ignores the section, which has to be there for other programs.
    server = 'use = egg:waitress#main\nport = {0.port}'

    def command(self):
        return [self.environment.script('uwsgi'),
                '--http-socket', '{0}:{1}'.format(HOST, self.port),
                '--threads', str(self.workers), '--die-on-term', '--need-app',
                '--ini-paste-logged', self.path('etc', 'zope.ini')]
