"""The plot and the tables that the page docs/speed.rst shows.

    python -m benchmarks.page build/benchmarks/figures.json docs

makes them of the figures of an earlier run.
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
    """What there is data for; parts that were not run leave no file."""
    # As it is read from the file, where all keys are text.
    data = json.loads(json.dumps(data))
    with open(os.path.join(folder, 'speed.svg'), 'w') as picture:
        picture.write(plot.draw(data))
    write_table(folder, 'speed-run.csv', None, data['run'])
    write_table(folder, 'speed-goals.csv', GOALS,
                [goal['cells'] for goal in data['goals']])
    if 'stages' in data:
        write_table(folder, 'speed-stages.csv',
                    ['Stage, microseconds'] + data['stages']['heads'],
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


if __name__ == '__main__':
    with open(sys.argv[1]) as figures:
        write(json.load(figures), sys.argv[2])
