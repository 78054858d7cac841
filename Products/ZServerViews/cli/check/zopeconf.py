"""zope.conf as a tree of texts, and the changes that make it throw-away.

The file is read by ZConfig's own parser: its syntax, ``%define`` and
``%include`` are ZConfig's. The values are not looked at: whether they are
right, Zope says when it starts.
"""
from __future__ import absolute_import, division, print_function

import io
import os

import ZConfig
from ZConfig.cfgparser import ZConfigParser
from ZConfig.loader import BaseLoader

from Products.ZServerViews.cli.check.errors import CannotRun

# Sections of ZServer that listen, or do something by the clock.
SERVERS = frozenset([
    'http-server', 'webdav-source-server', 'persistent-cgi', 'fast-cgi',
    'ftp-server', 'monitor-server', 'icp-server', 'clock-server'])
LOGS = frozenset(['eventlog', 'logger'])
# Keys that name files, ports or users of the site itself.
DROPPED = frozenset([
    'instancehome', 'clienthome', 'pid-filename', 'lock-filename',
    'effective-user',
    'port-base', 'ip-address', 'dns-server', 'zserver-read-only-mode'])
NOT_LINKED = frozenset(['var', 'inituser'])
# Beyond it ZODB logs a warning for each worker, which waits in log-locks then.
POOL = '1000'
VIEWS = 'zserver-views'
# Settings of <zserver-views> that would be in the way of the running site.
VIEWS_DROPPED = frozenset(['listen', 'companion', 'hang-dump'])


class Section(object):
    """A section: its type and name in lower case, and its items in order.

    An item is a Section, a ``(key, value)``, or ``('%import', package)``.
    """

    def __init__(self, type_name, name=None):
        self.type = type_name
        self.name = name
        self.items = []

    def addValue(self, key, value, position):
        """For ZConfig's parser, which calls a section's matcher so."""
        self.items.append((key, value))

    def sections(self, *types):
        """Those of these types that stand directly in this one."""
        return [item for item in self.items
                if isinstance(item, Section) and item.type in types]

    def get(self, key, default=None):
        """The last value of a key of this section."""
        found = default
        for item in self.items:
            if not isinstance(item, Section) and item[0].lower() == key:
                found = item[1]
        return found

    def drop(self, *keys):
        """Without these keys."""
        self.items = [item for item in self.items
                      if isinstance(item, Section)
                      or item[0].lower() not in keys]

    def lines(self, indent=''):
        """The text of the items, as ZConfig reads them."""
        for item in self.items:
            if isinstance(item, Section):
                yield '%s<%s>' % (indent, ' '.join(
                    filter(None, (item.type, item.name))))
                for line in item.lines(indent + '  '):
                    yield line
                yield '%s</%s>' % (indent, item.type)
            else:
                yield '%s%s %s' % (indent, item[0],
                                   item[1].replace('$', '$$'))


class _Reader(BaseLoader):
    """What ZConfig's parser calls for each thing that it finds."""

    def __init__(self):
        BaseLoader.__init__(self)
        self.root = Section(None)
        self._imports = 0

    def loadResource(self, resource):
        ZConfigParser(resource, self, {}).parse(self.root)
        return self.root

    def startSection(self, parent, type_name, name):
        section = Section(type_name, name)
        parent.items.append(section)
        return section

    def endSection(self, parent, type_name, name, section):
        pass

    def importSchemaComponent(self, package):
        # In front of all: what it is needed for may stand in a section.
        self.root.items.insert(self._imports, ('%import', package))
        self._imports += 1

    def includeConfiguration(self, section, url, defines):
        resource = self.openResource(self.normalizeURL(url))
        try:
            ZConfigParser(resource, self, defines).parse(section)
        finally:
            resource.close()


def read(path):
    """The tree of a file; its type is None. CannotRun for what is wrong."""
    try:
        return _Reader().loadURL(os.path.abspath(path))
    except (ZConfig.ConfigurationError, UnicodeDecodeError) as error:
        raise CannotRun('%s cannot be read: %s' % (path, error))


