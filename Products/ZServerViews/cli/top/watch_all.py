"""The command: from its arguments to its exit code."""
from __future__ import absolute_import, division, print_function

import errno
import os
import signal
import sys

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.top.places import place
from Products.ZServerViews.cli.top.watching import Watcher
from Products.ZServerViews.format.text import clean

TERMINATED = 143


def top(given, tell):
    """Watch what was named; whether all is well, or it was left.

    ``tell(text)``
        Called for warnings.
    """
    watchers = [Watcher(found, given.interval, given.timeout)
                for found in places(given, tell)]
    # Unwinds as Ctrl-C does, so that the terminal is restored.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(TERMINATED))
    if given.plain or given.once or not _has_terminal():
        return _plain(watchers, given)
    from Products.ZServerViews.cli.top.fullscreen import is_known_terminal, run
    if not is_known_terminal():
        tell('zserverviews top: this machine does not know the terminal "%s", so '
             'these are plain lines; set TERM to one that it knows' % clean(
                 os.environ['TERM']))
        return _plain(watchers, given)
    run(watchers)
    return True


def places(given, tell):
    """The `places.Place` objects that were named, each once."""
    token = None if given.token_file is None else _token(given.token_file, tell)
    found = [place(said, given.base, token) for said in given.places]
    if given.config:
        from Products.ZServerViews.cli.top.from_etc import places_of
        for path in given.config:
            found += places_of(path, given.base, token)
    if not found:
        raise CannotRun('give the URL of an instance, the path of the unix '
                        'socket of its listener, or --config with its zope.ini')
    names = [each.name for each in found]
    return [each for at, each in enumerate(found)
            if each.name not in names[:at]]


def _token(path, tell):
    from Products.ZServerViews.access.token import token_file
    try:
        token = token_file(os.path.abspath(os.path.expanduser(path)))
    except ValueError as error:
        raise CannotRun('--token-file: %s' % error)
    if token.complaint is not None:
        tell('--token-file: others may read it; run "chmod 600 %s"' % token.path)
    return token


def _has_terminal():
    return (sys.stdout.isatty() and sys.stdin.isatty()
            and os.environ.get('TERM', 'dumb') != 'dumb')


def _plain(watchers, given):
    from Products.ZServerViews.cli.top.plain import blocks
    for watcher in watchers:
        watcher.start()
    try:
        return blocks(watchers, given.interval, _write, given.once)
    except EnvironmentError as error:
        if error.errno != errno.EPIPE:
            raise
        # Whoever read this has enough; nor does the end write to it any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return True


def _write(text):
    encoding = sys.stdout.encoding or 'utf-8'
    data = text.encode(encoding, 'replace')
    sys.stdout.write(data if PY2 else data.decode(encoding))
    sys.stdout.flush()
