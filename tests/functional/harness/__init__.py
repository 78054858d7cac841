"""Real servers in child processes: instances of Zope, started and stopped.

`Instance` is the kind of instance that this interpreter's packages can run.
Where both kinds can run it is ZServer's; the environment variable
``ZSV_SERVER`` (``zserver`` or ``waitress``) chooses otherwise.
"""
from __future__ import absolute_import, division, print_function

import os
import pkgutil

from tests.functional.harness.instance import FIXTURE_SECTION, SECTION, StartFailed
from tests.functional.harness.on_waitress import installed_kind
from tests.functional.harness.on_zserver import ZServerInstance


def chosen_kind():
    """The class of instances that this run of the tests is about."""
    # Looked for, not imported: ZServer changes asyncore when it is.
    installed = [module[1] for module in pkgutil.iter_modules()]
    server = os.environ.get(
        'ZSV_SERVER', 'zserver' if 'ZServer' in installed else 'waitress')
    assert server in ('zserver', 'waitress'), server
    return ZServerInstance if server == 'zserver' else installed_kind()


Instance = chosen_kind()

__all__ = ['FIXTURE_SECTION', 'Instance', 'SECTION', 'StartFailed']
