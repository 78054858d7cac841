"""The arguments of `zserverviews record`."""
from __future__ import absolute_import, division, print_function

DESCRIPTION = """\
Show what the processes of a site have recorded, also when they are gone. PATH is
the folder of the setting "record", or one file of it. Damaged parts are told on
standard error, and the rest is shown. Exit code 0: something was shown; 1: there
is nothing of that time; 2: the files could not be read."""


def add_to(commands):
    """Add this command to the commands of the program."""
    record = commands.add_parser(
        'record', help='show what a process has recorded in files',
        description=DESCRIPTION)
    record.add_argument('path', metavar='PATH',
                        help='the folder of the setting record, or a file')
