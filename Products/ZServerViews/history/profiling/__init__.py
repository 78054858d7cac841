"""Profiles of the requests in work, which somebody has started.

At most one is taken at a time, and it ends by itself. It looks at the same
workers, in the same way, as the records of the past do.
"""
from __future__ import absolute_import, division, print_function
