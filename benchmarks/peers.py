"""Runs one of the other servers: prints its port, then serves.

    python -m benchmarks.peers gunicorn-gthread

in an environment that has it, see peers_environment.py. Each gets 4 workers
and a backlog for the connections of the load, and else what its own
documentation starts with.
"""
from __future__ import absolute_import, division, print_function

import logging
import os
import sys

from .plain import THREADS, application

BACKLOG = 400
HOST = '127.0.0.1'


def tell(address):
    print(address[1])
    sys.stdout.flush()


def bjoern():
    """An event loop in C without threads: its workers are processes."""
    import bjoern
    listener = bjoern.listen(application, HOST, 0, listen_backlog=BACKLOG)
    tell(listener.getsockname())
    for _worker in range(THREADS - 1):
        if not os.fork():
            die_with_parent()
            break
    bjoern.run()


def die_with_parent():
    """The kernel ends this process when the one that forked it is gone."""
    import ctypes
    import signal
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def gunicorn(**settings):
    from gunicorn.app.base import BaseApplication

    class Application(BaseApplication):

        def load_config(self):
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self):
            return application

    settings.update(
        bind=HOST + ':0', backlog=BACKLOG,
        # The arbiter kills workers that sleep longer, and with them what is
        # measured.
        timeout=0, graceful_timeout=1,
        # No files in the user's home, and nothing said.
        control_socket_disable=True, loglevel='critical',
        post_worker_init=lambda worker: die_with_parent(),
        when_ready=lambda arbiter: tell(
            arbiter.LISTENERS[0].sock.getsockname()))
    Application().run()


def gunicorn_sync():
    gunicorn(worker_class='sync', workers=THREADS)


def gunicorn_gthread():
    gunicorn(worker_class='gthread', workers=1, threads=THREADS)


def cheroot():
    from cheroot.wsgi import Server
    server = Server((HOST, 0), application, numthreads=THREADS, max=THREADS,
                    request_queue_size=BACKLOG)
    server.prepare()
    tell(server.bind_addr)
    server.serve()


def werkzeug():
    """A new thread for each connection, however many there are."""
    from werkzeug.serving import make_server
    logging.getLogger('werkzeug').setLevel(logging.ERROR)
    server = make_server(HOST, 0, application, threaded=True)
    tell(server.server_address)
    server.serve_forever()


SERVERS = {'bjoern': bjoern, 'gunicorn-sync': gunicorn_sync,
           'gunicorn-gthread': gunicorn_gthread, 'cheroot': cheroot,
           'werkzeug': werkzeug}


if __name__ == '__main__':
    SERVERS[sys.argv[1]]()
