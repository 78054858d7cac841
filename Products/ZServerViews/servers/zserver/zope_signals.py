"""The signals that end a Zope on ZServer, which Zope itself handles.

Zope calls all handlers that were registered with it, the latest one first. It
has no call to take one back, so ours stays and does nothing while no view is
served.
"""
from __future__ import absolute_import, division, print_function

import signal
import sys


def register(site, is_served, wake):
    """Have SIGTERM and SIGINT begin the site's exit guard, and wake the loop.

    Where Zope handles them; in the main thread, once in a process.

    ``is_served()``
        Whether any view is.
    ``wake()``
        Zope only makes a note of SIGTERM: a loop that is about to wait would
        see it when something else ends its waiting.
    """
    module = sys.modules.get('Signals.SignalHandler')
    if module is None:
        return
    signals = module.SignalHandler
    for name in 'SIGTERM', 'SIGINT':
        number = getattr(signal, name)
        if (number in signals.getRegisteredSignals()
                # Else somebody else has it by now, and Zope does not hear it.
                and signal.getsignal(number) == signals.signalHandler):
            signals.registerHandler(
                number, _handler(name, site, is_served, wake))


def _handler(name, site, is_served, wake):

    def handle():
        if is_served() and site.settings.signals:
            # Zope gives running requests a second.
            site.exit_guard.begin(name, 0.0, must_exit=True)
            wake()

    return handle
