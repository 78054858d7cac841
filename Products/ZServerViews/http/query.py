"""The parameters of a view, declared, and the query strings that give them.

A view that is asked for something it does not know says so, with a list of
what it knows. It repeats nothing that it was given: that may be somebody's
password, sent to the wrong place, even where a name should stand.
"""
from __future__ import absolute_import, division, print_function

import re

from Products.ZServerViews._compat import unquote, wire
from Products.ZServerViews.base import ViewError

# Longer query strings are not even split.
LONGEST = 2000

# int() takes more: signs, spaces, the digits of other scripts.
_NUMBER = re.compile('[0-9]{1,9}\\Z').match
_TIME = re.compile('([0-9]{1,6})(s|m|h|)\\Z').match
_SECONDS = {'': 1, 's': 1, 'm': 60, 'h': 3600}


class Parameter(object):
    """A parameter; the classes below say which values it may have.

    ``name``
        As it stands in the query string.
    ``default``
        Its value when it does not.
    ``values``
        A text for people: what may stand there.
    """

    def __init__(self, name, default, values):
        self.name = name
        self.default = default
        self.values = values

    def convert(self, text):
        """The value that the text means; raises ValueError."""
        raise NotImplementedError


class Flag(Parameter):
    """On or off; the name alone is on, as in ``?verbose``."""

    def __init__(self, name):
        Parameter.__init__(self, name, False,
                           u'1 or 0; 1 if there is no value')

    def convert(self, text):
        if text not in ('', '1', '0'):
            raise ValueError()
        return text != '0'


class Number(Parameter):
    """A whole number between two bounds, both of them included."""

    def __init__(self, name, least, most, default):
        Parameter.__init__(self, name, default,
                           u'a number from %d to %d' % (least, most))
        self._least = least
        self._most = most

    def convert(self, text):
        if not _NUMBER(text) or not self._least <= int(text) <= self._most:
            raise ValueError()
        return int(text)


class Choice(Parameter):
    """One of some words; the default, which may be None, need not be one."""

    def __init__(self, name, words, default=None):
        Parameter.__init__(self, name, default,
                           u'one of ' + u', '.join(words))
        self._words = words

    def convert(self, text):
        if text not in self._words:
            raise ValueError()
        return text


class Text(Parameter):
    """A text in UTF-8, which is not empty and has at most ``most`` characters.

    ``values``
        See `Parameter`.
    ``convert``
        Makes a value of it; raises ValueError. By default it stays a text.
    """

    def __init__(self, name, values, most=500, convert=None):
        Parameter.__init__(self, name, None, values)
        self._most = most
        self._convert = convert

    def convert(self, text):
        found = wire(text).decode('utf-8')
        if not found or len(found) > self._most:
            raise ValueError()
        return found if self._convert is None else self._convert(found)


class Time(Parameter):
    """Seconds, from one to ``most``: ``90``, ``90s``, ``10m`` or ``1h``."""

    def __init__(self, name, most):
        Parameter.__init__(self, name, None, u'a time such as 90s or 10m, at '
                           u'most %s' % _in_words(most))
        self._most = most

    def convert(self, text):
        found = _TIME(text)
        seconds = found and int(found.group(1)) * _SECONDS[found.group(2)]
        if not seconds or seconds > self._most:
            raise ValueError()
        return seconds


def _in_words(seconds):
    """A number of seconds as `Time` takes it."""
    for unit in 'hm':
        if seconds % _SECONDS[unit] == 0:
            return u'%d%s' % (seconds // _SECONDS[unit], unit)
    return u'%ds' % seconds


def read(query, parameters, ignore_others=False):
    """{name: value} of all parameters, for a query string.

    Raises ViewError for 400 where the string has something else, unless that
    is to be ignored, a value that is none, or a parameter twice.
    """
    known = dict((parameter.name, parameter) for parameter in parameters)
    values = {}
    for place, (name, text) in enumerate(_pairs(query, parameters), 1):
        if name not in known:
            if ignore_others:
                continue
            raise _bad(u'This view does not know parameter %d of the query '
                       u'string.' % place, parameters)
        if name in values:
            raise _bad(u'The parameter %s is given twice.' % name,
                       parameters)
        try:
            values[name] = known[name].convert(text)
        except ValueError:
            raise _bad(u'The parameter %s cannot have that value. Give %s.'
                       % (name, known[name].values), parameters)
    return dict((name, values.get(name, known[name].default))
                for name in known)


def _pairs(query, parameters):
    if len(query) > LONGEST:
        raise _bad(u'The query string is too long.', parameters)
    for item in query.split('&'):
        if item:
            name, _, text = item.replace('+', ' ').partition('=')
            yield unquote(name), unquote(text)


def _bad(what, parameters):
    lines = [what, u'', u'Known parameters:']
    lines += [u'  %s: %s' % (parameter.name, parameter.values)
              for parameter in parameters]
    return ViewError('400 Bad Request', u'\n'.join(lines) + u'\n')
