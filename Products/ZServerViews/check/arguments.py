"""What `zserverviews check` may be asked for."""
from __future__ import absolute_import, division, print_function

import argparse
import socket

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.check.errors import CannotRun
from Products.ZServerViews.check.scenarios import SCENARIOS, named

REQUESTS, QUICK_REQUESTS = 200, 20
SWITCH_INTERVAL = '500us'
DESCRIPTION = """\
Try overloads on the views of a site and measure how they answer. ETC, a
zope.ini or a zope.conf, is copied: the check starts an instance of its own,
with empty databases in memory, on a free port of 127.0.0.1. Exit code 0: all
is well; 1: it is not; 2: the check could not run."""
EPILOG = 'scenarios: ' + ', '.join(scenario.name for scenario in SCENARIOS)


def parser():
    program = argparse.ArgumentParser(prog='zserverviews')
    commands = program.add_subparsers(dest='command', metavar='COMMAND')
    commands.required = True
    check = commands.add_parser(
        'check', help='how the views of a site fare in overload',
        description=DESCRIPTION, epilog=EPILOG)
    check.add_argument('etc', nargs='?', metavar='ETC',
                       help='the zope.ini, or the zope.conf, of the site')
    check.add_argument('--url', help='ask a server that runs on this machine '
                       'instead, and only what does it no harm; such as '
                       'http://127.0.0.1:8080')
    check.add_argument('--view', action='append', default=[], metavar='/PATH',
                       help='only this view; may be given again')
    check.add_argument('--scenario', action='append', default=[],
                       metavar='NAME',
                       help='only this scenario; may be given again')
    check.add_argument('--quick', action='store_true',
                       help='%d requests for each view and scenario instead '
                       'of %d' % (QUICK_REQUESTS, REQUESTS))
    check.add_argument('--patience', type=_factor, default=1.0,
                       metavar='FACTOR', help='multiply all goals, for a slow '
                       'or busy machine')
    check.add_argument('--switch-interval', action='store_true',
                       help='with the setting switch-interval %s, and the '
                       'goal that goes with it' % SWITCH_INTERVAL)
    return program


def _factor(text):
    try:
        factor = float(text)
    except ValueError:
        factor = 0
    if not factor >= 1:
        raise argparse.ArgumentTypeError('%s is no number from 1 on' % text)
    return factor


class Given(object):
    """The arguments, checked; CannotRun says what is wrong with them.

    ``address``
        (host, port) of a running server; None for a throw-away instance.
    ``scenarios``
        Those chosen, in their order.
    """

    def __init__(self, arguments):
        given = parser().parse_args(arguments)
        self.etc = given.etc
        self.views = given.view
        self.requests = QUICK_REQUESTS if given.quick else REQUESTS
        self.quick = given.quick
        self.patience = given.patience
        self.switch_interval = (SWITCH_INTERVAL if given.switch_interval
                                else None)
        self.scenarios = _scenarios(given.scenario)
        self.address = None
        if (given.etc is None) == (given.url is None):
            raise CannotRun('give the zope.ini or the zope.conf of the site, '
                            'or --url with the address of a running one')
        self._check_views()
        if given.url is not None:
            self._use_running(given.url, given.scenario)
        if given.switch_interval and PY2:
            raise CannotRun('Python 2 has no switch interval; leave out '
                            '--switch-interval')

    def _check_views(self):
        for path in self.views:
            if not path.startswith('/'):
                raise CannotRun('--view %s: a path begins with a slash'
                                % path)

    def _use_running(self, url, chosen):
        self.address = loopback_address(url)
        if not self.views:
            raise CannotRun('--url needs --view with the path of a view: a '
                            'running site does not tell which it has')
        if self.switch_interval:
            raise CannotRun('--switch-interval is for a throw-away instance; '
                            'leave it out, or --url')
        for scenario in self.scenarios:
            if scenario.name in chosen and not scenario.harmless:
                raise CannotRun('--scenario %s would harm a running site; it '
                                'needs a throw-away instance' % scenario.name)
        self.scenarios = [scenario for scenario in self.scenarios
                          if scenario.harmless]


def _scenarios(names):
    try:
        return named(names)
    except ValueError as error:
        raise CannotRun('--scenario: %s' % error)


def loopback_address(url):
    """``http://127.0.0.1:8080`` -> (host, port); CannotRun for other machines.
    """
    scheme, _colons, rest = url.rpartition('://')
    host, colon, port = rest.rstrip('/').rpartition(':')
    if scheme not in ('', 'http') or not colon or not port.isdigit():
        raise CannotRun('--url %s: write it like http://127.0.0.1:8080' % url)
    host = host.strip('[]')
    if not _is_loopback(host):
        raise CannotRun('--url %s: the check makes an overload, and only for '
                        'a server on this machine; write 127.0.0.1, [::1] or '
                        'localhost' % url)
    return host, int(port)


def _is_loopback(host):
    if host == 'localhost':
        return True
    for family, is_ours in ((socket.AF_INET, _is_127), (socket.AF_INET6,
                                                        _is_1)):
        try:
            return is_ours(socket.inet_pton(family, host))
        except socket.error:
            pass  # no literal address of this family
    return False


def _is_127(packed):
    return packed[:1] == b'\x7f'


def _is_1(packed):
    return packed == b'\0' * 15 + b'\1'
