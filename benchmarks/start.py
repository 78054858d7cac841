"""Part 7: what the product adds to the start of Zope, and to its memory.

Three Zopes are made: one for which the product is as if it were not
installed, one with a single view, one with the monitor suite. Each is started
in a process of its own, by turns, see starting.py. The time is that of the
processor, for a start is nothing but work.
"""
from __future__ import absolute_import, division, print_function

import json
from contextlib import ExitStack

from .children import environ, module, output, shown
from .figures import Spread
from .instance import Zope
from .passing import count_of
from .tables import fact, note, out, table, title

WITHOUT, VIEW, SUITE = 'without the product', 'one view', 'monitor suite'
ENTRIES = {
    VIEW: 'id /thread-id Products.ZServerViews.tests.common.'
          'current_thread_id_zserver_view',
    SUITE: 'monitor /-/ Products.ZServerViews.views.monitor'}
SECTION = """
<product-config zserver-views>
    {0}
</product-config>
"""
BOUND = 60


def zope(name):
    section = SECTION.format(ENTRIES[name]) if name in ENTRIES else ''
    return Zope(BOUND, started=False, section=section)


def command(name, folder):
    return module('starting', folder + '/etc/zope.ini',
                  *['--hide'] * (name == WITHOUT))


def compiled(folder):
    """The environ for children that keep what they compile, as a site does."""
    env = dict(environ(), PYTHONPYCACHEPREFIX=folder)
    env.pop('PYTHONDONTWRITEBYTECODE', None)
    return env


class Start(object):

    names = WITHOUT, VIEW, SUITE

    def __init__(self, rounds):
        self.rounds = rounds
        # {name: [what starting.py says, of each round]}
        self.found = dict((name, []) for name in self.names)
        self.instructions = {}

    def run(self, count):
        with ExitStack() as stack:
            folders = dict((name, stack.enter_context(zope(name)).folder)
                           for name in self.names)
            env = compiled(folders[WITHOUT])
            # The first start makes the database and compiles modules.
            for name, folder in folders.items():
                output(command(name, folder), BOUND, env=env)
            for _round in range(self.rounds):
                for name, folder in folders.items():
                    said = output(command(name, folder), BOUND, env=env)[0]
                    self.found[name].append(json.loads(said))
            if count:
                for name, folder in folders.items():
                    self.instructions[name] = count_of(
                        command(name, folder), 600, env=env)

    def seconds(self, name):
        return [found['seconds'] for found in self.found[name]]

    def product(self, name):
        """The seconds that Zope spent in the product."""
        return [sum(found['shares'].values()) for found in self.found[name]]

    def share(self, name):
        """... as a share of the rest of the same start."""
        return Spread(product / (whole - product) for product, whole in zip(
            self.product(name), self.seconds(name)))

    def instruction_share(self, name):
        """What the start has more than that without the product."""
        base = self.instructions[WITHOUT]
        return (self.instructions[name] - base) / base

    def memory(self, name, kind='rss'):
        """MiB more than without the product, round by round."""
        return Spread((one['memory'][kind] - other['memory'][kind]) / 1024
                      for one, other in zip(self.found[name],
                                            self.found[WITHOUT]))


def report(part):
    title('7. What the product adds to the start of Zope, and to its memory')
    fact('started', shown(command(VIEW, '{instance}')))
    fact('', '... for each row, by turns; --hide for the first')
    out()
    rows = [(name,) + Spread([1000 * seconds for seconds
                              in part.seconds(name)]).cells('{0:.0f}')
            for name in Start.names] + [None]
    for name in (VIEW, SUITE):
        rows.append(('the product of these, ' + name,) + Spread(
            [1000 * seconds for seconds in part.product(name)])
            .cells('{0:.1f}'))
    table(('ms of the processor', 'median', 'least - most'), rows)
    out()
    rows = [(name,) + part.share(name).cells('{0:.2%}')
            for name in (VIEW, SUITE)]
    rows += [('instructions, ' + name, '{0:.2%}'.format(
        part.instruction_share(name)), '-') for name in (VIEW, SUITE)
        if part.instructions]
    table(("share of Zope's own start", 'median', 'least - most'), rows)
    out()
    table(('MiB more than without', 'median', 'least - most'),
          [('{0}, {1}'.format(kind, name),)
           + part.memory(name, kind).cells('{0:.2f}')
           for kind in ('rss', 'private') for name in (VIEW, SUITE)])
    out()
    note("The share is taken within one process: the time of Zope's two calls "
         'of the product, against the rest of that start. Instructions are '
         'those of the whole process less those of the process without the '
         'product. private is the memory that no other process shares.')
