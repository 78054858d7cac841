"""Run waitress's own test suite with and without this product's hook.

``python -m tests.waitress_suite`` fetches the source archive of the installed
waitress, runs the tests in it without the hook, with it, and with it but without
its look-up of heads, and compares:

archive.py   finds, fetches and unpacks the source archive
runs.py      runs pytest in a child, bounded in time, and reads its record
verdict.py   what must be true of the two runs
child/       what is loaded inside pytest; each run gets a copy of it
    zserverviews_record.py   plugin: outcome of each test, channel class seen
    zserverviews_hooked.py   plugin: installs the hook before any test runs
    zserverviews_answers.py  the views that are mounted, and an application
    in_force.py              tests of ours over waitress's own test servers

Modules in child/ are plain modules of the child, not named by this package:
waitress's tests import their own package ``tests``, which must be the
archive's in that process.
"""
