"""Why a check cannot run."""
from __future__ import absolute_import, division, print_function


class CannotRun(Exception):
    """What is missing or cannot be handled, in words for the user.

    The message names the file and a remedy. The exit code is 2.
    """
