"""`python -m benchmarks`: see README.rst beside this file."""
from __future__ import absolute_import, division, print_function

import argparse
import os
import platform
import signal
import sys
import time

from . import (
    children,
    goals,
    load,
    monitor,
    mounted,
    overload,
    page,
    passing,
    record,
    scenario,
    servers,
    stages,
    start,
    throughput,
    zserver,
    zserver_passing,
)
from .tables import fact, note, out

PARTS = ('throughput', 'scenario', 'passing', 'overload', 'monitor', 'start',
         'mounted', 'stages')
# These take longer, for they make environments of their own.
ON_DEMAND = 'servers', 'zserver'


def options(arguments):
    parser = argparse.ArgumentParser(
        prog='python -m benchmarks',
        description='What a view costs, as ratios: see benchmarks/README.rst.')
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
                        help='only this one; may be given again. servers and '
                             'zserver, which needs Python 2.7, run only if '
                             'they are named here')
    parser.add_argument('--all', action='store_true',
                        help='every part, and --instructions')
    for name in ('new', 'old'):
        parser.add_argument('--zserver-' + name, metavar='DIR',
                            help='a Python 2.7 environment that exists, for '
                                 'the part zserver to use as it is')
    parser.add_argument('--instructions', action='store_true',
                        help='count instructions too (needs valgrind; takes '
                             'some minutes)')
    parser.add_argument('--page', metavar='DIR',
                        help='write the plot and the tables of the page '
                             'docs/speed.rst there')
    return completed(parser.parse_args(arguments))


def completed(given):
    """With what one of them says about others."""
    quick = given.quick
    given.load = given.load or ('own' if quick else 'auto')
    given.seconds = given.seconds or (0.3 if quick else 1)
    given.rounds = given.rounds or (1 if quick else 5)
    given.instructions = given.instructions or given.all
    given.parts = given.part or list(PARTS)
    if given.all:
        given.parts = PARTS + ON_DEMAND
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


def introduction(given, generator):
    """What was measured, where, when and how: pairs for the head of it."""
    import Products.ZServerViews
    return [
        ('run', ' '.join(['python -m benchmarks'] + sys.argv[1:])),
        ('date', time.strftime('%Y-%m-%d')),
        ('Python', '{0} {1}'.format(platform.python_implementation(),
                                    platform.python_version())),
        ('with', versions()),
        ('product', os.path.relpath(os.path.dirname(
            Products.ZServerViews.__file__), children.TOP)),
        ('machine', '{0} processors, {1}, load {2:.2f} at the start'.format(
            os.cpu_count(), platform.platform(terse=True),
            os.getloadavg()[0])),
        ('load by', generator.name + (
            '' if generator.name == 'wrk' else
            ' (Python: it slows what it measures)')),
        ('rounds', given.rounds),
        ('figures', 'medians of the rounds; "least - most" is their range')]


def run_throughput(given, generator):
    part = throughput.Comparison(generator, given.rounds, given.seconds)
    good = part.run()
    throughput.report(part)
    throughput.explain()
    return part, good


def run_scenario(given, generator):
    part = scenario.Scenario(min(given.rounds, 3))
    good = part.run()
    scenario.report(part)
    return part, good


def run_passing(given, generator):
    part = passing.Passing(given.rounds, 50 if given.quick else 300)
    part.run()
    passing.report(part)
    if given.instructions:
        passing.count(part)
        passing.report_count(part)
    return part, True


def run_overload(given, generator):
    part = overload.Overload(given.quick)
    good = part.run()
    overload.report(part)
    return part, good


def run_monitor(given, generator):
    part = monitor.Monitor(given.rounds, given.quick)
    part.run()
    if given.instructions:
        part.count()
    monitor.report(part)
    return part, True


def run_start(given, generator):
    part = start.Start(given.rounds)
    part.run(given.instructions)
    start.report(part)
    return part, True


def run_mounted(given, generator):
    part = mounted.Mounted(generator, given.rounds, given.seconds)
    part.run(given.instructions)
    mounted.report(part)
    return part, True


def run_stages(given, generator):
    part = stages.Stages(given.rounds, 300 if given.quick else 3000)
    part.run()
    stages.report(part)
    return part, True


def run_servers(given, generator):
    part = servers.Servers(generator, given.rounds, given.seconds)
    good = part.run()
    servers.report(part)
    return part, good


def run_zserver(given, generator):
    part = zserver.ZServer(generator, given.rounds, given.seconds,
                           given.zserver_new, given.zserver_old)
    good = part.run()
    zserver.report(part)
    if given.instructions:
        part.instructions = zserver_passing.report(part.folders[0])
    return part, good


# In the order of their numbers, but for those that make environments.
RUN = {'throughput': run_throughput, 'scenario': run_scenario,
       'passing': run_passing, 'overload': run_overload,
       'monitor': run_monitor, 'start': run_start, 'mounted': run_mounted,
       'stages': run_stages, 'servers': run_servers, 'zserver': run_zserver}


def run(given):
    """All parts; the exit code is about answers, never about times."""
    generator = load.generator(given.load)
    introduced = introduction(given, generator)
    for name, value in introduced:
        fact(name, value)
    parts, all_good = {}, True
    for name in RUN:
        if name in given.parts:
            parts[name], good = RUN[name](given, generator)
            all_good = good and all_good
    conclude(given, introduced, parts)
    return 0 if all_good else 1


def conclude(given, introduced, parts):
    """The goals, and all figures as data."""
    found = goals.of_all(parts)
    if found:
        goals.report(found)
    data = record.collect(introduced, found, parts)
    out()
    path = record.write(data)
    fact('data', os.path.relpath(path, children.TOP))
    if given.page:
        page.write(page.read(path), given.page)


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
