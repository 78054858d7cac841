"""Plays scripts and writes what came of each: one line with its digest.

``python -m tests.functional.heads.child`` with a JSON object on its only
argument:

``seed``, ``scripts``
    Which ones, and how many.
``known``
    How many heads may be known; None for the usual.
``fault``
    The name of one of `faults`; None for none.
``show``
    The number of a script that is written as it is, the last one that is played;
    None for none.
``out``
    The file for the lines. The last one is a JSON object: what was counted.
"""
from __future__ import absolute_import, division, print_function

import faulthandler
import hashlib
import io
import json
import os
import shutil
import sys
import tempfile

from Products.ZServerViews.servers.waitress import known_heads
from Products.ZServerViews.servers.waitress.answering import Answering
from tests.functional.heads import faults
from tests.functional.heads.scripts import Script, WarmUp
from tests.waiting import awaited


# It ends then, and says where it was.
MOST_SECONDS = 1200
# After so many scripts.
FLUSHED = 50


class Found(object):
    """Counts the requests that are answered because their heads are known."""

    def __init__(self):
        self.times = 0
        original = Answering.again

        def counted(answering, channel, head):
            is_answered = original(answering, channel, head)
            self.times += is_answered
            return is_answered

        Answering.again = counted


def main(asked):
    faulthandler.dump_traceback_later(MOST_SECONDS, exit=True)
    if asked['known'] is not None:
        known_heads.LIMIT = asked['known']
    if asked['fault']:
        faults.commit(asked['fault'])
    # Not sooner: they are configured when they are imported.
    from tests.functional.heads.client import Player
    from tests.functional.heads.site import Site
    folder = tempfile.mkdtemp(prefix='zsv-heads-')
    os.chdir(folder)
    try:
        site = Site(folder)
        with io.open(asked['out'], 'wb') as out:
            play_all(asked, site, Player(site), out)
    finally:
        shutil.rmtree(folder)


def play_all(asked, site, player, out):
    # Lines for views are lost while their filter is looked for the first time.
    player.play(WarmUp, lambda told: None)
    flush(site)
    found, heads, different = Found(), 0, 0
    for number in range(asked['scripts']):
        if number == asked['scripts'] // 2:
            site.record()
        script = Script(asked['seed'], number)
        heads += script.heads
        different += len(script.different)
        if number == asked['show']:
            player.play(script, lambda told: out.write(told + b'\n'))
            return
        if number % FLUSHED == 0:
            flush(site)
        digest = hashlib.md5()
        player.play(script, digest.update)
        out.write(digest.hexdigest().encode('ascii') + b'\n')
    write_lines(site, out)
    out.write(json.dumps({
        'heads': heads, 'different': different, 'found': found.times,
        'lines': len(site.lines.of_views)}).encode('ascii') + b'\n')


def write_lines(site, out):
    """What was counted, and all of the access log."""
    out.write(repr(site.counts()).encode('ascii') + b'\n')
    flush(site)
    # The first lines of views go another way than all others, and last longer.
    for line in sorted(site.lines.of_views) + site.lines.of_application:
        out.write(line.encode('utf-8') + b'\n')


def flush(site):
    """Have the lines of views written: only so many of them may wait."""
    awaited(lambda: site.service.site.log_queue.flush(1))


if __name__ == '__main__':
    main(json.loads(sys.argv[1]))
