"""Compile every module of the given folders with the Python that runs this.

Nothing is written, and no folder may be without modules.
"""
from __future__ import absolute_import, division, print_function

import os
import sys


def modules(folder):
    for place, _, names in os.walk(folder):
        for name in sorted(names):
            if name.endswith('.py'):
                yield os.path.join(place, name)


def mistake(path):
    """What is wrong with the module, or None."""
    with open(path, 'rb') as source:
        text = source.read()
    try:
        # Without the future statements of this file.
        compile(text, path, 'exec', 0, True)
    except SyntaxError as error:
        return '{0}:{1}: {2}'.format(path, error.lineno, error.msg)


def main(folders):
    paths = [list(modules(folder)) for folder in folders]
    mistakes = ['{0}: no module found'.format(folder)
                for folder, found in zip(folders, paths) if not found]
    paths = sum(paths, [])
    mistakes += [text for text in map(mistake, paths) if text]
    for text in mistakes:
        print(text)
    print('{0} modules compiled by Python {1}, {2} mistakes'.format(
        len(paths), sys.version.split()[0], len(mistakes)))
    return 1 if mistakes or not paths else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
