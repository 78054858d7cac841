"""The table: exact path -> view, looked into once for each request."""
from __future__ import absolute_import, division, print_function

import inspect
import types

from ZConfig import ConfigurationError

from Products.ZServerViews import dotted
from Products.ZServerViews._compat import native_types, unquote
from Products.ZServerViews.base import TextView, ViewError
from Products.ZServerViews.budget import Tally
from Products.ZServerViews.interfaces import ISuite
from Products.ZServerViews.settings import TIERS, Entry, check_path

# The front page: a view there hides the site's own.
ZOPE_PATHS = frozenset(['/'])


class Mount(object):
    """A view at its path, with what the configuration says of it.

    ``aside``
        Whether the view is declared to run aside, by it or for it.
    ``tally``
        What is known of its conduct.
    ``tier``
        Who may see it, see `access`; None for everybody.
    """

    __slots__ = ('path', 'script_name', 'view', 'name', 'access_log', 'place',
                 'aside', 'decides', 'tally', 'tier')

    def __init__(self, path, view, entry):
        self.path = path
        self.script_name = unquote(path)
        self.view = view
        self.name = entry.name
        self.access_log = entry.access_log
        self.place = entry.place
        self.aside = entry.aside or _declares_aside(view)
        self.decides = _has_attribute(view, 'runs_aside_for')
        self.tally = Tally()
        self.tier = entry.tier or _declared_tier(view)

    @property
    def runs_aside(self):
        return self.aside or self.tally.runs_aside

    def runs_aside_for(self, environ):
        """Whether it does so for this request: a view may decide, by a method
        of the same name. Never raises."""
        return (self.aside or self.tally.runs_aside
                or self.decides and _decides_aside(self.view, environ))


def _has_attribute(view, name):
    try:
        return getattr(view, name, None) is not None
    except Exception:
        return False


def _declares_aside(view):
    try:
        # Not any truth: there are objects that have every attribute.
        return view.runs_aside is True
    except Exception:
        return False


def _decides_aside(view, environ):
    try:
        return view.runs_aside_for(environ) is True
    except BaseException:  # SystemExit and its like must not end the site
        return False


def _declared_tier(view):
    try:
        found = getattr(view, 'tier', None)
    except Exception as error:
        raise ValueError('the view cannot be asked for its tier: %s: %s'
                         % (type(error).__name__, error))
    if found is None or isinstance(found, native_types) and found in TIERS:
        return found
    raise ValueError('the attribute tier of the view is %r; it says who may '
                     'see the view: one of %s. If it means something else '
                     'there, state the option tier'
                     % (found, ', '.join(TIERS)))


def _declares_change(view):
    try:
        return _declared_tier(view) == 'change'
    except ValueError:
        return False


@TextView
def not_found(environ):
    """What answers where no view is mounted, on the listener for views, and on
    every port who may not see the view that is."""
    raise ViewError('404 Not Found', u'There is no view at this path.\n',
                    [('Cache-Control', 'no-store')])


NOT_FOUND = Mount('/', not_found, Entry(
    'the listener for views', '', '/', 'not found', [('access-log', False)]))


class ViewTable(object):
    """What is mounted where; hooks look into it, `replace` changes it.

    ``by_path``
        The path as sent -> Mount.
    ``by_decoded_path``
        The path with its percent signs decoded -> Mount, for servers whose
        parser decodes it; such a server must still compare the path as sent.

    Both are dictionaries that are never changed, only replaced as a whole:
    the loop reads them without a lock.
    """

    def __init__(self):
        self.by_path = {}
        self.by_decoded_path = {}

    def __len__(self):
        return len(self.by_path)

    def replace(self, mounts):
        """Serve these mounts and no others from the next request on."""
        self.by_path = dict((mount.path, mount) for mount in mounts)
        self.by_decoded_path = dict((mount.script_name, mount)
                                    for mount in mounts)


def sent_path(target):
    """The path of a request target as it was sent, not decoded.

    Takes the origin form and the absolute form (RFC 9112, section 3.2).
    """
    path = target.partition('?')[0].partition('#')[0]
    if not path.startswith('/'):
        authority_and_path = path.partition('://')[2]
        path = '/' + authority_and_path.partition('/')[2]
    return path


