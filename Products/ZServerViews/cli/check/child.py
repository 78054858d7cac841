"""Starts Zope on the copied configuration; what the child process runs::

    python -m Products.ZServerViews.cli.check.child SERVER FILE SECONDS

SERVER is ``runwsgi``, ``zserver`` or ``uwsgi``; for the last one the path of its
program, the port and the number of threads stand behind FILE. After so many
seconds the system ends the process, even if the check itself has been killed.
"""
from __future__ import absolute_import, division, print_function

import os
import signal
import sys


def main(arguments):
    server, file_name, seconds = arguments[0], arguments[1], arguments[-1]
    signal.alarm(int(seconds))
    if server == 'zserver':
        _run_zserver(file_name)
    elif server == 'uwsgi':
        _run_uwsgi(file_name, *arguments[2:-1])
    else:
        _run_wsgi(file_name)


def _run_uwsgi(file_name, program, port, threads):
    # The alarm stays.
    os.execv(program, [
        program, '--http-socket', '127.0.0.1:' + port, '--threads', threads,
        '--enable-threads', '--die-on-term', '--need-app',
        '--ini-paste-logged', file_name])


def _run_wsgi(file_name):
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
