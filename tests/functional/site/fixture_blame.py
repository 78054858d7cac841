"""Views that are slow by their own doing, and one that others make slow."""
from __future__ import absolute_import, division, print_function

import resource
import threading
import time

from zope.interface import implementer

from Products.ZServerViews._compat import stopwatch
from Products.ZServerViews.base import TextView
from Products.ZServerViews.interfaces import ISuite
from Products.ZServerViews.wsgi import budget

THREAD = 1  # RUSAGE_THREAD, which has no name on Python 2.7


def used():
    """The processor time of this thread."""
    found = resource.getrusage(THREAD)
    return found.ru_utime + found.ru_stime


def compute(seconds):
    end = used() + seconds
    while used() < end:
        for _step in range(1000):
            pass


def told(work, *args):
    """How long the work takes by the wall clock, and which thread does it."""
    began = stopwatch()
    work(*args)
    return u'%.3f %s' % (stopwatch() - began, threading.current_thread().name)


@TextView
def small(environ):
    return told(compute, 0.012)


@TextView
def large(environ):
    return told(compute, 0.2)


@TextView
def sleepy(environ):
    return told(time.sleep, 0.3)


@TextView
def short_hour(environ):
    """An hour has two seconds from now on."""
    budget.FORGET = 2
    return u'short'


@TextView
def undecided(environ):
    return told(time.sleep, 0)


def runs_aside_for(environ):
    raise LookupError('cannot decide')


undecided.runs_aside_for = runs_aside_for


@implementer(ISuite)
class Suite(object):
    def views(self):
        return [('small', small), ('large', large), ('sleepy', sleepy),
                ('short_hour', short_hour), ('undecided', undecided)]


suite = Suite()
