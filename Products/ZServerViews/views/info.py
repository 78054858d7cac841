"""``/-/info``: versions, the process, its settings and its views.

The loop imports nothing and reads no file: all is known beforehand, but for the
versions, which another thread looks up when the loop has begun to turn.
"""
from __future__ import absolute_import, division, print_function

import os
import time

from Products.ZServerViews.monitor.formats import (
    Column, Table, duration, seconds)
from Products.ZServerViews.process_settings import SETTINGS
from Products.ZServerViews.views.base import Found, MonitorView, facts
from Products.ZServerViews.views.index import mounts_of, name_of, tier_of

HIDDEN = '(hidden)'


class Facts(Found):
    """Everything at one moment; ``now`` is in seconds since the epoch.

    ``process``
        A `monitor.process.Process`.
    ``settings``
        [(name, value)], see `in_force`.
    ``mounts``, ``omitted``
        See `index.Mounts`.
    ``dropped``
        How many lines of the logs were dropped.
    """


class InfoView(MonitorView):
    """What an operator must know of a process before anything else."""

    name = 'info'
    summary = u'versions, uptime, settings in force, mounted views'
    needs_process = True

    def __init__(self, now=time.time, pid=os.getpid):
        self._now = now
        self._pid = pid

    def collect(self, asked):
        site = asked.site
        mounts = mounts_of(site)
        return Facts(
            process=site.process,
            server_software=asked.environ.get('SERVER_SOFTWARE', ''),
            pid=self._pid(), now=self._now(),
            settings=in_force(site.settings), mounts=mounts.mounts,
            omitted=mounts.omitted, dropped=site.journal.dropped)

    def as_text(self, found):
        process = found.process
        parts = [facts([
            (u'python', u'%s %s' % (process.implementation, process.python)),
            (u'platform', process.platform),
            (u'server', found.server_software or None),
            (u'pid', found.pid),
            (u'started', _utc(process.started)),
            (u'uptime', duration(found.now - process.started)),
            (u'dropped lines of logs', found.dropped)])]
        if process.versions is None:
            parts.append(u'versions: not read yet\n')
        elif process.versions:
            parts.append(facts(sorted(process.versions.items())))
        parts.append(facts((name, _for_people(name, value))
                           for name, value in found.settings))
        parts.append(_table(found.mounts))
        if found.omitted:
            parts.append(u'%d more views are left out\n' % found.omitted)
        return u'\n'.join(parts)

    def document(self, found):
        process = found.process
        return {
            'python': process.python,
            'implementation': process.implementation,
            'platform': process.platform, 'versions': process.versions,
            'server_software': found.server_software, 'pid': found.pid,
            'started': _utc(process.started),
            'uptime_seconds': seconds(max(0.0,
                                          found.now - process.started)),
            'dropped_log_lines': found.dropped,
            'settings': dict((_key(name), value)
                             for name, value in found.settings),
            'views': [_document(mount) for mount in found.mounts],
            'views_omitted': found.omitted}


def in_force(settings):
    """[(name, value)] of a ProcessSettings, for JSON; secrets are hidden."""
    return [(name, _plain(getattr(settings, name.replace('-', '_'))))
            for name, _default in SETTINGS]


def _plain(value):
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [str(one) for one in value]
    if isinstance(value, str):
        return value
    # An address says what it is; the token is to stay in its file.
    return getattr(value, 'text', HIDDEN)


# None is the default of a time, too.
_TIMES = frozenset([name for name, default in SETTINGS
                    if isinstance(default, float)] + ['switch-interval'])


def _key(name):
    """The key in JSON, with its unit."""
    key = name.replace('-', '_')
    return key + '_seconds' if name in _TIMES else key


def _for_people(name, value):
    if isinstance(value, bool):
        return u'on' if value else u'off'
    if isinstance(value, list):
        return u' '.join(value) or None
    if name in _TIMES and value is not None:
        return _short(value)
    return value


def _short(value):
    # Below a millisecond the text for people would be 0.
    return u'%g us' % (value * 1e6) if value < 0.001 else duration(value)


def _utc(moment):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(moment))


def _table(mounts):
    table = Table(Column('path', flexible=True), 'tier', 'aside',
                  Column('longest', right=True),
                  Column('offences', right=True))
    for mount in mounts:
        table.add(mount.path, tier_of(mount),
                  'yes' if mount.runs_aside else 'no',
                  duration(mount.tally.longest), mount.tally.offences)
    return table.text()


def _document(mount):
    return {'path': mount.path, 'name': name_of(mount), 'tier': mount.tier,
            'aside': mount.runs_aside,
            'longest_turn_seconds': seconds(mount.tally.longest),
            'offences': mount.tally.offences}


info = InfoView()
