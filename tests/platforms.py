"""What tests need of the platform."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.runtime.companion_keeper import missing

# For all tests of a module or for one.
companion_can_run = pytest.mark.skipif(
    missing() is not None, reason='no companion: %s' % missing())
