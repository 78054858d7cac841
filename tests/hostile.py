"""Somebody whose settings for other work forbid all that can be forbidden."""
from __future__ import absolute_import, division, print_function

import os

from tools.pip_settings import network_settings

# Where pyenv keeps what it has installed, unless PYENV_ROOT says otherwise.
PYTHONS = '.pyenv'

NOWHERE = '/nowhere/at/all'

# Each of these alone lets a program of the tests fail, or do something else.
VARIABLES = {
    'PYTHONHOME': NOWHERE,
    'PYTHONPATH': NOWHERE,
    'PYTHONSTARTUP': NOWHERE,
    'PYTHONWARNINGS': 'error',
    'PYTHONOPTIMIZE': '2',
    'PIP_CONSTRAINT': NOWHERE,
    'PIP_REQUIREMENT': NOWHERE,
    'PIP_BUILD_CONSTRAINT': NOWHERE,
    'PIP_TARGET': NOWHERE,
    'PIP_PREFIX': NOWHERE,
    'PIP_USER': '1',
    'PIP_REQUIRE_HASHES': '1',
    'PIP_REQUIRE_VIRTUALENV': '1',
    'PIP_NO_DEPS': '1',
    'PIP_NO_BINARY': ':all:',
    'PIP_ONLY_BINARY': ':all:',
    'PIP_DRY_RUN': '1',
    'VIRTUAL_ENV': NOWHERE,
    'VIRTUALENV_PYTHON': NOWHERE,
    'TOX_OVERRIDE': 'testenv.commands=false',
    'TOX_CONFIG_FILE': NOWHERE,
    'PYTEST_ADDOPTS': '--no-such-option',
    'PYTEST_PLUGINS': 'no_such_plugin',
    'COVERAGE_RCFILE': NOWHERE,
    'COVERAGE_FILE': NOWHERE,
    'BUILDOUT_HOME': NOWHERE,
    'SETUPTOOLS_USE_DISTUTILS': 'nonsense',
    'NPM_CONFIG_REGISTRY': 'http://127.0.0.1:9',
}

FILES = {
    '.config/pip/pip.conf': """\
[global]
constraint = {0}
require-hashes = true
[install]
target = {0}
no-deps = true
[download]
constraint = {0}
[wheel]
constraint = {0}
""",
    '.pydistutils.cfg': '[install]\nprefix = {0}\n',
    '.config/virtualenv/virtualenv.ini': '[virtualenv]\npython = {0}\n',
    '.config/tox/config.ini': '[tox]\noverride = testenv.commands=false\n',
    '.buildout/default.cfg': '[buildout]\nextends = {0}\noffline = true\n',
    '.npmrc': 'registry=http://127.0.0.1:9\n',
}


def hostile_environ(home):
    """The variables of a user with this home, which is made."""
    for name, text in FILES.items():
        path = os.path.join(home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as config:
            config.write(text.format(NOWHERE))
    link_pythons(home)
    environ = dict(os.environ, HOME=home)
    # Of this machine's own settings the network's hold, as everywhere.
    environ.update(network_settings(os.environ))
    environ.update(VARIABLES)
    for name in ('PIP_CONFIG_FILE', 'XDG_CONFIG_HOME'):
        environ.pop(name, None)
    return environ


def link_pythons(home):
    """No setting, but what is installed: this user has it as we do."""
    real = os.path.join(os.path.expanduser('~'), PYTHONS)
    link = os.path.join(home, PYTHONS)
    if os.path.exists(real) and not os.path.lexists(link):
        os.symlink(os.path.realpath(real), link)