def mounts_of(entries, mistakes=()):
    """The mounts of all entries; suites are expanded.

    Raises one ConfigurationError that lists the mistakes given and all that
    are found here: what cannot be imported, what is no view, what hides Zope,
    and what another entry has taken.
    """
    mounts, mistakes, taken = [], list(mistakes), {}
    for entry in entries:
        try:
            found = _found(entry)
        except ValueError as error:
            mistakes.append(entry.mistake(error))
            continue
        for path, view, name in found:
            try:
                mount = _mount(path, view, name, entry)
                _take(mount, taken)
            except ValueError as error:
                mistakes.append(entry.mistake(error))
            else:
                mounts.append(mount)
    if mistakes:
        raise ConfigurationError(_report(mistakes))
    return mounts


def _report(mistakes):
    head = ('zserver-views: %s in the configuration; no view was mounted.'
            % ('1 mistake' if len(mistakes) == 1
               else '%d mistakes' % len(mistakes)))
    return '\n'.join([head] + ['%d. %s' % numbered
                               for numbered in enumerate(mistakes, 1)])


def _found(entry):
    """(path, view, what to call it) for each view of an entry."""
    found = dotted.resolve(entry.name)
    try:
        is_suite = ISuite.providedBy(found)
    except Exception as error:  # an object that answers to no attribute
        raise ValueError('%s cannot be asked whether it is a suite: %s: %s'
                         % (entry.name, type(error).__name__, error))
    if not is_suite:
        if isinstance(found, type) and ISuite.implementedBy(found):
            raise ValueError('%s is the class of a suite: name an instance '
                             'of it' % entry.name)
        return [(entry.path, found, entry.name)]
    views = _views_of(found, entry.name)
    if not views:
        raise ValueError('the suite %s has no views' % entry.name)
    if entry.tier == TIERS[0]:
        # Said of all: for one view of them it may be far too open.
        raise ValueError('for the views of a suite the option tier can only '
                         'raise what they say themselves: to open one of '
                         'them, name it in an entry of its own')
    return [(_below(entry.path, name), view, 'the view %r of the suite' % name)
            for name, view in views]


def _views_of(suite, name):
    try:
        return [(view_name + '', view) for view_name, view in suite.views()]
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # as for an import, SystemExit too
        raise ValueError('the views of the suite %s cannot be listed: %s: %s'
                         % (name, type(error).__name__, error))


def _below(path, name):
    return path if not name else path.rstrip('/') + '/' + name


def _mount(path, view, name, entry):
    check_path(path)
    if path in ZOPE_PATHS and not entry.replace_zope:
        raise ValueError('the path %r is the front page of Zope: choose '
                         'another, or state replace-zope=on if the view is '
                         'to hide it' % path)
    _check_view(view, name)
    mount = Mount(path, view, entry)
    if name != entry.name:  # a view of a suite
        mount.tier = max(mount.tier, _declared_tier(view), key=_rank)
    elif mount.tier != 'change' and _declares_change(view):
        raise ValueError('the tier of a view that changes something is '
                         'always change')
    return mount


def _rank(tier):
    return TIERS.index(tier) if tier in TIERS else -1


def _check_view(view, name):
    if isinstance(view, types.ModuleType):
        raise ValueError('%s is a module: append the name of a view in it'
                         % name)
    if not callable(view):
        hint = ('; if it is a suite, declare that it implements ISuite'
                if hasattr(view, 'views') else '')
        raise ValueError('%s is %s, which cannot be called: a view is a '
                         'callable (environ, start_response)%s'
                         % (name, type(view).__name__, hint))
    if isinstance(view, (types.FunctionType, types.MethodType)):
        try:
            inspect.getcallargs(view, None, None)
        except TypeError:
            raise ValueError('%s cannot be called with (environ, '
                             'start_response): was it to be decorated, with '
                             'TextView for example?' % name)


def _take(mount, taken):
    # Two spellings that decode to one path cannot be told apart everywhere.
    other = taken.setdefault(mount.script_name, mount)
    if other is not mount:
        raise ValueError('the path %s is taken by %s (%s)'
                         % (mount.path, other.place, other.name))
