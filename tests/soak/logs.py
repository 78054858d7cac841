"""What the logs of an instance must have, and must not have."""
from __future__ import absolute_import, division, print_function

import re

# In the last lines of tracebacks: what fixture views and pages are made to
# raise.
ON_PURPOSE = [
    "RuntimeError: ('on purpose', 0)",
    'RuntimeError: on purpose',
    'RuntimeError: aside',
    'RuntimeError: password=secret',
    'SystemExit: on purpose',
    "KeyError: 'seconds'",
    'ValueError: could not convert string to float: ',
    'AssertionError: the view did not call start_response',
    'AssertionError: start_response was called a second time',
    'TypeError: a view returns an iterable of bytes, not ',
    'BadAnswer: the value of the header X-A holds ',
    'BadAnswer: the view announced 10 bytes and sent 4',
    'BadAnswer: the view set Transfer-Encoding: chunked and did not send ',
]
SIGNS = 'Traceback (most recent call last)', 'uncaptured python exception'


def unexpected(event_log):
    """Its records of exceptions that nobody has raised on purpose."""
    records = re.split(r'\n(?=\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)', event_log)
    return [record for record in records
            if any(sign in record for sign in SIGNS)
            and not any(words in last_line(record) for words in ON_PURPOSE)]


def last_line(record):
    """Of the exception, which may have lines of its own, but not indented."""
    lines = [line for line in record.splitlines()
             if line.strip('-') and not line.startswith(' ')]
    return lines[-1]


def lines_for(access_log, target):
    return access_log.count(target + ' HTTP/1.')
