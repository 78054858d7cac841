"""``/-/``: which views are mounted, and what each of them does.

It shows what else there is to request, so it has the tier operator.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.format.text import WIDTH, clean
from Products.ZServerViews.views.formatted import Found, MonitorView

# Where the views of the suite are.
_VIEWS = __name__.rpartition('.')[0] + '.'

MOST = 500
INDENT = u'    '


class Mounts(Found):
    """The ``mounts`` by path, and the number of those beyond the limit, which
    are ``omitted``."""


def mounts_of(site):
    """`Mounts` for the views that a site has mounted."""
    by_path = site.table.by_path
    mounts = [by_path[path] for path in sorted(by_path)]
    return Mounts(mounts=mounts[:MOST], omitted=max(0, len(mounts) - MOST))


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
            lines.append(clean(u'%s  (%s)' % (mount.path, tier_of(mount)),
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
    return [said['summary'],
            u'%s; %s' % (u', '.join(said['methods']),
                         u', '.join(said['formats'])),
            u'parameters: ' + u', '.join(parameter['name']
                                         for parameter in said['parameters'])]


def document(mount):
    """What is known of a mount: that of a view of somebody's own is little."""
    view = mount.view
    ours = isinstance(view, MonitorView)
    return {'path': mount.path, 'name': name_of(mount), 'tier': mount.tier,
            'summary': view.summary if ours else None,
            'methods': list(view.methods) if ours else None,
            'formats': list(view.formats) if ours else None,
            'parameters': [{'name': parameter.name,
                            'values': parameter.values}
                           for parameter in view.known_parameters()]
            if ours else None}


def name_of(mount):
    """The dotted name of the view; for one of the suite not the suite's."""
    view = mount.view
    module = type(view).__module__
    if isinstance(view, MonitorView) and module.startswith(_VIEWS):
        return '%s.%s' % (module, view.name.rpartition('/')[2] or 'index')
    return mount.name


def tier_of(mount):
    """The tier for people; ``open`` where there is none: for everybody."""
    return mount.tier or u'open'


index = IndexView()
