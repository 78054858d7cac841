"""The settings of the process: keys of <zserver-views>, for all views.

ZConfig has converted and checked each by itself, as component.xml says; here
several sections become one.
"""
from __future__ import absolute_import, division, print_function

import importlib

from Products.ZServerViews.config.networks import LOOPBACK

SECTION_TYPE = 'zserver-views'

# name, default; component.xml has the converter and the description.
SETTINGS = (
    ('listen', None),
    ('companion', False),
    ('view-budget', 0.1),
    ('aside-timeout', 30.0),
    ('switch-interval', None),
    ('hang-dump', None),
    ('hang-after', 30.0),
    ('signals', True),
    ('allow', LOOPBACK),
    ('hosts', ()),
    ('allow-users', ()),
    ('token-file', None),
    ('token-file-mode', 'owner'),
    ('token-env', None),
    ('drain-timeout', 30.0),
    ('live-timeout', 60.0),
    ('ready-max-wait', 5.0),
    ('ready-max-queue', 100),
    ('check', ()),
    ('check-interval', 10.0),
    ('check-timeout', 5.0),
    ('metrics-series', 2000),
    ('metrics-registry', False),
    ('storage-timing', True),
    ('slow-request', 2.0),
    ('slow-request-log', None),
    ('record-always', False),
    ('record-log', True),
    ('record', None),
    ('record-size', 64 * 1024 * 1024),
)


class ProcessSettings(object):
    """One attribute for each of `SETTINGS`; times are in seconds."""

    def __init__(self, given=()):
        for name, default in SETTINGS:
            setattr(self, _attribute(name), default)
        for name, value in dict(given).items():
            setattr(self, _attribute(name), value)


def without_views(product_config):
    """Texts about sections with settings, for a configuration without views.
    """
    return ['<%s %s> has settings, but no view is mounted so far: add one, such '
            'as "monitor /-/ Products.ZServerViews.views.monitor" in '
            '<product-config zserver-views>' % (SECTION_TYPE, name)
            for name, section in sorted(product_config.items())
            if section_type(section) == SECTION_TYPE]


def section_type(section):
    """The type of a typed section; None for a <product-config>."""
    get_type = getattr(section, 'getSectionType', None)
    return None if get_type is None else get_type()


def read(product_config):
    """(ProcessSettings, mistakes) of what Zope calls its product
    configuration."""
    given, places, mistakes = {}, {}, []
    for section_name in sorted(product_config):
        section = product_config[section_name]
        if section_type(section) != SECTION_TYPE:
            continue
        for name, _default in SETTINGS:
            value = getattr(section, _attribute(name), None)
            if value is None or value == []:  # a multikey that is not there
                continue
            if name in given and given[name] != value:
                mistakes.append(
                    '<%s %s>: the setting %s is already in <%s %s> with '
                    'another value; it applies to the whole process'
                    % (SECTION_TYPE, section_name, name, SECTION_TYPE,
                       places[name]))
            given[name], places[name] = value, section_name
    mistakes += _mistakes_of_token(given, places)
    mistakes += _mistakes_of_companion(given, places)
    mistakes += _mistakes_of_registry(given, places)
    return ProcessSettings(given), mistakes


def _mistakes_of_token(given, places):
    """What is wrong with the settings that say what the token is."""
    token = given.get('token-file')
    if token is None:
        return []
    place = '<%s %s>: ' % (SECTION_TYPE, places['token-file'])
    if 'token-env' in given:
        return [place + 'there is one token: state token-file or token-env, not '
                'both']
    if token.complaint and given.get('token-file-mode') != 'any':
        return [place + token.complaint]
    return []


def _mistakes_of_companion(given, places):
    if given.get('companion') and 'listen' not in given:
        return ['<%s %s>: the companion answers on the listener for views only: '
                'set listen too, such as "listen 127.0.0.1:8090", or remove '
                '"companion on"' % (SECTION_TYPE, places['companion'])]
    return []


def _mistakes_of_registry(given, places):
    if given.get('metrics-registry'):
        try:
            importlib.import_module('prometheus_client.openmetrics.parser')
        except ImportError as error:
            return ['<%s %s>: "metrics-registry on" needs the package '
                    'prometheus_client: %s. Install it, such as with "pip '
                    'install prometheus_client", or remove the line'
                    % (SECTION_TYPE, places['metrics-registry'], error)]
    return []


def _attribute(name):
    return name.replace('-', '_')
