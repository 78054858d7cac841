"""The command ``zserverviews``: programs outside the site.

Each command has a folder of its own. Only what a command starts as a site of
its own imports Zope.
"""
from __future__ import absolute_import, division, print_function
