"""Programs and views that fork: the children serve, log or run something.

As a program it serves with waitress, without a server's own start script:
``fixture_forks.py CONF LOG HOW``. It prints the pid and the port of each
process that serves. HOW says who forks the child:

before   the program, once the application is made
shared   the program, once a server is made that both use
page     a worker of the parent, at GET /fork
view     the event loop of the parent, at GET /v/fork
c        the same, by the function of the C library: Python is not told
"""
from __future__ import absolute_import, division, print_function

import ctypes
import logging
import os
import subprocess
import sys

from zope.interface import implementer

from Products.ZServerViews.service import of_process
from Products.ZServerViews.base import TextView, aside
from Products.ZServerViews.interfaces import ISuite

LINES = 20
log = logging.getLogger('site')
fork = os.fork


@implementer(ISuite)
class Suite(object):
    def views(self):
        return [('fork', fork_here), ('children', children),
                ('children_aside', children_aside)]


suite = Suite()


def log_much():
    """What the parent has still to write when it forks."""
    for number in range(LINES):
        log.warning('line %d before the fork', number)
    if sys.version_info[0] == 2 or fork is not os.fork:
        # Nobody frees the lock that a thread has of a log handler.
        assert of_process.site.log_queue.flush(60)


# In an instance of its server:

def nothing():
    """With it, subprocess forks as os.fork does."""


def have_children():
    """One that logs and ends, and one that runs a program."""
    log_much()
    pid = os.fork()
    if pid == 0:
        try:
            log.warning('a child of %d logs', os.getppid())
        finally:
            os._exit(7)
    found = [os.WEXITSTATUS(os.waitpid(pid, 0)[1])]
    found.append(subprocess.call([sys.executable, '-c', 'raise SystemExit(8)'],
                                 preexec_fn=nothing))
    return u'%s' % found


@TextView
def children(environ):
    return have_children()


@aside
@TextView
def children_aside(environ):
    return have_children()


# As a program:

@TextView
def fork_here(environ):
    fork_server()
    return u'forked'


def fork_server():
    """A child that serves, and never returns."""
    log_much()
    if fork() == 0:
        try:
            serve('child')
        finally:
            os._exit(3)


def fork_if_asked(application):
    """Middleware."""

    def middleware(environ, start_response):
        if environ['PATH_INFO'] == '/fork':
            fork_server()
        return application(environ, start_response)

    return middleware


def make_server():
    from waitress.server import create_server
    return create_server(application, listen='127.0.0.1:0', threads=2)


def serve(name, server=None):
    server = server or make_server()
    # In one write, whoever else writes there.
    os.write(1, ('%s %d %d\n' % (
        name, os.getpid(), int(server.effective_port))).encode('ascii'))
    try:
        server.run()
    except SystemExit:
        logging.shutdown()
        os._exit(0)


def main(conf, events, how):
    global application, fork
    from paste.translogger import TransLogger
    from Zope2.Startup.run import make_wsgi_app
    logging.basicConfig(filename=events, level=logging.INFO,
                        format='%(process)d %(name)s %(message)s')
    if how == 'c':
        fork = ctypes.PyDLL(None).fork
    application = TransLogger(fork_if_asked(make_wsgi_app({}, conf)),
                              setup_console_handler=False)
    server = make_server() if how == 'shared' else None
    if how in ('before', 'shared') and fork() == 0:
        serve('child', server)
    serve('parent', server)


if __name__ == '__main__':
    # The views are in the module of that name.
    import fixture_forks
    fixture_forks.main(*sys.argv[1:])
