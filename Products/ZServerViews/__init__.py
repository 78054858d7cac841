"""Views of a Zope site that answer from the HTTP server's own I/O thread.

Where to find what:

======================  ======================================================
interfaces, contracts   what a view and a suite are; an exchange, a hook
base                    TextView, JSONView, ViewError: for writing views
settings, component.xml the sections of zope.conf -> entries
process_settings        the same -> what holds for all views
datatypes               the converters of single values
dotted, table           entries -> mounted views, by exact path
hooks                   the look-up inside each kind of server
gateway                 one call of a view (PEP 3333), part by part
budget                  how long views keep the loop
aside, lanes            views that run in threads of their own
head, answer, chunked   the bytes of its answer (RFC 9110, RFC 9112)
access, addresses,      who may see it
  bearer
reserve, listener       more connections than the server's limit
loops                   the server's loops, as other threads see them
watchdog, standin       a loop that stands still
hangdump, threaddump    the stacks of all threads
drain, signals          the end of the process
journal, accesslog      what the loop wants written, by a thread that may wait
armour                  the same for whoever logs in the loop
monitor, publication    what the process knows of itself and of its requests
views                   ... and tells: the suite /-/
readychecks, storages   readiness checks of the site's own
failures                what is told of an exception
site, service           all of these together, for one process
check                   `zserverviews check`: a site's views in every overload
zope2                   what Zope 2.13 needs besides
tests.common            the example view
======================  ======================================================

Importing this package changes nothing; Zope calls `initialize` at its start.
"""
from __future__ import absolute_import, division, print_function

import threading

from ZConfig import ConfigurationError

from Products.ZServerViews.service import Service
from Products.ZServerViews.settings import PRODUCT_SECTION

_service = Service()
# Taken by threads that change the configuration, never by the loop, and by
# none while it imports: another may be in that import already and call us.
_changing = threading.RLock()


def initialize(context):
    """Serve the views of zope.conf; Zope calls this for each product.

    ``context`` is not used and may be None. May be called again: the views
    are then those that the configuration has now, and without any the
    server is left as it was before the first call.

    Raises ZConfig.ConfigurationError, with all mistakes that it found, when
    an entry cannot be served; then nothing has changed.
    """
    try:
        _serve({})
    except ConfigurationError as error:
        if context is not None:
            # Here, for a start without a mistake needs it not.
            from Products.ZServerViews import zope2
            zope2.stop_start(error)
        raise


def update_configuration(entries):
    """Add entries to ``<product-config zserver-views>`` and serve them.

    ``entries`` maps identifiers to values as they stand in that section::

        update_configuration({'my-view': '/my/view my.package.my_view'})

    An identifier that is there already gets the new value. May be called
    before and after `initialize`, from any thread, also while the server
    runs. Raises ZConfig.ConfigurationError as `initialize` does; then no
    entry has been added.
    """
    # As ZConfig does with those of the section.
    _serve(dict((key.lower(), entries[key]) for key in entries))


def _serve(entries):
    product_config = _product_config()
    while True:
        before = product_config.get(PRODUCT_SECTION)
        wanted = product_config
        if entries and not hasattr(before, 'getSectionType'):
            section = dict(before or {}, **entries)
            wanted = dict(product_config, **{PRODUCT_SECTION: section})
        plan = _service.prepare(wanted)
        with _changing:
            if product_config.get(PRODUCT_SECTION) == before:
                _service.serve(plan)
                if wanted is not product_config:
                    product_config[PRODUCT_SECTION] = section
                return
        # Another thread, or an imported module, has made an update of its
        # own: both are wanted.


def _product_config():
    from App.config import getConfiguration
    configuration = getConfiguration()
    if getattr(configuration, 'product_config', None) is None:
        # Zope's default, in a process that has read no zope.conf.
        configuration.product_config = {}
    return configuration.product_config
