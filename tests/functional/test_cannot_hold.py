"""The list of cases that a server cannot hold names cases that exist."""
from __future__ import absolute_import, division, print_function

import importlib

import pytest

from tests.functional.conftest import CANNOT_HOLD
from tests.functional.harness import Instance


def test_this_server_has_a_list():
    assert Instance.name in CANNOT_HOLD


@pytest.mark.parametrize('case', [
    case for cases in CANNOT_HOLD.values() for case in cases])
def test_listed(case):
    file_name, _colons, function = case.partition('::')
    module = importlib.import_module(
        'tests.functional.' + file_name[:-len('.py')])
    assert not function or callable(getattr(module, function.split('[')[0]))