def write(root, path):
    with io.open(path, 'wb') as conf:
        for line in root.lines():
            conf.write(_bytes(line) + b'\n')


def _bytes(line):
    return line if isinstance(line, bytes) else line.encode('utf-8')


def throw_away(root, folder, path):
    """Change the tree so that its site harms no other: its files are in the
    folder, its databases in memory. ``path`` is for messages.
    """
    home = _make_home(root, folder, path)
    root.drop(*DROPPED)
    root.items += [('instancehome', home),
                   ('clienthome', os.path.join(home, 'var'))]
    root.items = [item for item in root.items
                  if getattr(item, 'type', None) not in SERVERS]
    databases = root.sections('zodb_db')
    for database in databases:
        _in_memory(database)
    if not any(database.get('mount-point') == '/' for database in databases):
        # Zope would open one of its own choice.
        root.items.append(_in_memory(Section('zodb_db', 'zserverviews-check'),
                                     [('mount-point', '/')]))
    for number, log in enumerate(root.sections(*LOGS)):
        _logs_into(log, os.path.join(folder, 'log-%d.log' % number))
    for section in root.sections(VIEWS):
        section.drop(*VIEWS_DROPPED)


def _make_home(root, folder, path):
    """A folder with links to all that the instance's own has.

    But for its data, and for ``inituser``: a Zope that makes a user of it
    deletes the file.
    """
    own = root.get('instancehome')
    if own is None or not os.path.isdir(own):
        raise CannotRun('%s: instancehome is %s; it must be the folder of the '
                        'instance' % (path, own or 'missing'))
    if os.path.exists(os.path.join(own, 'custom_zodb.py')):
        raise CannotRun(
            '%s has a custom_zodb.py, which opens databases by itself, and '
            'the check must not touch them; give it a zope.conf with another '
            'instancehome' % own)
    home = os.path.join(folder, 'home')
    os.makedirs(os.path.join(home, 'var'))
    for name in _names_in(own):
        if name not in NOT_LINKED:
            os.symlink(os.path.join(os.path.abspath(own), name),
                       os.path.join(home, name))
    return home


def _names_in(folder):
    try:
        return os.listdir(folder)
    except OSError as error:
        raise CannotRun('the folder of the instance cannot be read (%s); run '
                        'the check as the user of the site' % error)


def _in_memory(database, items=()):
    database.drop('pool-size')
    kept = [item for item in database.items if not isinstance(item, Section)]
    database.items = kept + list(items) + [
        ('pool-size', POOL), Section('mappingstorage')]
    return database


def _logs_into(log, file_name):
    """One file in the place of all that the section logs to."""
    kept = [item for item in log.items if not isinstance(item, Section)]
    handler = Section('logfile')
    handler.items.append(('path', file_name))
    for old in log.sections('logfile')[:1]:
        handler.items += [(key, old.get(key)) for key in ('format', 'level')
                          if old.get(key) is not None]
    log.items = kept + [handler]


def add_http_server(root, port, old=None):
    """ZServer listens on this port of loopback and nowhere else.

    ``old`` is the site's own <http-server>, whose other keys are kept.
    """
    server = Section('http-server')
    if old is not None:
        server.items = list(old.items)
        server.drop('address', 'fast-listen')
    server.items.append(('address', '127.0.0.1:%d' % port))
    root.items.append(server)


def add_control(root, path, switch_interval=None, listener=None):
    """Mount the check's own views below this path.

    ``listener``
        The port of loopback of a listener for all views.
    """
    if switch_interval is not None:
        for section in root.sections(VIEWS):
            section.drop('switch-interval')
    view = Section('view', 'zserverviews-check-control')
    view.items = [('path', path), ('access-log', 'off'),
                  ('name', 'Products.ZServerViews.cli.check.control.suite')]
    section = Section(VIEWS, 'zserverviews-check')
    section.items = [view]
    if switch_interval is not None:
        section.items.append(('switch-interval', switch_interval))
    if listener is not None:
        section.items.append(('listen', '127.0.0.1:%d' % listener))
    root.items += [('%import', 'Products.ZServerViews'), section]
