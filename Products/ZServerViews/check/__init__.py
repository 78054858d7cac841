"""`zserverviews check`: every overload, tried on the views of a site.

It starts a throw-away instance of the reader's own configuration and measures
how his views answer meanwhile. Nothing of it runs in a site.

    __main__.py    the console script
    arguments.py   what may be asked for
    zopeconf.py    zope.conf as a tree; the same without databases and ports
    ini.py         zope.ini likewise
    instance.py    the instance: a temporary folder and a child process
    child.py       what the child process runs
    control.py     views in the child: what it does, and how it fares
    work.py        ... and what keeps its workers busy
    slow.py        ... and a module that takes its time to be imported
    client.py      requests, and how long their answers took
    scenarios.py   the overloads
    conduct.py     what views do that they should not
    figures.py     percentiles, verdicts
    course.py      all of it in its order
    report.py      what is printed
"""
from __future__ import absolute_import, division, print_function
