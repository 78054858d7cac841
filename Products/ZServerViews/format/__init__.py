"""Values -> text: tables, units, JSON documents, the forms of a thread dump.

Pure functions of their arguments; the lowest folder, which imports nothing of
ours but `_compat`. Nothing here knows HTTP, a server or Zope.
"""
from __future__ import absolute_import, division, print_function
