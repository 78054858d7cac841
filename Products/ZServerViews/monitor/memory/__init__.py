"""Where the memory of this process is: what the system says, objects by type,
which pages make it grow, and where it is allocated.

Nothing here runs in an event loop, and nothing before somebody asks for it.
"""
from __future__ import absolute_import, division, print_function
