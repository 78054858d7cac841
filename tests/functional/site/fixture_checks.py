"""Readiness checks of a site's own; a file that is there says what they do."""
from __future__ import absolute_import, division, print_function

import os
import threading


def told(word):
    return os.path.exists(os.path.join(os.environ['CHECKS'], word))


def mine():
    if told('text'):
        return u'gr\xfc\xdfe'
    if told('raise'):
        raise RuntimeError('password=secret')
    if told('hang'):
        threading.Event().wait(60)
    return None


calls = []


def counted():
    calls.append(1)


def wants(argument):
    return None
