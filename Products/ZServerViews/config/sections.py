"""Reads the sections of zope.conf: text in, entries and errors out.

Two kinds of section, which may be used together::

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

from Products.ZServerViews.config.hints import did_you_mean
from Products.ZServerViews.config.settings import (
    SECTION_TYPE,
    SETTINGS,
    section_type,
)

PRODUCT_SECTION = 'zserver-views'

SETTING_NAMES = frozenset(name for name, _default in SETTINGS)

# Access to a view, from everybody to the fewest; access/policy.py has the
# rules.
TIERS = ('status', 'operator', 'sensitive', 'change')


def tier(text):
    """The name of a tier, in any case -> the same in lower case."""
    if text.lower() not in TIERS:
        raise ValueError('%r is not a tier: choose one of %s'
                         % (str(text), ', '.join(TIERS)))
    return str(text.lower())


SLASH_AT_THE_END = (
    'For ZConfig, a section whose name ends with a slash, such as <view /-/>, '
    'is empty: write <view NAME> with the key "path /-/" in it')

# name, converter, default: an option of one view, in either kind of section.
OPTIONS = (
    ('access-log', asBoolean, True),
    ('replace-zope', asBoolean, False),
    ('aside', asBoolean, False),
    ('tier', tier, None),
)


VIEW_KEYS = ('name', 'path') + tuple(name for name, _, _ in OPTIONS)


def setting_key(text):
    """A key of ``<zserver-views>``: for ZConfig, which adds file and line."""
    name = text.lower()
    if name in SETTING_NAMES:
        return name
    if name in VIEW_KEYS:
        raise ValueError('the key %r belongs in a <view> section%s' % (
            str(text), '. ' + SLASH_AT_THE_END if name in ('name', 'path')
            else ': move it there'))
    raise ValueError('%r is not a setting%s' % (
        str(text), did_you_mean(name, SETTING_NAMES)))


def view_key(text):
    """A key of ``<view>``, likewise."""
    name = text.lower()
    if name in VIEW_KEYS:
        return name
    hint = did_you_mean(name, VIEW_KEYS)
    if name in SETTING_NAMES:
        hint = '; it is a setting: move it out of the <view> section'
    raise ValueError('%r is not a key of <view>%s' % (str(text), hint))


class Entry(object):
    """One view or suite of the configuration, not imported yet.

    ``place`` and ``value`` describe it in messages.
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
    if section_type(lines) is not None:
        mistakes.append('<%s %s>: this name is reserved for <product-config '
                        '%s>; give the section another name'
                        % (section_type(lines), PRODUCT_SECTION,
                           PRODUCT_SECTION))
        lines = {}
    for key, value in sorted(lines.items()):
        _collect(_entry_of_line, (key, value), entries, mistakes)
    for name in sorted(product_config):
        section = product_config[name]
        if section_type(section) == SECTION_TYPE:
            for view in section.views:
                _collect(_entry_of_view, (name, view), entries, mistakes)
    return entries, mistakes


def _collect(reader, arguments, entries, mistakes):
    try:
        entries.append(reader(*arguments))
    except ValueError as error:
        mistakes.append(str(error))


def _entry_of_line(key, value):
    place = 'entry %r of <product-config %s>' % (str(key), PRODUCT_SECTION)
    if not hasattr(value, 'split'):
        raise ValueError('%s: the value is %s, not a string'
                         % (place, type(value).__name__))
    words = value.split()
    said = repr(str(' '.join(words)))
    try:
        # A single path, as of a socket or a file, is no entry either.
        is_entry = value.startswith('/') and len(words) > 1
        if key.lower() in SETTING_NAMES and not is_entry:
            raise ValueError('this is a setting: move it to a section <%s '
                             'NAME>, after the line "%%import '
                             'Products.ZServerViews"' % SECTION_TYPE)
        if words and words[0] == '=':
            raise ValueError('remove the "=": the path follows the identifier')
        if len(words) < 2:
            raise ValueError('a path and a dotted name must follow the '
                             'identifier, such as "/%s package.module.view"%s'
                             % (key, did_you_mean(key, SETTING_NAMES)))
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
            '%r is not an option: only these options may follow the dotted '
            'name: %s%s%s' % (str(word), ', '.join(
                known + '=...' for known, _, _ in OPTIONS),
                '; a comment must be on a separate line'
                if word.startswith('#') else '',
                did_you_mean(name, converters)))
    try:
        return name, converters[name](value)
    except ValueError as error:
        what = ' is on or off' if converters[name] is asBoolean else ''
        raise ValueError('the option %s%s: %s' % (name, what, error))


def _refuse_repeated(names):
    for name in names:
        if names.count(name) > 1:
            raise ValueError('the option %s is given twice' % name)


def _entry_of_view(section_name, view):
    path = view.path or view.getSectionName() or ''
    place = '<view %s> of <%s %s>' % (view.getSectionName() or '',
                                      SECTION_TYPE, section_name)
    said = repr(str(view.name))
    try:
        if view.name is None:
            raise ValueError('the key "name" is missing: the dotted name of '
                             'the view. %s' % SLASH_AT_THE_END)
        if not view.path and path and not path.startswith('/'):
            raise ValueError('there is no path: add a key such as "path /%s"'
                             % path)
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
    if path.endswith('/*'):
        raise ValueError('the path %r: there are no patterns; a view is at its '
                         'exact path, and a suite at all below %s'
                         % (str(path), str(path[:-1])))
    if not all('!' <= sign <= '~' for sign in path):
        raise ValueError(
            'the path %r has white space or a character outside ASCII: write '
            'it percent-encoded, as in requests, such as %%20 or %%C3%%BC'
            % path)
    if '.' in path and {'.', '..'}.intersection(path.split('/')):
        raise ValueError('the path %r has a segment "." or "..": clients '
                         'remove these before they send a request'
                         % str(path))
