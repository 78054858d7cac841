"""What is printed, and the one error that needs no traceback."""
from __future__ import absolute_import, division, print_function


class Complaint(Exception):
    """Ends the program; its text is all that the user needs to see."""


def say(text=''):
    # Flushed, since the reader may be a pipe that waits for these words.
    print(text, flush=True)


def tail(path, lines=15):
    """The last lines of a log, for the message of a failure."""
    with open(path, encoding='utf-8', errors='replace') as log:
        return ''.join(log.readlines()[-lines:]).rstrip()
