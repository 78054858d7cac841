"""`zserverviews check`: every overload, tried on the views of a site.

It starts a throw-away instance of the reader's own configuration and measures
how its views answer meanwhile. Nothing of it runs in a site.

    arguments.py   what may be asked for
    zopeconf.py    zope.conf as a tree; the same without databases and ports
    ini.py         zope.ini likewise
    wsgi_servers.py  ... and the servers that it may be for
    instance.py    the instance: a temporary folder and a child process
    child.py       what the child process runs
    control.py     views in the child, which control it and show its state
    work.py        ... and what keeps its workers busy
    slow.py        ... and a module whose import takes long
    client.py      requests, and how long their answers took
    scenarios.py   what is tried, in which order, and the goals
    overloads.py   ... each of them, as a context in which views are asked
    ground.py      ... and the server that it runs on
    faults.py      what views do that they should not
    figures.py     percentiles, verdicts
    runner.py      runs all of it in order
    report.py      what is printed
    checking.py    the command
"""
from __future__ import absolute_import, division, print_function
