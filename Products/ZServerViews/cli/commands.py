"""The commands of the program, and their arguments."""
from __future__ import absolute_import, division, print_function

import argparse
import sys
from importlib import import_module

FOLDER = __name__.rpartition('.')[0] + '.'
# The module below it that has the arguments of each.
COMMANDS = (('check', 'check.arguments'), ('record', 'record.asked'),
            ('top', 'top.options'))


class _Version(argparse.Action):
    """Found only when it is asked for: that takes a while."""

    def __call__(self, parser, namespace, values, option_string=None):
        from Products.ZServerViews.monitor.process import installed_version
        sys.stdout.write('%s %s\n' % (
            parser.prog, installed_version('Products.ZServerViews')))
        parser.exit()


def parser(wanted=None):
    """The parser of all commands; where one of them is wanted, of that alone:
    what the others import takes longer than some of them run."""
    program = argparse.ArgumentParser(prog='zserverviews')
    program.add_argument('--version', action=_Version, nargs=0,
                         help='show the version, then exit')
    commands = program.add_subparsers(dest='command', metavar='COMMAND')
    commands.required = True
    for name, module in COMMANDS:
        if wanted == name or wanted not in dict(COMMANDS):
            import_module(FOLDER + module).add_to(commands)
    return program
