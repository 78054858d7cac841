"""One HTTP request and how long it took."""
from __future__ import absolute_import, division, print_function

import http.client
import time

HOST = '127.0.0.1'


class Reply:
    """What came back; the status is None when nothing came in time."""

    def __init__(self, path, status, seconds, text):
        self.path = path
        self.status = status
        self.milliseconds = seconds * 1000
        self.text = text

    @property
    def answered(self):
        return self.status == 200


def get(port, path, timeout):
    """A GET on a connection of its own, as a new visitor would make it."""
    started = time.perf_counter()
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.request('GET', path)
        response = connection.getresponse()
        status, body = response.status, response.read()
    except (OSError, http.client.HTTPException) as failure:
        return Reply(path, None, time.perf_counter() - started,
                     reason(failure))
    finally:
        connection.close()
    text = body.decode('utf-8', 'replace')
    return Reply(path, status, time.perf_counter() - started, text)


def reason(failure):
    if isinstance(failure, TimeoutError):
        return 'no answer: timed out'
    return 'no answer: {0}'.format(str(failure) or type(failure).__name__)
