"""One question to one instance, and what is wrong if it has no answer."""
from __future__ import absolute_import, division, print_function

import errno
import json
import socket

from Products.ZServerViews.cli.check import client
from Products.ZServerViews.cli.top.places import NoTls
from Products.ZServerViews.format.text import clean
from Products.ZServerViews.format.units import duration
from Products.ZServerViews.http.chunked import ChunkedError, Decoder

# Of an answer: a thread dump of a large process has less.
MOST_BYTES = 8 << 20

# Kinds of trouble.
DEAD, SILENT, BLOCKED, NO_ACCESS, NO_SUITE, ODD = (
    'dead', 'silent', 'blocked', 'no access', 'no suite', 'odd')

_REFUSED = {
    errno.ECONNREFUSED: 'nobody listens there; start the instance, or give the '
                        'address that its log tells',
    errno.ENOENT: 'there is no such socket; start the instance, or give the '
                  'path of its setting listen',
    errno.EACCES: 'this user may not connect; run this as the user of the site'}
_MOUNT = ('there is no view %s; mount the suite by "monitor /-/ '
          'Products.ZServerViews.views.monitor", or say by --base where it is')
_NOT_LOCAL = ('access is refused; run this on the machine of the site as its '
              'user, or ask its listener for views, or give --token-file')
_TOKEN = 'it wants the token of the site; give --token-file'
_NO_TLS = 'it does not speak TLS; write http:// in the place of https://'
_HTTP = '; if it does not speak TLS, write http:// in the place of https://'
_OTHER_TOKEN = 'it does not take this token; give the --token-file of this site'


class Trouble(Exception):
    """Why there is no answer: its kind, and a text with a remedy."""

    def __init__(self, kind, text):
        Exception.__init__(self, text)
        self.kind = kind
        self.text = clean(text, 300)


def ask(place, name, query='', timeout=client.TIMEOUT):
    """The JSON document, a dictionary, of the view of that name; `Trouble`
    without one. The views of health may answer with 503."""
    started, path = client.now(), place.base + name
    try:
        connection = place.connect(timeout)
    except (socket.error, OSError) as error:
        raise _not_connected(error, timeout)
    try:
        connection.settimeout(timeout)
        connection.sendall(client.request_of(
            place.host, '%s?format=json%s' % (path, query), place.headers))
        answer = client.receive(connection, started, timeout, MOST_BYTES)
    except client.Late:
        raise late(timeout)
    except client.Lost as error:
        raise Trouble(ODD, str(error))
    except socket.timeout:
        raise late(timeout)
    except (socket.error, OSError) as error:
        raise Trouble(DEAD, _words(error))
    finally:
        connection.close()
    return _document(place, path, answer)


def late(timeout):
    return Trouble(SILENT, 'no answer within %s' % duration(timeout))


def _not_connected(error, timeout):
    if isinstance(error, NoTls):
        return (Trouble(SILENT, late(timeout).text + _HTTP) if error.is_late
                else Trouble(ODD, _NO_TLS))
    if isinstance(error, socket.timeout):
        return late(timeout)
    if isinstance(error, socket.gaierror):
        return Trouble(DEAD, 'its name is not known: %s' % _words(error))
    return Trouble(DEAD, _REFUSED.get(error.errno) or _words(error))


def _words(error):
    return getattr(error, 'strerror', None) or str(error)


def _document(place, path, answer):
    if answer.status in (200, 503):
        found = _parsed(answer)
        if isinstance(found, dict):
            return found
    if answer.status == 401:
        raise Trouble(NO_ACCESS, _TOKEN if place.token is None
                      else _OTHER_TOKEN)
    if answer.status == 403:
        raise Trouble(NO_ACCESS, _NOT_LOCAL)
    if answer.status == 404:
        raise Trouble(NO_SUITE, _MOUNT % path)
    if answer.status == 503:
        raise Trouble(BLOCKED, _first_line(answer.body))
    raise Trouble(ODD, '%s answers %d, not as the suite does; check the address '
                  'and --base' % (path, answer.status))


def _first_line(body):
    lines = body.decode('utf-8', 'replace').strip().splitlines()
    return lines[0] if lines else 'it answers 503'


def _parsed(answer):
    """The value, or None."""
    try:
        body = answer.body
        if client.is_chunked(answer.head):
            body = Decoder().feed(body)
        return json.loads(body.decode('utf-8'))
    except (ValueError, ChunkedError):
        return None
