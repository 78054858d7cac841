"""``/-/info``: versions, the process, its settings and its views.

The event loop imports nothing and reads no file: everything is known
beforehand, except the versions. Another thread reads these when the event loop
has begun to run.
"""
from __future__ import absolute_import, division, print_function

import time

from Products.ZServerViews.config.settings import SETTINGS
from Products.ZServerViews.format.tables import Column, Table
from Products.ZServerViews.format.units import duration, seconds, size, utc
from Products.ZServerViews.views.formatted import Found, MonitorView, facts
from Products.ZServerViews.views.index import mounts_of, name_of, tier_of

HIDDEN = '(hidden)'


class Facts(Found):
    """Everything at one moment; ``now`` is in seconds since the epoch.

    ``process``
        A `monitor.process.Process`.
    ``server``
        An IServerState, or None.
    ``settings``
        [(name, value)], see `in_force`.
    ``mounts``, ``omitted``
        See `index.Mounts`.
    ``dropped``
        How many log lines were dropped.
    ``left``
        For how many seconds a Usage has its view offloaded, see `budget`.
    """


class InfoView(MonitorView):
    """What an operator must know of a process before anything else."""

    name = 'info'
    summary = u'versions, uptime, settings in force, mounted views'
    needs_process = True
    asks_server = True

    def __init__(self, now=time.time):
        self._now = now

    def collect(self, asked):
        site = asked.site
        mounts = mounts_of(site)
        return Facts(
            process=site.process,
            server_software=asked.environ.get('SERVER_SOFTWARE', ''),
            server=asked.server, pid=asked.pid, worker=asked.worker,
            now=self._now(),
            settings=in_force(site), mounts=mounts.mounts,
            omitted=mounts.omitted, dropped=site.log_queue.dropped,
            left=site.budget.seconds_left)

    def as_text(self, found):
        process = found.process
        parts = [facts([
            (u'python', u'%s %s' % (process.implementation, process.python)),
            (u'platform', process.platform),
            (u'server', found.server_software or None)]
            + _of_server(found.server) + [
            (u'pid', found.pid),
            (u'worker', found.worker),
            (u'started', utc(process.started)),
            (u'uptime', duration(found.now - process.started)),
            (u'dropped lines of logs', found.dropped)])]
        if process.versions is None:
            parts.append(u'versions: not read yet\n')
        elif process.versions:
            parts.append(facts(sorted(process.versions.items())))
        parts.append(facts((name, _for_people(name, value))
                           for name, value in found.settings))
        parts.append(_table(found))
        if found.omitted:
            parts.append(u'%d more views are left out\n' % found.omitted)
        return u'\n'.join(parts)

    def document(self, found):
        process = found.process
        return {
            'python': process.python,
            'implementation': process.implementation,
            'platform': process.platform, 'versions': process.versions,
            'server_software': found.server_software,
            'server': None if found.server is None else found.server.text,
            'server_does_not_tell': None if found.server is None
            else list(found.server.not_known),
            'pid': found.pid, 'worker': found.worker,
            'started': utc(process.started),
            'uptime_seconds': seconds(max(0.0,
                                          found.now - process.started)),
            'dropped_log_lines': found.dropped,
            'settings': dict((_key(name), value)
                             for name, value in found.settings),
            'views': [_document(mount, found) for mount in found.mounts],
            'views_omitted': found.omitted}


def _of_server(server):
    """Lines about how it works; none where its name says all."""
    if server is None or server.text is None:
        return []
    return [(u'  which is', server.text),
            (u'  does not tell', u', '.join(server.not_known) or None)]


def in_force(site):
    """[(name, value)] of its settings, for JSON; secrets are hidden.

    ``listen`` is where it listens: not an address that somebody else has.
    """
    return [(name, site.listening_at() if name == 'listen'
             else _plain(getattr(site.settings, name.replace('-', '_'))))
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
                    if isinstance(default, float)] + ['slow-request-log',
                                                       'switch-interval'])


_SIZES = frozenset(['record-size'])


def _key(name):
    """The key in JSON, with its unit."""
    return (name.replace('-', '_') + ('_seconds' if name in _TIMES else '')
            + ('_bytes' if name in _SIZES else ''))


def _for_people(name, value):
    if isinstance(value, bool):
        return u'on' if value else u'off'
    if isinstance(value, list):
        return u' '.join(value) or None
    if name in _TIMES and value is not None:
        return _short(value)
    if name in _SIZES:
        return size(value)
    return value


def _short(value):
    # Below a millisecond the text for people would be 0.
    return u'%g us' % (value * 1e6) if value < 0.001 else duration(value)


def _table(found):
    table = Table(Column('path', flexible=True), 'tier', 'aside',
                  Column('longest', right=True),
                  Column('overruns', right=True))
    for mount in found.mounts:
        until = _aside_until(mount, found)
        table.add(mount.path, tier_of(mount),
                  u'until ' + until[-len('hh:mm:ssZ'):] if until
                  else u'yes' if mount.is_offloaded else u'no',
                  duration(mount.usage.longest), mount.usage.overruns)
    return table.text()


def _document(mount, found):
    return {'path': mount.path, 'name': name_of(mount), 'tier': mount.tier,
            'aside': mount.is_offloaded,
            'aside_until': _aside_until(mount, found),
            'longest_turn_seconds': seconds(mount.usage.longest),
            'offences': mount.usage.overruns}


def _aside_until(mount, found):
    """When the overruns of an offloaded view are forgotten; or None.

    A moment that has passed: with the next request.
    """
    if mount.aside or not mount.usage.is_offloaded:
        return None
    left = found.left(mount.usage)
    return None if left is None else utc(found.now + left)


info = InfoView()
