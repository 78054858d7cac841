"""The servers of a process: one folder for each, and what they share.

A server's folder finds the requests for views, and lends its sockets. None
imports another; each imports its server when it is installed, not before.
"""
from __future__ import absolute_import, division, print_function
