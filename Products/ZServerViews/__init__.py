"""Views of a Zope site that answer from the HTTP server's own thread.

The folders; each imports only from those above it:

======================  =======================================================
_compat, interfaces     Python 2.7 and 3; what a view and a suite are
base, format, _daemons  the decorators for views; values to text; threads
http, config            HTTP without I/O; zope.conf to checked values
access, wsgi, monitor   who may see a view; one call of one view; what this
                        process knows of itself
runtime                 what there is once in a process: logs, loops, watchdog
servers, zopeapp,       each server; what is asked of Zope; the suite /-/
  views
service                 all of these together, for one process
cli                     the command ``zserverviews``
======================  =======================================================

Importing this package changes nothing; Zope calls `initialize` at its start.
Nor does it import the others: a command of ``zserverviews`` that needs few of them
is to begin at once.
"""
from __future__ import absolute_import, division, print_function


def initialize(context):
    """Serve the views of zope.conf; Zope calls this for each product.

    ``context`` is not used and may be None. May be called again: the views
    are then those of the current configuration. Without views, the server is
    as it was before the first call.

    Raises ZConfig.ConfigurationError with all errors found if an entry cannot
    be served; then nothing has changed.
    """
    from ZConfig import ConfigurationError
    try:
        _serve({})
    except ConfigurationError as error:
        if context is not None:
            # Not at the top: a start without an error does not need it.
            from Products.ZServerViews.zopeapp import zope213
            zope213.stop_start(error)
        raise


def update_configuration(entries):
    """Add entries to ``<product-config zserver-views>`` and serve them.

    ``entries`` maps identifiers to values in the format of that section::

        update_configuration({'my-view': '/my/view my.package.my_view'})

    An existing identifier gets the new value. May be called before and after
    `initialize`, from any thread, also while the server runs. Raises
    ZConfig.ConfigurationError as `initialize` does; then no entry is added.
    """
    # As ZConfig does with those of the section.
    _serve(dict((key.lower(), entries[key]) for key in entries))


def _serve(entries):
    from Products.ZServerViews.config.sections import PRODUCT_SECTION
    from Products.ZServerViews.service import of_process
    from Products.ZServerViews.zopeapp.configuration import product_config
    sections = product_config()
    while True:
        before = sections.get(PRODUCT_SECTION)
        wanted = sections
        if entries and not hasattr(before, 'getSectionType'):
            section = dict(before or {}, **entries)
            wanted = dict(sections, **{PRODUCT_SECTION: section})
        plan = of_process.prepare(wanted)
        with of_process.changing:
            if sections.get(PRODUCT_SECTION) == before:
                of_process.serve(plan)
                if wanted is not sections:
                    sections[PRODUCT_SECTION] = section
                return
        # Another thread, or an imported module, has made an update of its
        # own: both are wanted.
