"""Why a check cannot run."""
from __future__ import absolute_import, division, print_function


class CannotRun(Exception):
    """What is missing or cannot be handled, in words for the user.

    The message names the file and a remedy. The exit code is 2.
    """


def whole_number(text, name, path):
    """The value of a setting of that name in a file; CannotRun if the text is
    no number from 1 on."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise CannotRun('%s: %s is %r, but it must be a whole number from 1 on'
                        % (path, name, str(text)))
    return number
