"""zope.ini, and the changes that make its server and its logs throw-away."""
from __future__ import absolute_import, division, print_function

import os
import re

from Products.ZServerViews.cli.check import wsgi_servers
from Products.ZServerViews.cli.check.errors import CannotRun

SERVER, UWSGI = 'server:main', 'uwsgi'
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
    ``server``
        The `wsgi_servers.Server` that it is for.
    """

    def __init__(self, path, uwsgi=False):
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
        self.server = self._find_server(uwsgi)
        self._app = self._find_app()
        self.zope_conf = self._value(self._app, 'zope_conf')

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

    def _settings(self, section):
        """{name: value} of what stands in the section itself, if it is there.
        """
        if not self._parser.has_section(section):
            return {}
        names = set(self._parser.options(section)) - set(
            self._parser.defaults())
        return dict((name, self._value(section, name)) for name in names)

    def settings_of_server(self):
        """{name: value} of the section of its server, or of uWSGI's."""
        return self._settings(SERVER if self._parser.has_section(SERVER)
                              else UWSGI)

    def _find_server(self, uwsgi):
        if uwsgi or (self._parser.has_section(UWSGI)
                     and not self._parser.has_section(SERVER)):
            return wsgi_servers.UWSGI(self._settings(UWSGI), self._path)
        if not self._parser.has_section(SERVER):
            raise CannotRun(
                '%s has no section [%s], and the check starts the server that '
                'it names; give --uwsgi for a site on uWSGI, and for gunicorn '
                '--paste add the section: use = egg:gunicorn#main'
                % (self._path, SERVER))
        return wsgi_servers.find(self._settings(SERVER), self._path)

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
        for section in SERVER, UWSGI:
            parser.remove_section(section)
        parser.add_section(SERVER)
        for option, value in self.server.section(port).items():
            parser.set(SERVER, option, value)
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
