"""What the product asks of Zope: its configuration, publisher and databases.

The only folder that imports Zope, and never at module level: each function does
so when it is called, in a thread that may wait.
"""
from __future__ import absolute_import, division, print_function
