"""Entries of the configuration -> views at their paths, or one exception with
all errors."""
from __future__ import absolute_import, division, print_function

import inspect
import sys
import types

from ZConfig import ConfigurationError

from Products.ZServerViews._compat import native_types, unquote
from Products.ZServerViews._tallies import Counts, PerThread
from Products.ZServerViews.config import resolve
from Products.ZServerViews.config.sections import TIERS, check_path
from Products.ZServerViews.interfaces import ISuite

# The front page: a view there hides the site's own.
ZOPE_PATHS = frozenset(['/'])
# How the modules of the suite's views are called.
OUR_VIEWS = 'Products.ZServerViews.views.'


class Usage(object):
    """What the process has found out about one view; written by event loops.

    ``longest``
        The longest step of the view so far, in seconds. Of a step over the limit
        only what was the view's own doing counts.
    ``thread``
        The identifier of the thread whose event loop is in the view now, or
        None.
    ``overruns``, ``last_overrun``
        How many steps were over the limit, and when the latest was.
    ``doubt``
        (when, seconds) of a step that may have been another one; or None.
    ``is_measured``, ``measured_until``
        Whether the view's own doing is measured, and until when.
    ``is_offloaded``, ``offloaded_until``
        Whether the view is offloaded for its overruns, and until when.
    ``view_thread``
        The ViewThread that it has, once it was offloaded for any reason.
    ``timeouts``
        Those that the thread had when the view was offloaded the last time.
    ``has_failed_to_decide``
        The log has a line that its ``runs_aside_for`` raises.
    ``counts``
        A PerThread of Counts: how many requests it has answered (``calls``),
        for how many it was ``offloaded``, how many were ``refused``, its
        ``failures``, and the ``seconds`` that it has kept event loops.
    """

    def __init__(self):
        self.longest = 0.0
        self.thread = None
        self.overruns = 0
        self.last_overrun = self.doubt = None
        self.is_measured = False
        self.measured_until = None
        self.is_offloaded = False
        self.offloaded_until = None
        self.view_thread = None
        self.timeouts = 0
        self.has_failed_to_decide = False
        self.counts = PerThread(Counts)


class Mount(object):
    """A view at its path, with its options from the configuration.

    ``aside``
        Whether the view is declared to be offloaded, by it or for it.
    ``decides``
        Whether the view decides that for each request.
    ``usage``
        What is known of its use of the event loop.
    ``is_ours``
        Whether the view is of the suite of this product, or answers in the
        place of a view.
    ``asks_server``
        Whether it asks the server for its state.
    ``tier``
        Its access tier, see `access.policy`; None if it is open to everybody.
    ``refusal``
        The Mount that answers requests without access to it; or None.
    """

    __slots__ = ('path', 'script_name', 'view', 'name', 'access_log', 'place',
                 'aside', 'decides', 'usage', 'is_ours', 'asks_server', 'tier',
                 'refusal')

    def __init__(self, path, view, entry):
        self.path = path
        self.script_name = unquote(path)
        self.view = view
        self.name = entry.name
        self.access_log = entry.access_log
        self.place = entry.place
        self.aside = entry.aside or _declares_aside(view)
        self.decides = _may_decide(view)
        self.usage = Usage()
        self.is_ours = _is_ours(view)
        self.asks_server = self.is_ours and getattr(view, 'asks_server', False)
        self.tier = entry.tier or _declared_tier(view)
        self.refusal = None

    @property
    def is_offloaded(self):
        return self.aside or self.usage.is_offloaded

    def is_offloaded_for(self, environ, failed):
        """Whether it is for this request: a view may decide, by its method
        ``runs_aside_for``.

        If that raises, the view is offloaded: it has the method since it may
        block. Then failed(mount, exc_info) is called. Never raises.
        """
        if self.aside or self.usage.is_offloaded:
            return True
        if not self.decides:
            return False
        try:
            return self.view.runs_aside_for(environ) is True
        except BaseException:  # SystemExit and its like must not end the site
            failed(self, sys.exc_info())
            return True


def _may_decide(view):
    try:
        return getattr(view, 'runs_aside_for', None) is not None
    except Exception:
        return True  # reading it fails again, for each request: see above


def _is_ours(view):
    try:
        return type(view).__module__.startswith(OUR_VIEWS)
    except Exception:
        return False


def _declares_aside(view):
    try:
        # Not any truth: there are objects that have every attribute.
        return view.runs_aside is True
    except Exception:
        return False


def _declared_tier(view):
    try:
        found = getattr(view, 'tier', None)
    except Exception as error:
        raise ValueError('reading the attribute tier of the view failed with '
                         '%s: %s'
                         % (type(error).__name__, error))
    if found is None or isinstance(found, native_types) and found in TIERS:
        return found
    raise ValueError('the attribute tier of the view is %r, but it controls '
                     'access to the view and must be one of %s. If the '
                     'attribute means something else, set the option tier'
                     % (found, ', '.join(TIERS)))


def _declares_change(view):
    try:
        return _declared_tier(view) == 'change'
    except ValueError:
        return False


def mounts_of(entries, mistakes=()):
    """The mounts of all entries; suites are expanded.

    Raises one ConfigurationError that lists the mistakes given and all that
    are found here: names that cannot be imported or are not views, and paths
    that hide Zope or are used by another entry.
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
            % ('1 error' if len(mistakes) == 1
               else '%d errors' % len(mistakes)))
    return '\n'.join([head] + ['%d. %s' % numbered
                               for numbered in enumerate(mistakes, 1)])


def _found(entry):
    """(path, view, what to call it) for each view of an entry."""
    found = resolve.resolve(entry.name)
    try:
        is_suite = ISuite.providedBy(found)
    except Exception as error:  # an object that answers to no attribute
        raise ValueError('asking %s whether it is a suite failed with %s: %s'
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
        raise ValueError('for a suite, the option tier can only raise the '
                         'tiers of its views: to open one of them, mount it '
                         'with an entry of its own')
    return [(_below(entry.path, name), view, 'the view %r of the suite' % name)
            for name, view in views]


def _views_of(suite, name):
    try:
        return [(view_name + '', view) for view_name, view in suite.views()]
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # as for an import, SystemExit too
        raise ValueError('listing the views of the suite %s failed with %s: %s'
                         % (name, type(error).__name__, error))


def _below(path, name):
    return path if not name else path.rstrip('/') + '/' + name


def _mount(path, view, name, entry):
    check_path(path)
    if path in ZOPE_PATHS and not entry.replace_zope:
        raise ValueError('the path %r is the front page of Zope: choose '
                         'another path, or set replace-zope=on if the view '
                         'is to hide it' % path)
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
        raise ValueError('%s is a module: append the name of a view in it%s'
                         % (name, ''.join(', such as %s.%s' % (name, one)
                                          for one in _views_in(view)[:1])))
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
                             'start_response): is a decorator missing, such '
                             'as TextView?' % name)


def _views_in(module):
    """Names of what is probably a view in it."""
    # What decorators make has no name of its own.
    return sorted(
        name for name, value in vars(module).items()
        if callable(value) and not name.startswith('_')
        and not hasattr(value, '__name__'))


def _take(mount, taken):
    # Two spellings that decode to one path cannot be told apart everywhere.
    other = taken.setdefault(mount.script_name, mount)
    if other is not mount:
        raise ValueError('the path %s is already used by %s (%s)'
                         % (mount.path, other.place, other.name))
