"""``bin/instance views COMMAND``: the program, for the instance of a buildout.

plone.recipe.zope2instance finds it by the entry point ``views`` of its group
``plone.recipe.zope2instance.ctl``. Each command of bin/instance imports this module,
so it imports nothing more.
"""
from __future__ import absolute_import, division, print_function

import shlex


def views(controller, said):
    """views top: show what the workers of this instance do, also while all of them
    are stuck. views check: check how its views answer in overloads. All options of
    zserverviews are understood: views top --help."""
    # Above is what "bin/instance help views" prints.
    from Products.ZServerViews.cli.__main__ import main
    options = controller.options
    etc = getattr(options, 'wsgi', None) or options.configfile
    controller._exitstatus = main(with_file(shlex.split(said), etc))


def with_file(words, etc):
    """The words of a command, and the file of this instance where it needs one."""
    command, others = words[:1] or ['--help'], words[1:]
    if command == ['top']:
        return command + ['--config', etc] + others
    if command == ['check'] and not any(
            word.partition('=')[0] == '--url' for word in others):
        return command + [etc] + others
    return command + others
