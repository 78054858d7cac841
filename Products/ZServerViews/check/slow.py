"""A module that takes its time to be imported, while the gate is closed."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.check.work import gate

gate.wait()
