"""The commands of the program, and their arguments."""
from __future__ import absolute_import, division, print_function

import argparse

from Products.ZServerViews.cli.check import arguments as check
from Products.ZServerViews.cli.record import asked as record


def parser():
    program = argparse.ArgumentParser(prog='zserverviews')
    commands = program.add_subparsers(dest='command', metavar='COMMAND')
    commands.required = True
    check.add_to(commands)
    record.add_to(commands)
    return program
