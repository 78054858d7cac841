"""HTTP/1.1 without I/O: heads, bodies, request targets, queries, Accept.

Bytes and texts in, bytes and values out. No sockets, no threads, no server; a
module may import what is below: `_compat`, `interfaces`, `base` and `format`.
"""
from __future__ import absolute_import, division, print_function
