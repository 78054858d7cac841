"""The companion: a small process beside the site's, which answers on the
listener for views while the site's process cannot.

It runs on Python 3 and Linux, by ``python -I -S`` with the standard library
alone: nothing here, nor what it imports, needs more. It never writes what it
shares with the site's process. `runtime.companion_keeper` is the other side.
"""
from __future__ import absolute_import, division, print_function
