"""Where an instance is asked, found in its own configuration."""
from __future__ import absolute_import, division, print_function

import os
import socket

from Products.ZServerViews.cli.check import zopeconf
from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.check.ini import Ini
from Products.ZServerViews.cli.top.places import (
    BASE,
    at_port,
    at_socket,
    checked_base,
)
from Products.ZServerViews.config.networks import literal
from Products.ZServerViews.config.values import address
from Products.ZServerViews.runtime.siblings import known

SUITE = 'Products.ZServerViews.views.monitor'
# Of waitress, if its section names no other.
DEFAULT_HOST, DEFAULT_PORT = '127.0.0.1', '8080'


class SiteIni(Ini):
    """A zope.ini of whatever server.

    ``server``
        The settings of its section, as a dictionary.
    """

    def _find_server(self, uwsgi):
        return self.settings_of_server()


def places_of(path, base=None, token=None):
    """The `places.Place` of each process of the instance: of the setting listen,
    or else of the main port. CannotRun where they cannot be found."""
    if not os.path.isfile(path):
        raise CannotRun('%s is not a file; give the zope.ini or the zope.conf of '
                        'an instance' % path)
    if path.endswith('.conf'):
        tree, found = zopeconf.read(path), None
    else:
        site = SiteIni(path)
        tree, found = zopeconf.read(site.zope_conf), site.server
    base = checked_base(base or _base(tree))
    listen = _setting(tree, 'listen')
    if listen is not None:
        return _listening(path, listen, base, token)
    host, port = (_of_zserver(path, tree) if found is None
                  else _of_wsgi(path, found))
    if host.startswith('/'):
        return [at_socket(host, base, token)]
    return [at_port(_reachable(host), _port(path, port), base, token)]


def _listening(path, listen, base, token):
    try:
        asked = address(listen)
    except ValueError as error:
        raise CannotRun('%s: listen: %s' % (path, error))
    found = [each for each, _pid in known(asked)] if asked.is_of_several else [
        asked]
    if not found:
        raise CannotRun('%s: no process listens at %s; start the instance'
                        % (path, listen))
    if asked.family == socket.AF_UNIX:
        return [at_socket(each.address, base, token) for each in found]
    return [at_port(_reachable(each.address[0]), each.address[1], base, token)
            for each in found]


def _setting(tree, name):
    values = [section.get(name) for section in tree.sections(zopeconf.VIEWS)]
    return ([value for value in values if value is not None] or [None])[-1]


def _base(tree):
    """The path at which the suite is mounted; `BASE` if that is not found."""
    for section in tree.sections('product-config'):
        if section.name == zopeconf.VIEWS:
            for _key, value in section.items:
                words = value.split()
                if words[1:2] == [SUITE]:
                    return words[0]
    for section in tree.sections(zopeconf.VIEWS):
        for view in section.sections('view'):
            if view.get('name') == SUITE:
                return view.get('path') or view.name or BASE
    return BASE


def _of_wsgi(path, settings):
    """(host or path of a unix socket, port) of the settings of a server."""
    if settings.get('unix_socket'):
        return settings['unix_socket'], None
    # The second one is that of plone.recipe.zope2instance.
    for name in 'listen', 'fast-listen', 'bind', 'http-socket', 'http':
        if settings.get(name):
            said = settings[name].replace(',', ' ').split()[0]
            if said.startswith('unix:'):
                return said[len('unix:'):], None
            host, _, port = said.rpartition(':')
            return host, port
    if 'socket' in settings:
        raise CannotRun('%s: the server speaks another protocol than HTTP; give '
                        'the site a listener for views by the setting listen'
                        % path)
    return (settings.get('host', DEFAULT_HOST),
            settings.get('port', DEFAULT_PORT))


def _of_zserver(path, tree):
    """The same of the first <http-server>."""
    servers = tree.sections('http-server')
    said = servers[0].get('address') if servers else None
    if said is None:
        raise CannotRun('%s has neither <http-server> nor the setting listen; '
                        'give the zope.ini' % path)
    host, _, port = said.rpartition(':')
    shift = _port(path, tree.get('port-base', '0'))
    return host or tree.get('ip-address', ''), str(_port(path, port) + shift)


def _port(path, text):
    if not text.isdigit() or int(text) > 65535:
        raise CannotRun('%s: %r is no port; give the URL of the instance'
                        % (path, str(text)))
    return int(text)


def _reachable(host):
    """Where an address of a listening socket can be reached on this machine."""
    host = host.strip('[]')
    if host in ('', '*'):
        return DEFAULT_HOST
    try:
        if literal(host).is_unspecified:
            return DEFAULT_HOST if literal(host).version == 4 else '::1'
    except ValueError:
        pass  # a name
    return host
