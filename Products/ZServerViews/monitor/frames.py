"""What the frame of a thread tells besides its code.

See `_daemons.current_frames` for the frames themselves.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import PY2

if PY2:
    from Products.ZServerViews.monitor.python27_calls import state_of  # PY2
else:
    def state_of(frame):
        """Nothing: no newer Python's bytecode is read."""
        return None
