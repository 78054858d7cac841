"""What was so: the flight recorder of this process.

Everything it learns is a record, a plain value for JSON: see `records`. The
`History` of the last day is made of records alone, live and when they are read
back from files. No HTTP, no server, no Zope, and no value of a variable.
"""
from __future__ import absolute_import, division, print_function
