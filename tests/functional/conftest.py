from __future__ import absolute_import, division, print_function

import pytest

from tests.functional.harness import Instance


@pytest.fixture(scope='module')
def zope():
    """A running instance with all views of the fixture mounted."""
    instance = Instance()
    instance.start()
    yield instance
    assert instance.is_running(), instance.output()
    instance.stop()


@pytest.fixture
def make_instance():
    """A factory of further instances, each of which is stopped at the end."""
    made = []

    def make(*args, **kw):
        instance = Instance(*args, **kw)
        made.append(instance)
        return instance

    yield make
    for instance in made:
        instance.stop()
