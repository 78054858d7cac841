"""What there is once in a process: logs, event loops, watchdog, signals, routes.

Knows neither Zope nor a server: these hand in what it works with. May import
access, wsgi, monitor and what they are made of.
"""
from __future__ import absolute_import, division, print_function
