"""Starts Zope on the copied configuration; what the child process runs::

    python -m Products.ZServerViews.check.child SERVER FILE SECONDS

SERVER is ``waitress`` or ``zserver``. After so many seconds the system ends
the process, also when nobody is left who could.
"""
from __future__ import absolute_import, division, print_function

import signal
import sys


def main(arguments):
    server, file_name, seconds = arguments
    signal.alarm(int(seconds))
    if server == 'zserver':
        _run_zserver(file_name)
    else:
        _run_waitress(file_name)


def _run_waitress(file_name):
    from Zope2.Startup.serve import main as serve
    sys.argv[:] = ['runwsgi', file_name]
    serve()


def _run_zserver(file_name):
    try:  # PY2
        from ZServer.Zope2.Startup.run import run  # PY2
    except ImportError:  # PY2
        from Zope2.Startup.run import run  # PY2: Zope 2.13
    sys.argv[:] = ['runzope', '-C', file_name]  # PY2
    run()  # PY2


if __name__ == '__main__':
    main(sys.argv[1:])
