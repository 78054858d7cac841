"""`zserverviews top`: what the workers of running instances do, as it goes on.

It is a client: it asks the suite of each instance, in a thread of its own, and
draws what is known. It imports little, so that its first screen is there at once.

    options.py       what may be asked for
    places.py        where an instance is asked: a URL, a unix socket
    from_etc.py      ... found in its zope.ini or its zope.conf
    asking.py        one question, and what is wrong if it has no answer
    told.py          its answer, checked
    watching.py      one instance, asked again and again in a thread
    latency.py       how long requests take, by the difference of two histograms
    judging.py       ok, stuck, dead: the state of an instance, and why
    picture.py       all instances at one moment, as rows
    desk.py          what the keys have chosen: order, selection, stack, freeze
    drawing.py       a picture as lines with styles
    plain.py         lines one block after the other, for logs
    fullscreen.py    the same on a terminal
    watch_all.py     the command
"""
from __future__ import absolute_import, division, print_function
