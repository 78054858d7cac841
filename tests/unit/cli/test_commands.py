"""Which commands there are, and what each of them imports."""
from __future__ import absolute_import, division, print_function

import subprocess
import sys

import pytest

from Products.ZServerViews.cli import commands
from Products.ZServerViews.monitor.process import installed_version

IMPORTED = '''
import sys
from Products.ZServerViews.cli.commands import parser
parser(%r)
print(' '.join(name for name in sys.modules
               if name.startswith(('Products.ZServerViews.', 'ZConfig'))))
'''


def names(parser):
    return set(parser._subparsers._group_actions[0].choices)


def test_all_of_them_unless_one_is_wanted():
    every = set(name for name, _module in commands.COMMANDS)
    for wanted in None, '--help', 'no-such-command':
        assert names(commands.parser(wanted)) == every
    for wanted in every:
        assert names(commands.parser(wanted)) == {wanted}


def test_the_version():
    said = subprocess.check_output([
        sys.executable, '-m', 'Products.ZServerViews.cli', '--version'])
    name, version = said.decode('ascii').split()
    assert (name, version) == ('zserverviews',
                               installed_version('Products.ZServerViews'))
    assert version[0].isdigit()


@pytest.mark.parametrize('wanted', ['record', 'top'])
def test_one_that_is_wanted_imports_nothing_of_the_others(wanted):
    said = subprocess.check_output([sys.executable, '-c', IMPORTED % wanted])
    found = said.decode('ascii').split()
    assert 'Products.ZServerViews.cli.%s' % wanted in found
    assert not [name for name in found if name in (
        'ZConfig', 'Products.ZServerViews.service',
        'Products.ZServerViews.cli.check.scenarios')]
