"""Asks the other processes of the site how they are.

Each of several processes has a listener of its own: at another port of the
setting ``listen``, or at a unix socket with its number in the name. What is
there is asked for its numbers as any client asks. Nothing secret is sent, nobody
on another machine is asked, and of an answer only numbers are kept.

Waits for answers, so not for the event loop.
"""
from __future__ import absolute_import, division, print_function

import errno
import json
import os
import socket

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.config.addresses import Address
from Products.ZServerViews.config.networks import literal
from Products.ZServerViews.format.text import clean

# Seconds for all of them together, for their connections and for one of these.
PATIENCE = 1.0
TO_CONNECT = 0.3
FOR_ONE = 0.05

# Bytes of an answer.
LONGEST = 1 << 16

# What is kept of it.
KEYS = 'pid', 'worker', 'workers', 'busy', 'idle', 'waiting'

_REQUEST = 'GET %s?format=json&siblings=no HTTP/1.1\r\nHost: localhost\r\n\r\n'
_NOBODY = errno.ECONNREFUSED, errno.ENOENT
LATE = 'no answer within %d s' % PATIENCE
FOREIGN = 'it belongs to another user'


class Sibling(object):
    """What is known of one.

    ``address``
        Its listener, as a text.
    ``numbers``
        {key: number or None} for each of `KEYS`.
    ``error``
        Why there are no numbers, as a text; or None.
    """

    def __init__(self, address, pid=None, numbers=None, error=None):
        self.address = address
        self.numbers = dict.fromkeys(KEYS)
        self.numbers['pid'] = pid
        self.numbers.update(numbers or {})
        self.error = error

    def document(self):
        """For programs."""
        return dict(self.numbers, address=clean(self.address),
                    error=self.error)


def ask_all(site, path):
    """The `Sibling` objects of the processes that listen, in the order of their
    addresses; after `PATIENCE` at the latest.

    ``path``
        Of the view that has the numbers, which all have in common.
    """
    own, begun = site.listening_at(), monotonic()
    questions = [Question(address, pid) for address, pid in known(
        site.settings.listen) if address.text != own]
    if not _is_ours(site):
        return []
    data = (_REQUEST % path).encode('ascii')
    try:
        for question in questions:
            question.ask(data, min(FOR_ONE, begun + TO_CONNECT - monotonic()))
        for question in questions:
            question.read(begun + PATIENCE, site.access.user_of)
    finally:
        for question in questions:
            question.close()
    return [question.sibling for question in questions if question.is_there]


def known(address):
    """[(Address, number of the process or None)] for each at which a process of
    the site may listen; reads the folder of unix sockets."""
    if not address.is_of_several:
        return []
    if address.family == socket.AF_UNIX:
        return [(Address(socket.AF_UNIX, path, path), pid)
                for path, pid in sockets_of_processes(address)]
    return [(choice, None) for choice in address.choices()]


def sockets_of_processes(address):
    """[(path, number of the process)] for an Address that has the number in its
    name; else []. Reads a folder."""
    if not hasattr(address, 'pid_in'):
        return []
    try:
        names = os.listdir(address.folder)
    except OSError:
        return []
    pids = [(os.path.join(address.folder, name), address.pid_in(name))
            for name in sorted(names)]
    return [(path, pid) for path, pid in pids if pid is not None]


def _is_ours(site):
    """Whether the address is one of this machine, as one is at which this
    process listens."""
    listen = site.settings.listen
    if listen.family == socket.AF_UNIX or site.views_socket is not None:
        return True
    host = literal(listen.address[0])
    return host.is_loopback or host.is_unspecified


class Question(object):
    """To one address.

    ``is_there``
        Whether anybody listens.
    ``sibling``
        The answer, once `read` has been called.
    """

    def __init__(self, address, pid=None):
        self._address = address
        self._sock = None
        self.is_there = True
        self.sibling = Sibling(address.text, pid, error=LATE)

    def ask(self, data, seconds):
        """Connect within these, and send."""
        try:
            if self._is_foreign_file():
                self.sibling.error = FOREIGN
                return
            sock = self._sock = socket.socket(self._address.family,
                                              socket.SOCK_STREAM)
            sock.settimeout(max(0.0, seconds))
            sock.connect(self._where())
            sock.sendall(data)
        except (socket.error, OSError) as error:
            self.is_there = error.errno not in _NOBODY
            self.close()

    def _is_foreign_file(self):
        return (self._address.family == socket.AF_UNIX and os.stat(
            self._address.address).st_uid != os.geteuid())

    def _where(self):
        if self._address.family == socket.AF_UNIX:
            return self._address.address
        host, port = self._address.address
        if literal(host).is_unspecified:
            host = ('127.0.0.1' if self._address.family == socket.AF_INET
                    else '::1')
        return host, port

    def read(self, end, user_of):
        """Have the answer until this moment, or what has come by then.

        ``user_of(sock)``
            The number of the user at the other end, or None.
        """
        if self._sock is None:
            return
        try:
            status, body = self._answer(end)
            if user_of(self._sock) not in (None, os.geteuid()):
                self.sibling.error = FOREIGN
            else:
                self._take(status, body)
        except (socket.error, OSError, EOFError):
            pass  # it is late
        except Exception:
            self.sibling.error = 'its answer is not understood'

    def _answer(self, end):
        """(status, body); the connection stays, so that its other end is still
        somebody's."""
        data = self._until(b'\r\n\r\n', b'', end)
        head, _, body = data.partition(b'\r\n\r\n')
        lines = head.decode('latin-1').split('\r\n')
        length = [int(line.partition(':')[2]) for line in lines
                  if line.lower().startswith('content-length:')]
        while len(body) < min(length[0], LONGEST):
            body += self._more(end)
        return lines[0].partition(' ')[2], body

    def _until(self, sign, data, end):
        while sign not in data and len(data) < LONGEST:
            data += self._more(end)
        return data

    def _more(self, end):
        self._sock.settimeout(max(0.0, end - monotonic()))
        data = self._sock.recv(1 << 14)
        if not data:
            raise EOFError
        return data

    def _take(self, status, body):
        if not status.startswith('200'):
            # The fallback responder's, or the companion's, is one word.
            word = body.decode('ascii').strip()
            self.sibling.error = ('%s: %s' % (status[:40], word)
                                  if word.isalpha() and len(word) < 20
                                  else str(status[:40]))
            return
        told = json.loads(body.decode('ascii'))
        for key in KEYS:
            number = told.get(key)
            if isinstance(number, int) and not isinstance(number, bool):
                self.sibling.numbers[key] = number
        self.sibling.error = None

    def close(self):
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()
