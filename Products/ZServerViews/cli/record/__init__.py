"""`zserverviews record`: what a process has left behind.

It reads the files of the recorder, while the process runs and when it is gone,
and shows them as ``/-/history`` would have. It changes nothing in their folder.

    asked.py       what may be asked for
    left.py        the processes that have left files, and what is in these
    listing.py     all of them as a table, and how each has ended
    shown.py       what was so in an interval, in the formats of /-/history
    command.py     the command
"""
from __future__ import absolute_import, division, print_function
