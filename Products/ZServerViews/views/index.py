"""``/-/``: which views are mounted, and what each of them says.

It tells whoever may see it what there is to be found, so it is for operators.
"""
from __future__ import absolute_import, division, print_function

from collections import namedtuple

from Products.ZServerViews.monitor.formats import WIDTH, clean
from Products.ZServerViews.views.base import MonitorView

MOST = 500
INDENT = u'    '


class Found(namedtuple('Found', 'mounts omitted')):
    """The mounts by path, and the number of those beyond the limit."""

    __slots__ = ()


def mounts_of(site):
    """`Found` for the views that a site has mounted."""
    by_path = site.table.by_path
    mounts = [by_path[path] for path in sorted(by_path)]
    return Found(mounts[:MOST], max(0, len(mounts) - MOST))


class IndexView(MonitorView):
    """All views of the process, not those of the suite alone."""

    name = ''
    summary = u'this list'

    def collect(self, asked):
        return mounts_of(asked.site)

    def as_text(self, found):
        lines = []
        for mount in found.mounts:
            said = document(mount)
            lines.append(clean(u'%s  (%s)' % (said['path'], said['tier']),
                               WIDTH))
            lines += [clean(INDENT + line, WIDTH) for line in _lines(said)]
        if found.omitted:
            lines.append(u'%d more are left out' % found.omitted)
        return u''.join(line + u'\n' for line in lines)

    def document(self, found):
        return {'views': [document(mount) for mount in found.mounts],
                'omitted': found.omitted}


def _lines(said):
    if said['summary'] is None:
        return [said['name']]
    return [said['summary'], u'%s; %s' % (u', '.join(said['methods']),
                                          u', '.join(said['formats']))]


def document(mount):
    """What is known of a mount: that of a view of somebody's own is little."""
    view = mount.view
    ours = isinstance(view, MonitorView)
    return {'path': mount.path, 'name': mount.name,
            'tier': mount.tier or 'status',
            'summary': view.summary if ours else None,
            'methods': list(view.methods) if ours else None,
            'formats': list(view.formats) if ours else None}


index = IndexView()
