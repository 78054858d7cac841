"""The views of one process: from its configuration to its servers."""
from __future__ import absolute_import, division, print_function

import logging

from Products.ZServerViews import process_settings, settings
from Products.ZServerViews._compat import PY2
from Products.ZServerViews.access import Access
from Products.ZServerViews.hooks.wasyncore import WaitressHook
from Products.ZServerViews.site import Site
from Products.ZServerViews.table import ViewTable, mounts_of

# Each module takes time at the start: what not every site needs is imported
# when the configuration is read, and never later, in a loop.

HOOKS = [WaitressHook]
if PY2:
    # Elsewhere there is no ZServer.
    from Products.ZServerViews.hooks.medusa import MedusaHook  # PY2
    HOOKS.insert(0, MedusaHook)  # PY2


class Plan(object):
    """What is to be served, and how: mounts, ProcessSettings, and the
    functions of readiness checks by their names."""

    def __init__(self, mounts, settings, checks=()):
        self.mounts = mounts
        self.settings = settings
        self.checks = dict(checks)


class Service(object):
    """The table and the hooks of this process.

    A hook is in its server only while there is a view to serve.
    """

    def __init__(self, site=None, hooks=None):
        self.site = site or Site()
        self.table = self.site.table = ViewTable()
        self._more = None
        if hooks is None:
            hooks = [make(self.table, self.site) for make in HOOKS]
            self._more = _old_waitress_hook
        self.hooks = hooks

    def configure(self, product_config):
        """Serve what the configuration says, and nothing else.

        Raises ZConfig.ConfigurationError for a mistake in it; then
        everything stays as it was.
        """
        self.serve(self.prepare(product_config))

    def prepare(self, product_config):
        """What a configuration asks for; imports what it names."""
        entries, mistakes = settings.read(product_config)
        for_all, contradictions = process_settings.read(product_config)
        checks, wrong = _read_checks(for_all.check)
        return Plan(mounts_of(entries, mistakes + contradictions + wrong),
                    for_all, checks)

    def serve(self, plan):
        """Serve these mounts and no others."""
        self.site.settings = plan.settings
        self.site.record(_any_has(plan.mounts, 'needs_recorder'))
        self.site.describe(_any_has(plan.mounts, 'needs_process'))
        self.site.access = Access(plan.settings)
        self.site.check(plan.checks)
        self.site.budget.adopt(plan.mounts)
        self.table.replace(plan.mounts)
        if plan.mounts:
            self._install()
        else:
            self._uninstall()

    def _install(self):
        if self._more is not None and any(
                hook.unusable() for hook in self.hooks):
            self.hooks.append(self._more(self.table, self.site))
            self._more = None
        reasons = []
        for hook in self.hooks:
            reason = hook.unusable()
            if reason is None:
                hook.install()
            else:
                reasons.append('%s: %s' % (hook.server_name, reason))
        self.site.start()
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
        self.site.stop()


def _old_waitress_hook(table, site):
    from Products.ZServerViews.hooks.wasyncore1 import OldWaitressHook
    return OldWaitressHook(table, site)


def _read_checks(names):
    if not names:
        return {}, []
    from Products.ZServerViews import readychecks
    return readychecks.read(names)


def _any_has(mounts, name):
    return any(getattr(mount.view, name, False) for mount in mounts)
