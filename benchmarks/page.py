"""The plot and the tables that the page docs/speed.rst shows.

    python -m benchmarks.page docs build/benchmarks/figures.json

makes them of the figures of a run that is over, or of several that measured
different parts.
"""
from __future__ import absolute_import, division, print_function

import csv
import json
import os
import sys

from . import plot

GOALS = 'Goal', 'Limit', 'Median', 'Least - most', 'Holds'
SERVERS = ('Server', 'Idle, 1 conn.', 'Asleep, 1 conn.', 'Idle, 100 conn.',
           'Asleep, 100 conn.')


def write(data, folder):
    """What there is data for; parts that were not run leave no file.

    ``data`` is what record.py has collected, as JSON gives it back.
    """
    with open(os.path.join(folder, 'speed.svg'), 'w') as picture:
        picture.write(plot.draw(data))
    write_table(folder, 'speed-run.csv', None, data['run'])
    write_table(folder, 'speed-goals.csv', GOALS,
                [goal['cells'] for goal in data['goals']])
    if 'stages' in data:
        write_table(folder, 'speed-stages.csv',
                    ['Stage'] + data['stages']['heads'],
                    data['stages']['rows'])
    if 'servers' in data:
        write_table(folder, 'speed-servers.csv', SERVERS,
                    [server_cells(server) for server
                     in data['servers']['found']])


def write_table(folder, name, head, rows):
    with open(os.path.join(folder, name), 'w', newline='') as table:
        writer = csv.writer(table, lineterminator='\n')
        writer.writerows(([head] if head else []) + list(rows))


def server_cells(server):
    return [server['label']] + [
        rate(server['states'].get(state), connections)
        for connections in ('1', '100') for state in ('idle', 'asleep')]


def rate(state, connections):
    if state is None:
        return 'none'
    return '{0:,.0f}'.format(state[connections]['rate']['median'])


def merged(runs):
    """Several runs as one; a fact that differs is told of each of them, and of
    a goal that was measured twice, the later run."""
    whole = {'run': []}
    goals = {}
    for data in runs:
        goals.update((goal['goal'], goal) for goal in data.pop('goals'))
        whole['run'] += [fact for fact in data.pop('run')
                         if fact not in whole['run']]
        whole.update(data)
    whole['goals'] = list(goals.values())
    names = [name for name, _value in whole['run']]
    whole['run'].sort(key=lambda fact: names.index(fact[0]))
    return whole


def read(path):
    with open(path) as figures:
        return json.load(figures)


if __name__ == '__main__':
    write(merged([read(path) for path in sys.argv[2:]]), sys.argv[1])
