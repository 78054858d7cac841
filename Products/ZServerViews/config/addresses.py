"""Where a listener listens: one address, or one for each of several processes.
"""
from __future__ import absolute_import, division, print_function

import os
import re
import socket

# Stands in the path of a unix socket for the number of the process.
PID = '{pid}'


class Address(object):
    """One address.

    ``family``, ``address``
        For `socket.socket` and its ``bind``.
    ``text``
        As written in the configuration, for messages.
    ``is_of_several``
        Whether each process has one of its own.
    """

    is_of_several = False

    def __init__(self, family, address, text):
        self.family = family
        self.address = address
        self.text = text

    def choices(self):
        """The Address objects of which this process takes the first free one.
        """
        return [self]

    def of(self, sock):
        """The one to which a socket is bound."""
        return self

    def told(self, sock):
        """The text of the one to which a socket is bound, with the port that it
        has in the place of 0."""
        if self.family == socket.AF_UNIX or self.address[1]:
            return self.text
        return '%s:%d' % (self.text.rpartition(':')[0], sock.getsockname()[1])

    def __eq__(self, other):
        return ((self.family, self.address)
                == (getattr(other, 'family', None),
                    getattr(other, 'address', None)))

    def __ne__(self, other):  # PY2
        return not self == other  # PY2

    __hash__ = None


class Ports(Address):
    """Several ports of one host; ``address`` is (host, first, last)."""

    is_of_several = True

    def choices(self):
        host, first, last = self.address
        said = self.text.rpartition(':')[0]
        return [Address(self.family, (host, port), '%s:%d' % (said, port))
                for port in range(first, last + 1)]

    def of(self, sock):
        port = sock.getsockname()[1]
        for choice in self.choices():
            if choice.address[1] == port:
                return choice
        return self

    def told(self, sock):
        return self.of(sock).text


class PathOfProcess(Address):
    """The path of a unix socket with `PID` in the name of the file."""

    is_of_several = True

    def __init__(self, path, getpid=os.getpid):
        Address.__init__(self, socket.AF_UNIX, path, path)
        self._getpid = getpid

    @property
    def folder(self):
        return os.path.dirname(self.address)

    def choices(self):
        return [self.of_pid(self._getpid())]

    def of_pid(self, pid):
        path = self.address.replace(PID, str(pid))
        return Address(socket.AF_UNIX, path, path)

    def of(self, sock):
        path = sock.getsockname()
        return Address(socket.AF_UNIX, path, path)

    def told(self, sock):
        return self.of(sock).text

    def pid_in(self, name):
        """The number in the name of a file in the folder; None if that is not
        one of these."""
        before, after = os.path.basename(self.address).split(PID)
        found = re.match(re.escape(before) + '([0-9]+)' + re.escape(after)
                         + r'\Z', name)
        return None if found is None else int(found.group(1))
