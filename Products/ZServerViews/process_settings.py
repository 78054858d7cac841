"""The settings of the process: keys of <zserver-views>, for all views.

ZConfig has converted and checked each by itself, as component.xml says; here
several sections become one.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.addresses import LOOPBACK
from Products.ZServerViews.settings import SECTION_TYPE

# name, default; component.xml has the converter and the description.
SETTINGS = (
    ('listen', None),
    ('view-budget', 0.1),
    ('aside-timeout', 30.0),
    ('switch-interval', None),
    ('hang-dump', None),
    ('hang-after', 30.0),
    ('signals', True),
    ('allow', LOOPBACK),
    ('hosts', ()),
    ('token-file', None),
    ('drain-timeout', 30.0),
    ('live-timeout', 60.0),
    ('ready-max-wait', 5.0),
    ('ready-max-queue', 100),
    ('check', ()),
    ('check-interval', 10.0),
    ('check-timeout', 5.0),
)


class ProcessSettings(object):
    """One attribute for each of `SETTINGS`; times are in seconds."""

    def __init__(self, given=()):
        for name, default in SETTINGS:
            setattr(self, _attribute(name), default)
        for name, value in dict(given).items():
            setattr(self, _attribute(name), value)


def read(product_config):
    """(ProcessSettings, mistakes) of what Zope calls its product
    configuration."""
    given, places, mistakes = {}, {}, []
    for section_name in sorted(product_config):
        section = product_config[section_name]
        get_type = getattr(section, 'getSectionType', None)
        if get_type is None or get_type() != SECTION_TYPE:
            continue
        for name, _default in SETTINGS:
            value = getattr(section, _attribute(name), None)
            if value is None or value == []:  # a multikey that is not there
                continue
            if name in given and given[name] != value:
                mistakes.append(
                    '<%s %s>: the setting %s stands in <%s %s> already, with '
                    'another value; it is one for the whole process'
                    % (SECTION_TYPE, section_name, name, SECTION_TYPE,
                       places[name]))
            given[name], places[name] = value, section_name
    return ProcessSettings(given), mistakes


def _attribute(name):
    return name.replace('-', '_')
