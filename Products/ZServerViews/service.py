"""The views of one process: from its configuration to its servers."""
from __future__ import absolute_import, division, print_function

import logging
import threading

from Products.ZServerViews._compat import PY2
from Products.ZServerViews.access.policy import Access
from Products.ZServerViews.config import sections, settings
from Products.ZServerViews.config.hints import suspects
from Products.ZServerViews.config.mounts import mounts_of
from Products.ZServerViews.runtime.routes import Routes
from Products.ZServerViews.runtime.site import Site
from Products.ZServerViews.servers.waitress.hook import WaitressHook
from Products.ZServerViews.zopeapp.configuration import instance_name

# Each module takes 0.2 ms of the start: what not every site needs is imported
# when the configuration is read, and never later, in a loop.

HOOKS = [WaitressHook]
if PY2:
    # Elsewhere there is no ZServer.
    from Products.ZServerViews.servers.zserver.hook import MedusaHook  # PY2
    HOOKS.insert(0, MedusaHook)  # PY2


class Plan(object):
    """What is to be served, and how: mounts, ProcessSettings, the functions of
    readiness checks by their names, and texts about what was probably meant.
    """

    def __init__(self, mounts, settings, checks=(), suspects=()):
        self.mounts = mounts
        self.suspects = suspects
        self.settings = settings
        self.checks = dict(checks)


