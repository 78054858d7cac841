"""Which of pip's settings count here: those that say how an index is reached.

A constraint, a target folder or "only binaries" that somebody has set for
other work must not decide whether an environment can be made. The address of
an index, a proxy and certificates must: without them nothing is downloaded.
"""
from __future__ import absolute_import, division, print_function

import configparser
import os
import sys

# With this as its configuration file pip reads no other one. It asks nobody,
# and looks for no newer pip.
OWN = {'PIP_CONFIG_FILE': os.devnull, 'PIP_NO_INPUT': '1',
       'PIP_DISABLE_PIP_VERSION_CHECK': '1'}

# The options of several values, which white space separates.
SEVERAL = ('extra-index-url', 'find-links', 'trusted-host')
NETWORK = SEVERAL + (
    'cache-dir', 'cert', 'client-cert', 'index-url', 'keyring-provider',
    'no-index', 'proxy', 'resume-retries', 'retries', 'timeout')
OTHER_NAMES = {'default-timeout': 'timeout', 'pypi-url': 'index-url'}

# What holds for each command, and what holds for the one that matters most.
SECTIONS = ('global', 'install')
APPLE = 'Library/Application Support'


def network_settings(environ):
    """The variables for pip that say what its settings say of the network.

    They come from its files, which the variables of ``environ`` override.
    """
    found = {}
    for name, value in list(of_files(environ)) + list(of_variables(environ)):
        name = OTHER_NAMES.get(name, name)
        # pip takes an empty value for none at all.
        if name in NETWORK and value.strip():
            found[variable(name)] = expanded(name, value, environ)
    return found


def variable(name):
    return 'PIP_' + name.upper().replace('-', '_')


def option(name):
    """As pip, which takes an underscore for a hyphen."""
    return name.lower().replace('_', '-')


def expanded(name, value, environ):
    words = value.split() if name in SEVERAL else [value.strip()]
    # Not for the home that our programs have.
    home = environ.get('HOME', '')
    return ' '.join(home + word[1:] if word.startswith('~/') else word
                    for word in words)


def of_variables(environ):
    for name, value in environ.items():
        if name.startswith('PIP_'):
            yield option(name[len('PIP_'):]), value


def of_files(environ):
    parsed = [parse(path) for path in files(environ)]
    for section in SECTIONS:
        for parser in parsed:
            if parser.has_section(section):
                for name, value in parser.items(section):
                    yield option(name), value


def parse(path):
    """A file that is missing or broken has no settings."""
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding='utf-8')
    except (configparser.Error, UnicodeDecodeError, EnvironmentError):
        return configparser.RawConfigParser()
    return parser


def files(environ):
    """Where pip looks, the last overrides those before it."""
    named = environ.get('PIP_CONFIG_FILE')
    if named == os.devnull:
        return []
    folders = of_the_machine(environ)
    if not (named and os.path.exists(named)):
        folders += of_the_user(environ)
    return [os.path.join(folder, 'pip.conf') for folder in
            folders + [sys.prefix]] + [named] * bool(named)


def of_the_machine(environ):
    if sys.platform == 'darwin':
        return [os.path.join('/', APPLE, 'pip')]
    shared = environ.get('XDG_CONFIG_DIRS') or '/etc/xdg'
    return [os.path.join(folder, 'pip')
            for folder in shared.split(os.pathsep)] + ['/etc']


def of_the_user(environ):
    home = environ.get('HOME', '')
    folders = [os.path.join(home, '.pip')]
    if sys.platform == 'darwin':
        folders.append(os.path.join(home, APPLE, 'pip'))
    return folders + [os.path.join(
        environ.get('XDG_CONFIG_HOME') or os.path.join(home, '.config'),
        'pip')]
