"""What several of these test modules ask for."""
from __future__ import absolute_import, division, print_function

import time

import pytest

from Products.ZServerViews.cli.check import client


@pytest.fixture
def no_sleep(monkeypatch):
    monkeypatch.setattr(time, 'sleep', lambda seconds: None)


@pytest.fixture
def pending(monkeypatch):
    """(what will become of requests for Zope, those that were made)"""
    given = []
    made = []

    def make(address, path):
        made.append((path, given.pop(0)))
        return made[-1][1]

    monkeypatch.setattr(client, 'Pending', make)
    return given, made
