"""Zope's own WSGI pipeline, and the moment at which it is ready."""
from __future__ import absolute_import, division, print_function


def outermost():
    """The class of ``egg:Zope#httpexceptions``; None where there is none.

    ``make_wsgi_app`` has taken its function before products are initialized,
    but this class is asked for its ``__call__`` at each request.
    """
    try:
        from ZPublisher.httpexceptions import HTTPExceptionHandler
    except ImportError:
        return None
    return HTTPExceptionHandler


def when_started(call):
    """Have call() called when all products are initialized and the databases
    are open, in the thread that starts Zope; without Zope, never."""
    try:
        from zope.component import provideHandler
        from zope.processlifetime import IProcessStarting
    except ImportError:
        return

    def started(event):
        call()

    provideHandler(started, (IProcessStarting,))
