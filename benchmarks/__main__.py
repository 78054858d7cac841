"""`python -m benchmarks`: see README.rst beside this file."""
from __future__ import absolute_import, division, print_function

import argparse
import os
import platform
import signal
import sys
import time

from . import (
    children, load, monitor, overload, passing, scenario, throughput, zserver)
from .tables import fact, note, out

PARTS = 'throughput', 'scenario', 'passing', 'overload', 'monitor'
# Takes longer, for it makes environments of its own.
ON_DEMAND = 'zserver',


def options(arguments):
    parser = argparse.ArgumentParser(
        prog='python -m benchmarks',
        description='What a view costs, as ratios, in under three minutes.')
    parser.add_argument('--quick', action='store_true',
                        help='one short round of everything, to see that it '
                             'runs; its figures mean nothing')
    parser.add_argument('--rounds', type=int, default=None)
    parser.add_argument('--seconds', type=float, default=None,
                        help='of load for each measurement (1); three times '
                             'that for 100 connections')
    parser.add_argument('--load', choices=('auto', 'wrk', 'own'),
                        default=None, help='the load generator')
    parser.add_argument('--part', choices=PARTS + ON_DEMAND,
                        action='append',
                        help='only this one; may be given again. zserver '
                             'runs only if it is named here: it needs '
                             'Python 2.7')
    for name in ('new', 'old'):
        parser.add_argument('--zserver-' + name, metavar='DIR',
                            help='a Python 2.7 environment that exists, for '
                                 'the part zserver to use as it is')
    parser.add_argument('--callgrind', action='store_true',
                        help='count instructions too (needs valgrind; takes '
                             'some minutes)')
    given = parser.parse_args(arguments)
    quick = given.quick
    given.load = given.load or ('own' if quick else 'auto')
    given.seconds = given.seconds or (0.3 if quick else 1)
    given.rounds = given.rounds or (1 if quick else 5)
    given.parts = given.part or list(PARTS)
    return given


def versions():
    from importlib.metadata import PackageNotFoundError, version
    found = []
    for name in ('waitress', 'Zope'):
        try:
            found.append('{0} {1}'.format(name, version(name)))
        except PackageNotFoundError:
            found.append('no ' + name)
    return ', '.join(found)


def introduce(given, generator):
    import Products.ZServerViews
    fact('run', ' '.join(['python -m benchmarks'] + sys.argv[1:]))
    fact('Python', '{0} {1}'.format(platform.python_implementation(),
                                    platform.python_version()))
    fact('with', versions())
    fact('product', os.path.relpath(os.path.dirname(
        Products.ZServerViews.__file__), children.TOP))
    fact('machine', '{0} processors, {1}, load {2:.2f} at the start'.format(
        os.cpu_count(), platform.platform(terse=True), os.getloadavg()[0]))
    fact('load by', generator.name + ('' if generator.name == 'wrk' else
                                      ' (Python: it slows what it measures)'))
    fact('rounds', given.rounds)
    fact('figures', 'medians of the rounds; "least - most" is their range')


def run(given):
    """All parts; the exit code is about answers, never about times."""
    generator = load.generator(given.load)
    introduce(given, generator)
    good = True
    if 'throughput' in given.parts:
        part = throughput.Comparison(generator, given.rounds, given.seconds)
        good = part.run() and good
        throughput.report(part)
        throughput.explain()
    if 'scenario' in given.parts:
        part = scenario.Scenario(min(given.rounds, 3))
        good = part.run() and good
        scenario.report(part)
    if 'passing' in given.parts:
        part = passing.Passing(given.rounds, 50 if given.quick else 300)
        part.run()
        passing.report(part)
        if given.callgrind:
            passing.count()
    if 'overload' in given.parts:
        part = overload.Overload(given.quick)
        good = part.run() and good
        overload.report(part)
    if 'monitor' in given.parts:
        part = monitor.Monitor(given.rounds, given.quick)
        part.run()
        if given.callgrind:
            part.count()
        monitor.report(part)
    if 'zserver' in given.parts:
        part = zserver.ZServer(generator, given.rounds, given.seconds,
                               given.zserver_new, given.zserver_old)
        good = part.run() and good
        zserver.report(part)
    return 0 if good else 1


def main():
    # The children must go with us: SIGTERM unwinds like Ctrl-C.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    started = time.time()
    given = options(sys.argv[1:])
    try:
        status = run(given)
    except KeyboardInterrupt:
        return 130
    except children.Failed as failure:
        out()
        out('The benchmark failed: {0}'.format(failure))
        return 1
    out()
    fact('took', '{0:.0f} s; load {1:.2f} at the end'.format(
        time.time() - started, os.getloadavg()[0]))
    if given.quick:
        note('This was --quick: it shows that everything runs; the figures '
             'mean nothing.')
    if status:
        note('Something was not answered, or was answered that should not '
             'have been: see above.')
    return status


if __name__ == '__main__':
    sys.exit(main())
