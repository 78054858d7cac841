"""The arguments of `zserverviews record`."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import text_type
from Products.ZServerViews.format.profiles.formats import FORMATS

DESCRIPTION = """\
Show what the processes of a site have recorded, also when they are gone. PATH is
the folder of the setting "record", or one file of it. Without options all processes
are listed, and how each has ended. Damaged parts are told on standard error, and the
rest is shown. Exit code 0: something was shown; 1: there is nothing of that time; 2:
the files could not be read."""


def add_to(commands):
    """Add this command to the commands of the program."""
    record = commands.add_parser(
        'record', help='show what a process has recorded in files',
        description=DESCRIPTION)
    record.add_argument('path', metavar='PATH',
                        help='the folder of the setting record, or a file')
    record.add_argument('--at', metavar='TIME',
                        help='show this minute: 03:12 (local), 03:12Z (UTC), '
                        '2026-11-27T03:12 or seconds since the epoch')
    record.add_argument('--from', dest='first', metavar='TIME',
                        help='show the time from here on')
    record.add_argument('--to', dest='last', metavar='TIME',
                        help='... until here; without it, until the last record')
    record.add_argument('--format', choices=['text', 'json'] + sorted(FORMATS),
                        help='text by default; json, or a profile of that time')
    record.add_argument('--path', dest='only_path', type=_text, metavar='/PATH',
                        help='only requests with this path')
    record.add_argument('--worker', type=_text, metavar='NAME',
                        help='only what the worker with this name did')
    record.add_argument('--pid', type=int, metavar='NUMBER',
                        help='only processes with this number')
    record.add_argument('--process', type=_text, metavar='NAME',
                        help='only the process whose files have this in their names, '
                        'as 20261127T031207Z-1-9c3e, or what begins so: in containers '
                        'many have the same number')


def wants_an_interval(given):
    """Whether anything is asked for but the list of all."""
    return any(value is not None for value in (
        given.at, given.first, given.last, given.format, given.only_path,
        given.worker, given.pid, given.process))


def _text(value):
    return value if isinstance(value, text_type) else value.decode('utf-8')
