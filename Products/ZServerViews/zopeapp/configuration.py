"""What zope.conf says to products."""
from __future__ import absolute_import, division, print_function

import os


def instance_name():
    """The last part of the path of the instance; an empty text if it has none.
    Never in the event loop."""
    from App.config import getConfiguration
    home = getattr(getConfiguration(), 'instancehome', None) or ''
    return os.path.basename(home.rstrip(os.sep))


def product_config():
    """{name of a <product-config>: its dictionary}, Zope's own object.

    A change of it is what other products see. Never in the event loop.
    """
    from App.config import getConfiguration
    configuration = getConfiguration()
    if getattr(configuration, 'product_config', None) is None:
        # Zope's default, in a process that has read no zope.conf.
        configuration.product_config = {}
    return configuration.product_config
