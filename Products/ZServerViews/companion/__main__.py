"""The program of the companion; `runtime.companion_keeper` starts it."""
from __future__ import absolute_import, division, print_function

import os
import sys
import types

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def stand_for_packages(modules):
    """Have modules of this package found without the package itself, which
    imports what is not there."""
    for name, path in (('Products', []), ('Products.ZServerViews', [FOLDER])):
        package = types.ModuleType(name)
        package.__path__ = path
        modules[name] = package


if __name__ == '__main__':
    stand_for_packages(sys.modules)
    from Products.ZServerViews.companion import duty
    duty.run(sys.argv[1:])
