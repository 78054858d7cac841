"""Run with ``python -m tests.waitress_suite`` from the top of the checkout."""
from __future__ import absolute_import, division, print_function

import collections
import os
import shutil
import signal
import sys
import tempfile

from . import archive, runs, verdict

TOP = os.path.dirname(os.path.dirname(runs.HERE))
CACHE = os.path.join(TOP, 'build', 'waitress-suite')


def main():
    # So that a terminated run also ends its child, and clears its folder.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        version = archive.installed_version()
        path = archive.fetch(CACHE, version)
        folder = tempfile.mkdtemp(prefix='run-', dir=CACHE)
        try:
            tree = archive.unpack(path, folder, version)
            return all_runs(tree, runs.stage(folder), version)
        finally:
            shutil.rmtree(folder)
    except (archive.ArchiveError, runs.RunError) as error:
        print('waitress suite: {}'.format(error), file=sys.stderr)
        return 1


def all_runs(tree, inside, version):
    print('waitress {}, its own tests, without the hook'.format(version))
    sys.stdout.flush()
    control = runs.run(tree, inside, hooked=False)
    print(control.closing_line())
    # A head that came before is looked up, or each one is parsed.
    for knows_heads in True, False:
        print('waitress {}, its own tests, with the hook, heads {}'.format(
            version, 'looked up' if knows_heads else 'not looked up'))
        sys.stdout.flush()
        hooked = runs.run(tree, inside, hooked=True, knows_heads=knows_heads)
        found = verdict.complaints(tree, control, hooked)
        if found:
            tell_failure(control, hooked, found)
            return 1
        tell_success(control, hooked)
    return 0


def tell_success(control, hooked):
    print("waitress's own tests: {} passed without the hook, {} with it "
          '(the totals of pytest have ours too)'.format(
              verdict.count(control, 'passed'),
              verdict.count(hooked, 'passed')))
    reasons = collections.Counter(hooked.reasons.values())
    for reason, times in sorted(reasons.items()):
        print('skipped in both, {} times: {}'.format(times, reason))
    print('channels were made by {}, in the servers too'.format(
        hooked.channel_classes[0]))
    print(hooked.closing_line())


def tell_failure(control, hooked, found):
    if control.code:
        print(control.output)
    print(hooked.output)
    for complaint in found:
        print('waitress suite: ' + complaint)


if __name__ == '__main__':
    sys.exit(main())
