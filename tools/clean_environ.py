"""The environment variables for programs that are run here.

What the user has set for other work must not decide whether `make test` and
`make demo` succeed: neither a variable (PYTHONPATH, PIP_CONSTRAINT,
PYTEST_ADDOPTS, ...) nor a file in the home folder (pip.conf, .pydistutils.cfg,
virtualenv.ini, .npmrc, buildout's default.cfg, ...). So only the variables
listed here are passed on, and the home is a folder below `build/`.
"""
from __future__ import absolute_import, division, print_function

import os

from tools.pip_settings import OWN, network_settings
from tools.places import BUILD

HOME = os.path.join(BUILD, 'home')

# Of the real home: what has been downloaded, the passwords for indexes, and
# the Pythons of pyenv.
LINKED = ('.cache', '.netrc', '.pyenv')

PASSED = frozenset(
    # Where and as whom programs run, and in which language.
    'PATH USER LOGNAME SHELL TERM TMPDIR TZ LANG LANGUAGE XDG_CACHE_HOME '
    # How the network is reached.
    'SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NETRC '
    # How something is compiled, and finds its libraries.
    'CC CXX CPP CFLAGS CXXFLAGS CPPFLAGS LDFLAGS CPATH LIBRARY_PATH '
    'LD_LIBRARY_PATH PKG_CONFIG_PATH SDKROOT DEVELOPER_DIR '
    'MACOSX_DEPLOYMENT_TARGET '
    # Which other Pythons there are.
    'PYENV_ROOT PYTHON27 '
    # What our own commands ask for.
    'BENCHMARKS_LAYOUT JOBS ONCE PORT SERVER SOAK_SECONDS STRICT '
    'ZSV_SERVER'.split())
PROXIES = ('http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy', 'no_proxy')


def clean_environ(**own):
    """The variables for a program, and those that the caller adds."""
    passed = cleaned(os.environ)
    passed['HOME'] = made_home()
    passed.update(own)
    return passed


def cleaned(environ):
    passed = dict((name, value) for name, value in environ.items()
                  if is_passed(name))
    passed.update(network_settings(environ))
    passed.update(OWN)
    return passed


def is_passed(name):
    return (name in PASSED or name.startswith('LC_')
            or name.lower() in PROXIES)


def made_home():
    """The path of the home, which has no configuration of any program."""
    os.makedirs(HOME, exist_ok=True)
    for name in LINKED:
        real = os.path.realpath(os.path.join(os.path.expanduser('~'), name))
        link = os.path.join(HOME, name)
        if os.path.exists(real) and not os.path.lexists(link):
            try:
                os.symlink(real, link)
            except FileExistsError:
                pass  # another process has been faster
    return HOME
