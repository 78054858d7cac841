"""A module that nobody imports before a view does."""
from __future__ import absolute_import, division, print_function
