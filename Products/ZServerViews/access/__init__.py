"""Who may see a view: the policy, the bearer token, the peer of the socket.

Judges facts of a request before any environ is made. Runs in the event loop,
waits for nothing, and fails closed.
"""
from __future__ import absolute_import, division, print_function
