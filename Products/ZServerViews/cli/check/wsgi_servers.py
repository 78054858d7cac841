"""The WSGI servers on which the check can run an instance of a zope.ini.

What is kept of their settings is what shows in an overload. Each has one process:
the check controls the process that has the listener for views, and no other.
"""
from __future__ import absolute_import, division, print_function

import os
import re
import sys

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.cli.check.errors import CannotRun, whole_number

# Settings of waitress, and of its relatives, that say where to listen, and
# below which path: a view's is without it.
WHERE = ('host', 'port', 'listen', 'unix_socket', 'unix_socket_perms',
         'sockets', 'fast-listen', 'url_prefix')
THREADS, CONNECTIONS = 4, 100  # waitress's defaults
# Where a server has no limit of its own.
SOME_CONNECTIONS = 100


class Server(object):
    """One of them, for one zope.ini.

    ``title``
        What reports call it.
    ``has_listener``
        Whether views, and the check's own too, are asked on the listener for
        views, since the port of the site may need a worker for them.
    ``threads``
        How many requests it processes at once; those with which the check
        keeps them busy.
    ``connection_limit``
        After how many connections it accepts no more, or some number.
    ``does_not_apply``
        {name of a scenario: why it cannot be tried on this server}
    """

    title = ''
    has_listener = True
    threads = 1
    connection_limit = SOME_CONNECTIONS
    # The names of settings that the copy has too, and those that it has.
    kept = ()
    given = ()
    does_not_apply = {}

    def __init__(self, settings, path):
        self._settings = settings
        self._path = path

    def _number(self, option, default):
        return whole_number(self._settings.get(option, default), option,
                            self._path)

    def section(self, port):
        """The settings of the copy, which listens on this port of loopback.
        """
        section = dict((name, value) for name, value in self._settings.items()
                       if name in self.kept)
        section.update((name, value % port if '%d' in value else value)
                       for name, value in self.given)
        return section

    def command(self, path, port):
        """What `child` is told: the server and the file, and more."""
        return ['runwsgi', path]


class Waitress(Server):
    title = 'waitress'
    has_listener = False

    def __init__(self, settings, path):
        Server.__init__(self, settings, path)
        self.threads = self._number('threads', THREADS)
        self.connection_limit = self._number('connection_limit', CONNECTIONS)

    def section(self, port):
        # plone.recipe.zope2instance names the function that makes the server
        # too, as Paste's own setting, which waitress does not know.
        section = dict((name, value) for name, value in self._settings.items()
                       if name not in WHERE and not name.startswith('paste.'))
        return dict(section, use='egg:waitress#main',
                    listen='127.0.0.1:%d' % port)


class Gunicorn(Server):
    """Without its timeout, by which it would end a worker that is asleep."""

    kept = ('use', 'worker_class', 'threads', 'worker_connections', 'backlog',
            'keepalive', 'limit_request_line', 'limit_request_fields',
            'limit_request_field_size', 'forwarded_allow_ips',
            'graceful_timeout')
    given = (('bind', '127.0.0.1:%d'), ('workers', '1'), ('timeout', '0'))

    def __init__(self, settings, path):
        Server.__init__(self, settings, path)
        self.threads = self._number('threads', 1)
        worker_class = settings.get('worker_class', 'sync')
        if worker_class not in ('sync', 'gthread'):
            raise CannotRun(
                '%s: worker_class is %r, which the check does not support; '
                'give a copy of the file with sync or gthread'
                % (path, str(worker_class)))
        # As gunicorn decides it.
        if self.threads > 1:
            worker_class = 'gthread'
        else:
            self.does_not_apply = {
                'no-descriptors': 'its worker ends when no descriptor is left '
                                  'for a connection'}
        self.title = 'gunicorn ' + worker_class


PLACE = (('host', '127.0.0.1'), ('port', '%d'))


class Cheroot(Server):
    """With room for all connections of a scenario: by default the system keeps
    five, and others try again a second later."""

    title = 'cheroot'
    kept = ('use', 'numthreads', 'max', 'timeout', 'shutdown_timeout',
            'accepted_queue_size', 'accepted_queue_timeout')
    given = PLACE + (('request_queue_size', '500'),)

    def __init__(self, settings, path):
        Server.__init__(self, settings, path)
        self.threads = self._number('numthreads', 10)


class Bjoern(Server):
    title = 'bjoern'
    kept = ('use',)
    given = PLACE


class Werkzeug(Server):
    """With a thread for each request, or with one for all."""

    kept = ('use', 'threaded')
    given = PLACE

    def __init__(self, settings, path):
        Server.__init__(self, settings, path)
        is_threaded = settings.get('threaded', '').lower() in ('on', 'true',
                                                                '1')
        self.threads = THREADS if is_threaded else 1
        self.title = 'Werkzeug' + ('' if is_threaded else ', one thread')


class UWSGI(Server):
    """It takes its settings from its command, or the section [uwsgi]."""

    title = 'uWSGI'
    # So that no connection waits for a place in its queue, of 100.
    connection_limit = 40
    does_not_apply = {'waiting-requests': 'its queue holds 100 connections'}

    def __init__(self, settings, path):
        Server.__init__(self, settings, path)
        self.threads = self._number('threads', 1)
        self._program = program('uwsgi')
        if self._program is None:
            raise CannotRun(
                'the program uwsgi is not next to %s, nor on the PATH; run '
                'the check with the Python of the instance' % sys.executable)

    def command(self, path, port):
        return ['uwsgi', path, self._program, str(port), str(self.threads)]


SERVERS = [(r'waitress|plone\.recipe\.zope2instance', Waitress)]
if not PY2:
    SERVERS += [(r'gunicorn', Gunicorn), (r'cheroot', Cheroot),
                (r'bjoern', Bjoern), (r'werkzeug#main', Werkzeug)]


def find(settings, path):
    """The Server for a section [server:main], a dictionary."""
    use = settings.get('use', '')
    for pattern, server in SERVERS:
        if re.search(pattern, use):
            return server(settings, path)
    raise CannotRun('%s: [server:main] uses %r, in which no view is served; '
                    'give a file that has egg:waitress#main' % (path, str(use)))


def program(name):
    """Its path: next to this Python, or else on the PATH; or None."""
    folders = [os.path.dirname(sys.executable)]
    folders += os.environ.get('PATH', os.defpath).split(os.pathsep)
    for folder in folders:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None
