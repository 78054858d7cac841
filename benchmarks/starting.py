"""Starts a Zope in this process as runwsgi does, and says what it took.

    python -m benchmarks.starting zope.ini           with the product
    python -m benchmarks.starting zope.ini --hide    as if it were not installed

The configuration beside the ini file says which views there are. Nothing is
served: the process ends where it would begin to. Prints JSON.
"""
from __future__ import absolute_import, division, print_function

import argparse
import gc
import json
import os
import sys
import time

PRODUCT = 'ZServerViews'


class Shares(object):
    """The processor time that Zope spends in the product, by its two calls.

    Zope imports each product at first and initializes it later; what the
    product imports then is its own as well, unless Zope has it already.
    """

    def __init__(self):
        self.seconds = {}

    def watch(self, module, name, position):
        """From now on, time the calls of this function for the product."""
        function = getattr(module, name)

        def timed(*arguments, **options):
            if arguments[position] != PRODUCT:
                return function(*arguments, **options)
            started = time.process_time()
            try:
                return function(*arguments, **options)
            finally:
                self.seconds[name] = time.process_time() - started

        setattr(module, name, timed)


def hide():
    """Zope finds its products by this path, and so not ours."""
    import Products
    Products.__path__ = [
        folder for folder in Products.__path__
        if not os.path.exists(os.path.join(folder, PRODUCT))]


def resident():
    """KiB in memory, and those of them that no other process shares."""
    with open('/proc/self/smaps_rollup') as rollup:
        found = dict(line.split()[:2] for line in rollup if ':' in line[:20])
    return {'rss': int(found['Rss:']),
            'private': int(found['Private_Clean:'])
            + int(found['Private_Dirty:'])}


def start(ini):
    """The server that runwsgi would run, and the shares of the product."""
    from OFS import Application
    from paste.deploy import loadapp
    from waitress import create_server
    shares = Shares()
    shares.watch(Application, 'import_product', 1)
    shares.watch(Application, 'install_product', 2)
    application = loadapp('config:' + os.path.abspath(ini))
    return create_server(application, listen='127.0.0.1:0'), shares.seconds


def main():
    parser = argparse.ArgumentParser(prog='python -m benchmarks.starting')
    parser.add_argument('ini')
    parser.add_argument('--hide', action='store_true')
    given = parser.parse_args()
    if given.hide:
        hide()
    _server, shares = start(given.ini)
    seconds = time.process_time()
    gc.collect()
    print(json.dumps({'seconds': seconds, 'shares': shares,
                      'memory': resident()}))
    sys.stdout.flush()
    # At once: nobody waits for the threads of a server that never ran.
    os._exit(0)


if __name__ == '__main__':
    main()
