"""When a process begins to serve, on servers without a hook.

Nothing may be started before: neither in the parent of the workers, which would
hold the address of the listener and describe a process that serves nothing,
nor before uWSGI forks. So each server that the process has loaded is
asked by one function of its own that it calls where it serves:

gunicorn    a worker's heartbeat, at the start of its loop
uWSGI       its hook behind the fork, and in a worker the start of Zope; its
            mules, which serve nothing, are forked too
cheroot     the start of the loop
bjoern      the same
werkzeug    the same: with a reloader, in the child alone

On any other server the first request tells.
"""
from __future__ import absolute_import, division, print_function

import importlib
import sys

from Products.ZServerViews.runtime.patching import calling, seam

# (package, module, class or None, function)
FUNCTIONS = [('gunicorn', 'gunicorn.workers.base', 'Worker', 'notify'),
             ('cheroot', 'cheroot.server', 'HTTPServer', 'serve'),
             ('bjoern', 'bjoern', None, 'server_run'),
             ('werkzeug', 'werkzeug.serving', 'BaseWSGIServer',
              'serve_forever')]


def seams(begin):
    """[(seam, content)]: call begin(name, object) where one of these begins to
    serve; with the worker, or the server, whose function that is.

    In the thread that reads the configuration.
    """
    found = []
    for package, module, class_name, function in FUNCTIONS:
        if package in sys.modules:
            try:
                owner = importlib.import_module(module)
                if class_name is not None:
                    owner = getattr(owner, class_name)
                getattr(owner, function)
            except (ImportError, AttributeError):
                continue  # another version: the first request tells
            found.append((seam(owner, function, calling),
                          _first(begin, package)))
    uwsgi = sys.modules.get('uwsgi')
    if uwsgi is not None:
        if not hasattr(uwsgi, 'post_fork_hook'):
            uwsgi.post_fork_hook = _nothing
        found.append((seam(uwsgi, 'post_fork_hook', calling),
                      _first(_begin_worker(begin), 'uWSGI')))
    return found


def _begin_worker(begin):

    def begin_worker(name, *served_by):
        if is_worker_of_uwsgi():
            begin(name, *served_by)

    return begin_worker


def _first(begin, name):

    def first(original, *args, **kw):
        begin(name, *args[:1])
        return original(*args, **kw)

    return first


def is_worker_of_uwsgi():
    """Whether this is a process that uWSGI has forked already."""
    uwsgi = sys.modules.get('uwsgi')
    return uwsgi is not None and uwsgi.worker_id() > 0


def _nothing():
    """What uWSGI calls behind a fork, where nobody wants to know of it."""
