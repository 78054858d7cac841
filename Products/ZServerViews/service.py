"""The views of one process: from its configuration to its servers."""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews import settings
from Products.ZServerViews.accesslog import AccessLog
from Products.ZServerViews.answer import Clock
from Products.ZServerViews.gateway import Exchange
from Products.ZServerViews.hooks.medusa import MedusaHook
from Products.ZServerViews.hooks.wasyncore import WaitressHook
from Products.ZServerViews.hooks.wasyncore1 import OldWaitressHook
from Products.ZServerViews.journal import Journal
from Products.ZServerViews.table import ViewTable, mounts_of

HIDDEN = "The view failed; the event log of the site has the reason."


class Site(object):
    """What all exchanges of this process share: clock, journal, access log."""

    def __init__(self):
        self.clock = Clock()
        self.journal = Journal()
        self.access_log = AccessLog(self.journal)

    def exchange(self, mount, environ, request, ident, expose_tracebacks):
        """The Exchange for one request; its view has not been called yet."""

        def report(exc_info, text):
            # Never the headers or the query: both may hold secrets.
            if exc_info is None:
                self.journal.log(logging.WARNING, 'The view %s at %s %s',
                                 mount.name, mount.path, text)
            else:
                _forget_locals(exc_info[2])
                self.journal.log(logging.ERROR,
                                 'The view %s failed in %s %s', mount.name,
                                 request.method, mount.path,
                                 exc_info=exc_info)

        return Exchange(mount.view, environ, request, ident, self.clock,
                        report, explain if expose_tracebacks else hide)


def hide(exc_info):
    """What a client learns of a failure: where to look."""
    return HIDDEN


def explain(exc_info):
    """A traceback without source lines: reading those would touch files."""
    error_type, error, tb = exc_info
    lines = ['Traceback (most recent call last):']
    while tb is not None:
        code = tb.tb_frame.f_code
        lines.append('  File "%s", line %d, in %s'
                     % (code.co_filename, tb.tb_lineno, code.co_name))
        tb = tb.tb_next
    # Not by the traceback module: for an error with a cause it reads files.
    lines.append('%s: %s' % (error_type.__name__, _words_of(error)))
    return '\n'.join(lines)


def _words_of(error):
    try:
        return str(error)
    except BaseException:
        return '(without words)'


def _forget_locals(tb):
    """Drop what the frames of a failed view hold.

    The record may wait long for its log handler: with the locals, thousands
    of records would keep all that the views had made, and what their locals
    do when they go would be done in the journal's thread.
    """
    while tb is not None:
        try:
            tb.tb_frame.clear()
        except (AttributeError, RuntimeError):
            pass  # PY2: there is no clear(); or the frame runs still
        tb = tb.tb_next


class Service(object):
    """The table and the hooks of this process.

    A hook is in its server only while there is a view to serve.
    """

    def __init__(self, site=None, hooks=None):
        self.site = site or Site()
        self.table = ViewTable()
        if hooks is None:
            hooks = [make(self.table, self.site)
                     for make in (MedusaHook, WaitressHook, OldWaitressHook)]
        self.hooks = hooks

    def configure(self, product_config):
        """Serve what the configuration says, and nothing else.

        Raises ZConfig.ConfigurationError for a mistake in it; then
        everything stays as it was.
        """
        self.serve(self.prepare(product_config))

    def prepare(self, product_config):
        """The mounts of a configuration; imports what it names."""
        return mounts_of(*settings.read(product_config))

    def serve(self, mounts):
        """Serve these mounts and no others."""
        self.table.replace(mounts)
        if mounts:
            self._install()
        else:
            self._uninstall()

    def _install(self):
        reasons = []
        for hook in self.hooks:
            reason = hook.unusable()
            if reason is None:
                hook.install()
            else:
                reasons.append('%s: %s' % (hook.server_name, reason))
        self.site.journal.start()
        if any(hook.installed for hook in self.hooks):
            self.site.journal.log(
                logging.INFO, "Served from the server's own thread: %s",
                ' '.join(sorted(self.table.by_path)))
        else:
            self.site.journal.log(
                logging.ERROR, 'No view is served, for there is no server '
                'that could: %s', '; '.join(reasons))

    def _uninstall(self):
        for hook in self.hooks:
            hook.uninstall()
