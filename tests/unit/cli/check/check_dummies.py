"""A server that is none, and requests to it."""
from __future__ import absolute_import, division, print_function

import socket


class Pending(object):
    """A request for Zope."""

    def __init__(self, early=False, finishes=True):
        self.is_answered = lambda: early
        self.finish = lambda seconds: finishes
        self.closed = False

    def close(self):
        self.closed = True


class Connection(object):
    def __init__(self, broken=False):
        self.broken = broken
        self.sent = b''
        self.closed = False

    def sendall(self, data):
        if self.broken:
            raise socket.error('broken')
        self.sent += data

    def close(self):
        self.closed = True


class Instance(object):
    """``told``: name -> what each call gets, in turn; the last for good."""

    site_address = 'site'
    threads = 2
    connection_limit = 3

    def __init__(self, **told):
        self.told = dict({'open_gate': [True], 'close_gate': [True]}, **told)
        self.asked = []
        self.memory = [0]

    def control(self, name, connection=None):
        self.asked.append(name)
        told = self.told[name.partition('?')[0]]
        answer = told.pop(0) if len(told) > 1 else told[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def resident_bytes(self):
        return self.memory.pop(0)


def states(name, *values):
    return [{name: value} for value in values]
