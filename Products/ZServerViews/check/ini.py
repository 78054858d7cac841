"""zope.ini, and the changes that make its server and its logs throw-away."""
from __future__ import absolute_import, division, print_function

import os
import re

from Products.ZServerViews.check.errors import CannotRun

SERVER = 'server:main'
# Settings of waitress, and of its relatives, that say where to listen, and
# below which path: a view's is without it.
WHERE = ('host', 'port', 'listen', 'unix_socket', 'unix_socket_perms',
         'sockets', 'fast-listen', 'url_prefix')
THREADS, CONNECTIONS = 4, 100  # waitress's defaults
KNOWN = re.compile(r'waitress|plone\.recipe\.zope2instance')
DEFAULT = u"""
[app:zope]
use = egg:Zope#main
zope_conf =

[server:main]
use = egg:waitress#main

[pipeline:main]
pipeline =
    egg:Zope#httpexceptions
    zope
"""


def _parser():
    try:
        from ConfigParser import RawConfigParser  # PY2
        parser = RawConfigParser()  # PY2
    except ImportError:
        from configparser import RawConfigParser
        # As Paste does: the last one of two equal names wins.
        parser = RawConfigParser(strict=False)
    parser.optionxform = str
    return parser


class Ini(object):
    """One file for Paste, as it was read.

    ``zope_conf``
        The path of the zope.conf that it names.
    ``threads``, ``connection_limit``
        What it says of waitress.
    """

    def __init__(self, path):
        self._path = path
        self._parser = _parser()
        try:
            read = self._parser.read(path)
        except Exception as error:
            # The two Pythons have different errors for what is no INI file.
            raise CannotRun('%s cannot be read: %s' % (path, error))
        if not read:
            raise CannotRun('%s cannot be opened' % path)
        self._fill_in(os.path.dirname(os.path.abspath(path)))
        self._refuse_other_servers()
        self._app = self._find_app()
        self.zope_conf = self._value(self._app, 'zope_conf')
        self.threads = int(self._value(SERVER, 'threads', THREADS))
        self.connection_limit = int(
            self._value(SERVER, 'connection_limit', CONNECTIONS))

    def _fill_in(self, here):
        """The copy will lie elsewhere."""
        for section in self._parser.sections():
            for option, value in self._parser.items(section):
                if '%(here)s' in value:
                    self._parser.set(section, option,
                                     value.replace('%(here)s', here))
        for option, value in self._parser.defaults().items():
            self._parser.defaults()[option] = value.replace('%(here)s', here)

    def _value(self, section, option, default=None):
        if not self._parser.has_option(section, option):
            return default
        names = self._parser.defaults()
        return re.sub(r'%\((\w+)\)s', lambda found: names.get(
            found.group(1), found.group()),
            self._parser.get(section, option)).strip()

    def _refuse_other_servers(self):
        if not self._parser.has_section(SERVER):
            raise CannotRun('%s has no section [%s]: the check starts '
                            'waitress as that says' % (self._path, SERVER))
        use = self._value(SERVER, 'use', '')
        if not KNOWN.search(use):
            raise CannotRun(
                '%s: [%s] uses %r, in which no view is served; give a file '
                'that has egg:waitress#main' % (self._path, SERVER, str(use)))

    def _find_app(self):
        found = [section for section in self._parser.sections()
                 if self._parser.has_option(section, 'zope_conf')]
        if len(found) != 1:
            raise CannotRun(
                '%s has %d sections with zope_conf, and the check needs one; '
                'give the zope.conf itself' % (self._path, len(found)))
        return found[0]

    def write(self, path, zope_conf, port, folder):
        """A copy that listens on this port of loopback and logs into the
        folder."""
        parser = self._parser
        parser.set(self._app, 'zope_conf', zope_conf)
        for option in WHERE:
            parser.remove_option(SERVER, option)
        parser.set(SERVER, 'use', 'egg:waitress#main')
        parser.set(SERVER, 'listen', '127.0.0.1:%d' % port)
        for section in parser.sections():
            if section.startswith('handler_'):
                self._log_into(section, os.path.join(folder, section + '.log'))
        with open(path, 'w') as copy:
            parser.write(copy)

    def _log_into(self, section, file_name):
        """Only the console is left as it is; it is the check's."""
        if self._value(section, 'class', '').endswith('StreamHandler'):
            return
        self._parser.remove_option(section, 'kwargs')
        self._parser.set(section, 'class', 'FileHandler')
        self._parser.set(section, 'args', '(%r, "a")' % str(file_name))


def default(folder, zope_conf):
    """The Ini for a site of which only zope.conf is known."""
    path = os.path.join(folder, 'default.ini')
    with open(path, 'w') as ini:
        ini.write(str(DEFAULT).replace('zope_conf =',
                                       'zope_conf = ' + zope_conf))
    return Ini(path)
