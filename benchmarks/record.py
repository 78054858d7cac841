"""The figures of a run as data: build/benchmarks/figures.json."""
from __future__ import absolute_import, division, print_function

import json
import os

from . import servers, stages, tables, throughput
from .children import TOP

PATH = os.path.join(TOP, 'build', 'benchmarks', 'figures.json')


def spread(found):
    return {'median': found.median, 'least': found.least, 'most': found.most}


def of_goal(goal):
    return dict(spread(goal.measured), goal=goal.text, limit=goal.limit,
                rounds=goal.measured.values, holds=goal.verdict,
                cells=goal.cells())


def of_server(server):
    """Requests/s and p50 in each state; a state without answer is not there.
    """
    return {'label': server.label, 'keeps_alive': server.keeps_alive,
            'states': dict((state, dict((number, of_load(
                server, state, number)) for number in servers.CONNECTIONS))
                for state in server.states())}


def of_load(server, state, connections):
    return dict((attribute, spread(server.spread(
        state, connections, attribute))) for attribute in ('rate', 'p50'))


def of_throughput(part):
    """The ratio to the floor, in each state."""
    found = []
    for asleep in (False, True):
        view, floor = [part.candidate(label, asleep) for label in ('view', 'floor')]
        found += [{'state': 'asleep' if asleep else 'idle',
                   'connections': number,
                   'rate': spread(part.ratio(number, view, floor))}
                  for number in throughput.CONNECTIONS]
    return found


def collect(introduction, goals, parts):
    """What the file holds; every table that was printed is in it."""
    found = {'run': introduction, 'goals': [of_goal(goal) for goal in goals],
             'tables': tables.printed}
    if 'servers' in parts:
        found['servers'] = {
            'versions': parts['servers'].environment.versions,
            'found': [of_server(server) for server
                      in parts['servers'].servers]}
    if 'stages' in parts:
        found['stages'] = {'heads': list(stages.LABELS.values()),
                           'rows': parts['stages'].shares()}
    if 'throughput' in parts:
        found['floor'] = of_throughput(parts['throughput'])
    return found


def write(found):
    """The path of the file."""
    os.makedirs(os.path.dirname(PATH), exist_ok=True)
    with open(PATH, 'w') as data:
        json.dump(found, data, indent=1)
        data.write('\n')
    return PATH
