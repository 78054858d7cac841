"""The arguments of `zserverviews check`."""
from __future__ import absolute_import, division, print_function

import argparse
import re

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.check.scenarios import SCENARIOS, named
from Products.ZServerViews.config import networks

REQUESTS, QUICK_REQUESTS = 200, 20
SWITCH_INTERVAL = '500us'
DESCRIPTION = """\
Create overloads and measure how the views of a site answer. ETC, a zope.ini or
a zope.conf, is copied: the check starts a throw-away instance with empty
databases in memory, on a free port of 127.0.0.1. Exit code 0: everything
passed; 1: there was a failure; 2: the check could not run."""
# What may stand in a request line.
_in_requests = re.compile('[!-~]*\\Z').match
EPILOG = 'scenarios: ' + ', '.join(scenario.name for scenario in SCENARIOS)


def add_to(commands):
    """Add this command to the commands of the program."""
    check = commands.add_parser(
        'check', help='check how the views of a site answer in overloads',
        description=DESCRIPTION, epilog=EPILOG)
    check.add_argument('etc', nargs='?', metavar='ETC',
                       help='the zope.ini, or the zope.conf, of the site')
    check.add_argument('--url', help='check a server that runs on this '
                       'machine instead, such as http://127.0.0.1:8080, with '
                       'the harmless scenarios only')
    check.add_argument('--view', action='append', default=[], metavar='/PATH',
                       help='check only this view; may be repeated')
    check.add_argument('--scenario', action='append', default=[],
                       metavar='NAME',
                       help='run only this scenario; may be repeated')
    check.add_argument('--quick', action='store_true',
                       help='%d requests for each view and scenario instead '
                       'of %d' % (QUICK_REQUESTS, REQUESTS))
    check.add_argument('--patience', type=_factor, default=1.0,
                       metavar='FACTOR', help='multiply all goals, for a slow '
                       'or busy machine')
    check.add_argument('--uwsgi', action='store_true',
                       help='start uWSGI with the pipeline of the zope.ini, '
                       'whatever its [server:main] says')
    check.add_argument('--switch-interval', action='store_true',
                       help='use the setting switch-interval %s, with its '
                       'own goal' % SWITCH_INTERVAL)


def _factor(text):
    try:
        factor = float(text)
    except ValueError:
        factor = 0
    if not factor >= 1:
        raise argparse.ArgumentTypeError('%s is not a number from 1 on' % text)
    return factor


class Given(object):
    """The parsed arguments, checked; CannotRun says what is wrong with them.

    ``address``
        (host, port) of a running server; None for a throw-away instance.
    ``scenarios``
        Those chosen, in their order.
    """

    def __init__(self, given):
        self.etc = given.etc
        self.views = given.view
        self.requests = QUICK_REQUESTS if given.quick else REQUESTS
        self.quick = given.quick
        self.patience = given.patience
        self.switch_interval = (SWITCH_INTERVAL if given.switch_interval
                                else None)
        self.scenarios = _scenarios(given.scenario)
        self.uwsgi = given.uwsgi
        self.address = None
        if (given.etc is None) == (given.url is None):
            raise CannotRun('give the zope.ini or the zope.conf of the site, '
                            'or --url with the address of a running one')
        self._check_views()
        if given.url is not None:
            self._use_running(given.url, given.scenario)
        if given.uwsgi:
            self._check_uwsgi()
        if given.switch_interval and PY2:
            raise CannotRun('Python 2 has no switch interval; leave out '
                            '--switch-interval')

    def _check_uwsgi(self):
        if self.etc is None or self.etc.endswith('.conf'):
            raise CannotRun('--uwsgi takes the pipeline of a zope.ini; give '
                            'that of the site')
        if PY2:
            raise CannotRun('on Python 2 no view is served on uWSGI; leave '
                            'out --uwsgi')

    def _check_views(self):
        for path in self.views:
            if not path.startswith('/'):
                raise CannotRun('--view %s: a path begins with a slash'
                                % path)
            if not _in_requests(path):
                raise CannotRun('--view %s: write the path as a client sends '
                                'it, with %%20 for a space' % path)

    def _use_running(self, url, chosen):
        self.address = loopback_address(url)
        if not self.views:
            raise CannotRun('--url needs --view with the path of a view: the '
                            'views of a running site are not known')
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
    match = re.match(r'(?:http://)?(\[[0-9a-f:.]+\]|[^\[\]/:]+)'
                     r':([0-9]{1,5})/*\Z', url)
    if match is None:
        raise CannotRun('--url %s: write it like http://127.0.0.1:8080' % url)
    host = match.group(1).strip('[]')
    if not _is_loopback(host):
        raise CannotRun('--url %s: the check makes an overload, and only for '
                        'a server on this machine; write 127.0.0.1, [::1] or '
                        'localhost' % url)
    return host, int(match.group(2))


def _is_loopback(host):
    if host == 'localhost':
        return True
    try:
        return networks.literal(host).is_loopback
    except ValueError:
        return False  # no literal address
