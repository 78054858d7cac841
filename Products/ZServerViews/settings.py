"""Reads the sections of zope.conf: texts in, entries and mistakes out.

Two kinds of section, which may stand side by side::

    <product-config zserver-views>
        thread-id /thr-id package.module.view access-log=off
    </product-config>

    %import Products.ZServerViews
    <zserver-views more>
        <view /thr-id>
            name package.module.view
            access-log off
        </view>
    </zserver-views>
"""
from __future__ import absolute_import, division, print_function

from ZConfig.datatypes import asBoolean

PRODUCT_SECTION = 'zserver-views'
SECTION_TYPE = 'zserver-views'

# Who may see a view, from everybody to the fewest; access.py has the rules.
TIERS = ('status', 'operator', 'sensitive', 'change')


def tier(text):
    """The name of a tier, in any case -> the same in lower case."""
    if text.lower() not in TIERS:
        raise ValueError('%r is no tier: choose one of %s'
                         % (str(text), ', '.join(TIERS)))
    return str(text.lower())


# name, converter, default: an option of one view, in either kind of section.
OPTIONS = (
    ('access-log', asBoolean, True),
    ('replace-zope', asBoolean, False),
    ('aside', asBoolean, False),
    ('tier', tier, None),
)


class Entry(object):
    """One view or suite of the configuration, not imported yet.

    ``place`` and ``value`` say where it stands and what it says, for people.
    """

    def __init__(self, place, value, path, name, options=()):
        self.place = place
        self.value = value
        self.path = path
        self.name = name
        given = dict(options)
        self.access_log = given.get('access-log', True)
        self.replace_zope = given.get('replace-zope', False)
        self.aside = given.get('aside', False)
        self.tier = given.get('tier')

    def mistake(self, text):
        """The text with the place and the value before it."""
        return '%s (%s): %s' % (self.place, self.value, text)


def read(product_config):
    """(entries, mistakes) of what Zope calls its product configuration.

    ``product_config`` maps a section's name to the dictionary of a
    ``<product-config>`` or to the values of a typed section.
    """
    entries, mistakes = [], []
    lines = product_config.get(PRODUCT_SECTION) or {}
    if _section_type(lines) is not None:
        mistakes.append('<%s %s>: this name is kept for <product-config %s>; '
                        'give the section another'
                        % (_section_type(lines), PRODUCT_SECTION,
                           PRODUCT_SECTION))
        lines = {}
    for key, value in sorted(lines.items()):
        _collect(_entry_of_line, (key, value), entries, mistakes)
    for name in sorted(product_config):
        section = product_config[name]
        if _section_type(section) == SECTION_TYPE:
            for view in section.views:
                _collect(_entry_of_view, (name, view), entries, mistakes)
    return entries, mistakes


def _collect(reader, arguments, entries, mistakes):
    try:
        entries.append(reader(*arguments))
    except ValueError as error:
        mistakes.append(str(error))


def _section_type(section):
    """The type of a typed section; None for a <product-config>."""
    get_type = getattr(section, 'getSectionType', None)
    return None if get_type is None else get_type()


def _entry_of_line(key, value):
    place = 'entry %r of <product-config %s>' % (str(key), PRODUCT_SECTION)
    if not hasattr(value, 'split'):
        raise ValueError('%s: the value is %s, not a string'
                         % (place, type(value).__name__))
    words = value.split()
    said = repr(str(' '.join(words)))
    try:
        if len(words) < 2:
            raise ValueError('a path and a dotted name must stand behind the '
                             'identifier, such as "/%s package.module.view"'
                             % key)
        options = [_option(word) for word in words[2:]]
        _refuse_repeated([name for name, _value in options])
        check_path(words[0])
    except ValueError as error:
        raise ValueError('%s (%s): %s' % (place, said, error))
    return Entry(place, said, words[0], words[1], options)


def _option(word):
    name, equals, value = word.partition('=')
    name = name.lower()
    converters = dict((known, converter) for known, converter, _ in OPTIONS)
    if not equals or name not in converters:
        raise ValueError(
            '%r is surplus: behind the dotted name only these options may '
            'stand: %s%s' % (str(word), ', '.join(
                known + '=...' for known, _, _ in OPTIONS),
                '; a comment needs a line of its own'
                if word.startswith('#') else ''))
    try:
        return name, converters[name](value)
    except ValueError as error:
        what = ' is on or off' if converters[name] is asBoolean else ''
        raise ValueError('the option %s%s: %s' % (name, what, error))


def _refuse_repeated(names):
    for name in names:
        if names.count(name) > 1:
            raise ValueError('the option %s stands twice' % name)


def _entry_of_view(section_name, view):
    path = view.path or view.getSectionName() or ''
    place = '<view %s> of <%s %s>' % (view.getSectionName() or '',
                                      SECTION_TYPE, section_name)
    said = repr(str(view.name))
    try:
        check_path(path)
    except ValueError as error:
        raise ValueError('%s (%s): %s' % (place, said, error))
    options = [(name, getattr(view, name.replace('-', '_')))
               for name, _, _ in OPTIONS]
    return Entry(place, said, path, view.name, options)


def check_path(path):
    """Refuse, with a ValueError, a path that no request can ever match."""
    if not path.startswith('/'):
        raise ValueError('the path %r must begin with a slash' % str(path))
    for sign, reason in (('?', 'the query string begins there, and every '
                               'query reaches the view'),
                         ('#', 'browsers do not send what follows it')):
        if sign in path:
            raise ValueError('the path %r must not contain %r: %s'
                             % (str(path), sign, reason))
    if not all('!' <= sign <= '~' for sign in path):
        raise ValueError(
            'the path %r has white space or a character outside ASCII: '
            'requests have it percent-encoded, such as %%20 or %%C3%%BC; '
            'write it so here' % path)
    if '.' in path and {'.', '..'}.intersection(path.split('/')):
        raise ValueError('the path %r has a "." or ".." between slashes: '
                         'clients remove them before they send a request'
                         % str(path))
