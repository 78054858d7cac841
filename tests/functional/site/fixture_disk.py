"""Views that do to the disk of the recorder what an operator hopes never to see."""
from __future__ import absolute_import, division, print_function

import resource
import threading

from zope.interface import implementer

from Products.ZServerViews.base import TextView
from Products.ZServerViews.history.disk_file import DiskFile
from Products.ZServerViews.interfaces import ISuite

append = DiskFile._append
answers = threading.Event()


@TextView
def full(environ):
    """No file of this process can grow any more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    return u'full'


@TextView
def room(environ):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    return u'room'


@TextView
def hang(environ):
    """Each write of the recorder waits."""
    def waits(file, data):
        answers.wait()
        append(file, data)

    answers.clear()
    DiskFile._append = waits
    return u'hangs'


@TextView
def answer(environ):
    DiskFile._append = append
    answers.set()
    return u'answers'


@implementer(ISuite)
class Suite(object):
    def views(self):
        return [('full', full), ('room', room), ('hang', hang), ('answer', answer)]


suite = Suite()
