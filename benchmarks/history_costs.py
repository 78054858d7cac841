"""What the recorder costs, and until when there are records: see history.py."""
from __future__ import absolute_import, division, print_function

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from tests.functional import incident
from tests.waiting import awaited

from .children import TOP, module, shown
from .history_site import EIGHT, Site, asked, history
from .passing import count_of, instructions
from .tables import fact, note, table, title

# Shares of a processor, and of the instructions of a page.
MOST_SHARE, MOST_INSTRUCTIONS = 0.001, 0.01
WORKERS = 8
# Seconds before a request is so old that an incident begins, and with that.
BEFORE, LATER = 20, 40
# Of a request as the recorder sees it: without it, with the counters of metrics,
# and with the notes of the history.
MODES = 'recorded', 'counted', 'remembered'


def share(site, seconds):
    """Of a processor, that the recorder's thread needs; and how many looks."""
    began, before = time.time(), asked(site, '/costs/recorder')
    time.sleep(seconds)
    ended, after = time.time(), asked(site, '/costs/recorder')
    looks = history(site, began, ended)['looks']
    return (after - before) / (ended - began), looks / (ended - began)


def report_looks():
    title('The thread of the recorder')
    rows, good = [], True
    for name, page, number in [('idle', None, 0), ('eight wait', '/@@wait', WORKERS),
                               ('eight compute', '/@@compute', WORKERS)]:
        with Site(listen=EIGHT) as site:
            site.get('/v/close_gate')
            connections = incident.begun(site, page, number)
            # Beyond the moments in which nothing is known.
            time.sleep(5)
            used, looks = share(site, BEFORE)
            rows.append((name, '%.2f' % looks, '%.3f %%' % (100 * used)))
            good = good and used <= MOST_SHARE and bool(looks) == bool(number)
            if number:
                used, looks = share(site, LATER)
                rows.append(('... for a minute', '%.2f' % looks,
                             '%.3f %%' % (100 * used)))
            site.get('/v/open_gate')
            for connection in connections:
                connection.close()
    table(('workers', 'looks a second', 'of a processor'), rows)
    note('When a request is older than 30 s, an incident begins: some '
         'twenty looks more within five seconds. The goal is for one a second.')
    return good


# Kills.

def report_kills(number_of_them):
    title('Killed under load')
    gaps = []
    for _number in range(number_of_them):
        folder = tempfile.mkdtemp(prefix='zserverviews-bench-')
        try:
            gaps.append(gap_of_a_kill(folder))
        finally:
            shutil.rmtree(folder)
    if gaps:
        fact('last record', 'before the kill: ' + ', '.join(
            '%.2f s' % gap for gap in gaps))
    return all(gap < 1.5 for gap in gaps)


def gap_of_a_kill(folder):
    """Seconds between the last record and the kill, at some moment."""
    with Site('on', 'record ' + folder) as site:
        clients = [threading.Thread(target=ask_on, args=(site,), daemon=True)
                   for _number in range(WORKERS)]
        for client in clients:
            client.start()
        awaited(lambda: os.listdir(folder))
        time.sleep(random.uniform(5, 7))
        moment = time.time()
        os.kill(site.pid, signal.SIGKILL)
        awaited(lambda: not site.is_running())
        for client in clients:
            client.join()
        told = json.loads(subprocess.check_output(
            [sys.executable, '-m', 'Products.ZServerViews.cli', 'record', folder,
             '--format', 'json'], cwd=TOP))
    return moment - told['recorded'][1]


def ask_on(site):
    try:
        while True:
            site.get('/@@nap?seconds=0.2')
    except Exception:
        pass  # it was killed


# Instructions.

def see_requests(mode, number):
    """As hooks and the publisher tell the recorder of so many."""
    from Products.ZServerViews.history.stories import Ended
    from Products.ZServerViews.monitor.recorder import Recorder
    from Products.ZServerViews.monitor.tally import Tally
    recorder = Recorder()
    if mode != MODES[0]:
        recorder.tally = Tally()
    if mode == MODES[2]:
        recorder.ended = Ended()
    for _number in range(number):
        request = recorder.received('GET', '/page', None)
        recorder.begins(request)
        request.traverses()
        request.publishes('visitor')
        request.status = b'200'
        request.sends(100)
        recorder.ends(request)


def report_instructions():
    title('Instructions a request')
    page = instructions('zope', 1)
    fact('page', '{0:,.0f} for the smallest that Zope publishes'.format(page))
    counts, rows = [], []
    for mode in MODES:
        command = module('history', '--see', mode)
        few, many = [count_of(command + [str(number)], 300)
                     for number in (500, 5500)]
        counts.append((many - few) / 5000)
        rows.append((mode, '{0:,.0f}'.format(counts[-1]), '%.2f %%' % (
            100 * (counts[-1] - counts[0]) / page)))
    fact('counted', shown(command) + ' NUMBER')
    table(('a request is', 'instructions', 'more, of the page'), rows)
    return counts[2] - counts[0] <= MOST_INSTRUCTIONS * page