class Service(object):
    """The table and the hooks of this process.

    A hook is in its server only while there is a view to serve.

    ``changing``
        Taken by threads that change the configuration, never by the loop, and
        by none while it imports: another may be in that import already and
        call us.
    """

    def __init__(self, site=None, hooks=None):
        self.site = site or Site()
        self.site.when_forked = self._begin_anew
        self.changing = threading.RLock()
        self.table = self.site.table = Routes()
        self._more = None
        self._make_own = self._own = None  # makes an OwnHook; is one
        self._publication = None  # tells the recorder, where there is one
        self._warned = set()      # texts about the configuration
        self._unserved = None     # warns where no loop turns
        self.site.when_a_loop_begins = self._loop_begins
        if hooks is None:
            hooks = [make(self.table, self.site) for make in HOOKS]
            self._more = _old_waitress_hook
            self._make_own = None if PY2 else _own_hook
        self.hooks = hooks

    def configure(self, product_config):
        """Serve what the configuration says, and nothing else.

        Raises ZConfig.ConfigurationError for a mistake in it; then
        everything stays as it was.
        """
        self.serve(self.prepare(product_config))

    def prepare(self, product_config):
        """What a configuration asks for; imports what it names."""
        entries, mistakes = sections.read(product_config)
        for_all, contradictions = settings.read(product_config)
        checks, wrong = _read_checks(for_all.check)
        doubts = suspects(product_config, sections.PRODUCT_SECTION)
        if not entries:
            doubts += settings.without_views(product_config)
        return Plan(mounts_of(entries, mistakes + contradictions + wrong),
                    for_all, checks, doubts)

    def serve(self, plan):
        """Serve these mounts and no others."""
        self.site.forks.look()
        self._warn(plan.suspects)
        self.site.settings = plan.settings
        self._record(_any_has(plan.mounts, 'needs_recorder'))
        self.site.measure(_any_has(plan.mounts, 'needs_metrics'),
                          _any_has(plan.mounts, 'needs_trail'))
        self._watch_databases(_any_has(plan.mounts, 'needs_databases'))
        self.site.change_log_levels(_any_has(plan.mounts, 'needs_log_levels'))
        self.site.profile(_any_has(plan.mounts, 'needs_profiler'))
        self._examine_memory(_any_has(plan.mounts, 'needs_memory'))
        self._describe(_any_has(plan.mounts, 'needs_process'))
        self.site.remember(_any_has(plan.mounts, 'needs_history'))
        self._keep_on_disk(plan)
        self._judge_by(plan)
        self.site.check(plan.checks)
        self.site.budget.adopt(plan.mounts)
        self.table.replace(plan.mounts)
        if plan.mounts:
            self._install()
        else:
            self._uninstall()

    def _begin_anew(self):
        """In a forked child."""
        self.changing = threading.RLock()
        for hook in self._all_hooks():
            hook.begin_anew()

    def _warn(self, texts):
        """Log each text once."""
        for text in texts:
            if text not in self._warned:
                self._warned.add(text)
                self.site.log_queue.log(logging.WARNING, 'zope.conf: %s', text)

    def _judge_by(self, plan):
        """Have requests judged by the settings of a plan."""
        before = getattr(self.site, 'access', None)
        access = Access(plan.settings)
        if plan.mounts:
            access.prepare()
        self.site.access = access
        if before is not None:
            before.close()

    def _record(self, wanted):
        """Have requests for the site recorded, or not."""
        self.site.record(wanted)
        # Once, and for ever: see `Publication`.
        if wanted and self._publication is None:
            from Products.ZServerViews.zopeapp.publication import Publication
            self._publication = Publication(self.site)
            self._publication.subscribe()

    def _examine_memory(self, wanted):
        persistent = None
        if wanted and self.site.memory is None:
            from Products.ZServerViews.zopeapp.persistent_objects import of_zodb
            persistent = of_zodb()
        self.site.examine_memory(wanted, persistent)

    def _watch_databases(self, wanted):
        """Have the databases watched, or left alone."""
        site = self.site
        if not wanted:
            databases = site.take_out('databases')
            if databases is not None:
                databases.end()
            return
        if site.databases is None:
            from Products.ZServerViews.zopeapp.opened import of_zope
            site.databases = of_zope(site)
        if site.databases is not None:
            site.databases.watch(site.settings.storage_timing)

    def _describe(self, wanted):
        self.site.describe(wanted)
        if wanted:
            self.site.instance_name = instance_name()

    def _keep_on_disk(self, plan):
        """Have the history written into files, or not."""
        folder, keeper = plan.settings.record, self.site.disk_keeper
        if folder is not None and plan.mounts and self.site.history is None:
            self._warn(['the setting record has no effect without the view history: '
                        'add "monitor /-/ Products.ZServerViews.views.monitor" to '
                        '<product-config zserver-views>'])
        if keeper is None and folder is not None:
            from Products.ZServerViews.runtime.disk_keeping import DiskKeeper
            keeper = self.site.disk_keeper = DiskKeeper(self.site.log_queue.log)
        if keeper is not None:
            keeper.keep(self.site.history, folder, plan.settings.record_size,
                        instance_name())

    def _install(self):
        if self._more is not None and any(
                hook.unusable() for hook in self.hooks):
            self.hooks.append(self._more(self.table, self.site))
            self._more = None
        if self._own is None and self._make_own is not None:
            self._own = self._make_own(self.table, self.site)
        reasons = []
        for hook in self._all_hooks():
            reason = hook.unusable()
            if reason is None:
                hook.install()
            else:
                reasons.append('%s: %s' % (hook.server_name, reason))
        self._watch_for_loops(reasons)
        self.site.start(self.table.by_path)

    def _all_hooks(self):
        """That of other servers last: it looks whether one of these serves."""
        return self.hooks + ([] if self._own is None else [self._own])

    def _watch_for_loops(self, reasons):
        """Have it logged if the process serves, and no loop of ours turns."""
        if self._unserved is None and not self.site.loops.all:
            from Products.ZServerViews.zopeapp.unserved import Unserved
            self._unserved = Unserved(self.site, reasons, self._own)
            self._unserved.subscribe()

    def _loop_begins(self):
        """In an event loop, at its first iteration."""
        own = self._own
        if own is not None:
            if own.serves:
                return  # workers read that registry already
            own.rest()
        if self._unserved is not None:
            self._unserved.unsubscribe()

    def _uninstall(self):
        for hook in self._all_hooks():
            hook.uninstall()
        self.site.stop()
        if self._unserved is not None:
            self._unserved.unsubscribe()
            self._unserved = None


def _old_waitress_hook(table, site):
    from Products.ZServerViews.servers.waitress.hook1 import OldWaitressHook
    return OldWaitressHook(table, site)


def _own_hook(table, site):
    from Products.ZServerViews.servers.own.hook import OwnHook
    from Products.ZServerViews.servers.cheroot import pool as cheroot
    from Products.ZServerViews.servers.gunicorn import pool as gunicorn
    from Products.ZServerViews.servers.waitress.elsewhere import Opener
    from Products.ZServerViews.servers.waitress.main_port import PortMaker
    from Products.ZServerViews.zopeapp import startup
    return OwnHook(table, site, startup, Opener(table, site),
                   [gunicorn.pool_of, cheroot.pool_of], PortMaker(table, site))


def _read_checks(names):
    if not names:
        return {}, []
    from Products.ZServerViews.config import checks
    return checks.read(names)


def _any_has(mounts, name):
    return any(getattr(mount.view, name, False) for mount in mounts)


# The one that `initialize` and `update_configuration` are about.
of_process = Service()
