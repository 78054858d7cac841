"""What is shown, step by step.

A step is a function of the stage that prints what it does and returns whether
it went as promised. To show more, add a path to VIEWS or a function to STEPS.
"""
from __future__ import absolute_import, division, print_function

import threading
import time

from demo.client import HOST, get
from demo.looks import LOOKS, cut
from tools.words import Complaint, say

PAGE = '/'
VIEWS = ['/thr-id']
SLEEP = 8
PATIENCE = 2.0


class Stage:
    """What the steps work on: a server that runs, and its instance."""

    def __init__(self, instance, process):
        self.instance = instance
        self.process = process

    def get(self, path, timeout=PATIENCE):
        return get(self.instance.port, path, timeout)

    def address(self, path):
        return 'http://{0}:{1}{2}'.format(HOST, self.instance.port, path)

    def look(self, path, first, last):
        """The text of a view of the suite, as an operator with curl has it."""
        reply = self.get(path)
        say('\n$ curl {0}'.format(self.address(path)))
        say(cut(reply.text, first, last) if reply.answered else
            'Answered with: {0}'.format(reply.status or reply.text))
        return reply.answered

    def show(self, path):
        reply = self.get(path)
        say('   GET {0:<12} {1:>5} {2:>9.1f} ms   {3}'.format(
            path, reply.status or '-', reply.milliseconds, gist(reply)))
        return reply.answered


def gist(reply):
    """The answer in a few words: a page by its size, a text by its start."""
    text = reply.text.strip()
    if text.startswith('<'):
        return 'a page of {0} bytes'.format(len(reply.text.encode('utf-8')))
    return text.split('\n')[0][:32]


def idle(stage):
    say('1. All {0} workers are free.\n'.format(stage.instance.workers))
    return all([stage.show(path) for path in [PAGE] + VIEWS])


def busy(stage):
    workers = stage.instance.workers
    say('2. {0} published requests, /@@sleep?seconds={1}, keep all {0} '
        'workers asleep.\n'.format(workers, SLEEP))
    sleepers = Sleepers(stage, workers)
    before = [stage.show(path) for path in VIEWS]
    page = stage.show(PAGE)
    after = [stage.show(path) for path in VIEWS]
    if not sleepers.all_asleep():
        raise Complaint('The workers woke up too early: this machine was too '
                        'slow for the demo. Please try again.')
    say('\n   Waiting until the sleepers wake up ...')
    return all(before + after) and not page and sleepers.have_answered()


def free_again(stage):
    say('3. The workers are free again.\n')
    return all([stage.show(path) for path in [PAGE] + VIEWS])


def monitored(stage):
    workers = stage.instance.workers
    say('4. All {0} sleep once more, and the monitor suite tells what goes on.'
        .format(workers))
    sleepers = Sleepers(stage, workers)
    sleepers.visit(PAGE)
    # So that there are ages to be seen.
    time.sleep(1)
    answered = [stage.look(*look) for look in LOOKS]
    return all(answered) and sleepers.have_answered()


STEPS = [idle, busy, free_again, monitored]


class Sleepers:
    """One sleeping request for each worker, each on its own connection."""

    started = 'asleep for'

    def __init__(self, stage, number):
        self.stage = stage
        self.replies = []
        wanted = stage.process.count(self.started) + number
        self.threads = []
        for _number in range(number):
            self.visit('/@@sleep?seconds={0}'.format(SLEEP))
        self.wait_for(wanted)

    def visit(self, path):
        """One more request, which may have to wait for a worker."""
        thread = threading.Thread(target=self.ask, args=(path,), daemon=True)
        self.threads.append(thread)
        thread.start()

    def ask(self, path):
        self.replies.append(self.stage.get(path, timeout=SLEEP * 4))

    def wait_for(self, wanted):
        ends = time.monotonic() + SLEEP
        while self.stage.process.count(self.started) < wanted:
            if time.monotonic() > ends:
                raise Complaint('The workers did not fall asleep.')
            time.sleep(0.02)

    def all_asleep(self):
        return not self.replies

    def have_answered(self):
        for thread in self.threads:
            thread.join()
        return all([reply.answered for reply in self.replies])


def run(stage):
    """Every step is shown, also after one that went wrong."""
    results = []
    for step in STEPS:
        results.append(step(stage))
        say()
    return all(results)
