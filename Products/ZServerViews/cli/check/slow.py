"""A module that takes its time to be imported, while the gate is closed."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.cli.check.work import gate

gate.wait()
