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

    def look(self, path, first, last):
        """The text of a view of the suite, as an operator with curl has it."""
        port = self.instance.views_port
        reply = get(port, path, PATIENCE)
        say('\n$ curl http://{0}:{1}{2}'.format(HOST, port, path))
        say(cut(reply.text, first, last) if reply.answered else
            'Answered with: {0}'.format(reply.status or reply.text))
        return reply.answered

    def show(self, path, port=None):
        """With its port, if there are two."""
        port = port or self.instance.port
        reply = get(port, path, PATIENCE)
        where = ':{0:<6}'.format(port) if self.instance.has_listener else ''
        say('   GET {0}{1:<12} {2:>5} {3:>9.1f} ms   {4}'.format(
            where, path, reply.status or '-', reply.milliseconds,
            gist(reply)))
        return reply.answered

    def show_views(self):
        """Where they answer whatever the workers do."""
        return all([self.show(path, self.instance.views_port)
                    for path in VIEWS])

    def show_all(self):
        """The page, and the views wherever they are."""
        shown = [self.show(path) for path in [PAGE] + VIEWS]
        return all(shown) and (not self.instance.has_listener
                               or self.show_views())


def gist(reply):
    """The answer in a few words: a page by its size, a text by its start."""
    text = reply.text.strip()
    if text.startswith('<'):
        return 'a page of {0} bytes'.format(len(reply.text.encode('utf-8')))
    return text.split('\n')[0][:32]


def idle(stage):
    say('1. No worker is asleep.\n')
    return stage.show_all()


def busy(stage):
    workers = stage.instance.workers
    say('2. {0}.\n'.format(stage.instance.sleep.format(
        workers, '/@@sleep?seconds={0}'.format(SLEEP))))
    sleepers = Sleepers(stage, workers)
    before = stage.show_views()
    page = stage.show(PAGE)
    # On some servers they need a worker there, as told in the docs.
    asleep = not stage.instance.has_listener or all(
        [stage.show(path) for path in VIEWS])
    after = stage.show_views()
    if not sleepers.all_asleep():
        raise Complaint('The workers woke up too early: this machine was too '
                        'slow for the demo. Please try again.')
    say('\n   Waiting until the sleepers wake up ...')
    return (before and after
            and (asleep or not stage.instance.answers_asleep)
            and page == stage.instance.has_enough_workers
            and sleepers.have_answered())


def free_again(stage):
    say('3. The workers are free again.\n')
    return stage.show_all()


def monitored(stage):
    say('4. They sleep once more, and the monitor suite shows what is going '
        'on.')
    sleepers = Sleepers(stage, stage.instance.workers)
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
