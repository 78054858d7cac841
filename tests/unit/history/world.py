"""A site whose clock, workers and frames do what a test says."""
from __future__ import absolute_import, division, print_function

import logging
import sys

from Products.ZServerViews._compat import get_ident
from Products.ZServerViews.history.flight_recorder import FlightRecorder
from Products.ZServerViews.monitor.requests import Request
from tests.unit.site_dummies import Site

# When the clock shows nought.
EPOCH = 1700000000.0


def frame_at(function, path, line):
    """A real frame of a function with that name, at that line of that file."""
    names = {}
    exec(compile('\n' * (line - 2) + 'def %s():\n    yield' % function, path,
                 'exec'), names)
    generator = names[function]()
    next(generator)
    # It keeps its frame.
    return generator.gi_frame, generator


def frames_of(places):
    return lambda: dict((ident, places[ident][0]) for ident in places)


class World(object):
    """A site, and its flight recorder without a thread.

    ``records``
        All that have gone to a sink.
    ``reports``
        The exc_info of what has failed.
    """

    def __init__(self, site=None, **settings):
        self.site = Site(**settings) if site is None else site
        self.clock = self.site.clock
        self.places = {}  # {ident: (frame, what keeps it)}
        self.records, self.reports = [], []
        self.flight = FlightRecorder(
            self.site, self.reports.append, self.clock,
            lambda: EPOCH + self.clock.now, frames_of(self.places))
        self.site.history = self.flight
        self.flight.observer.attach()
        self.flight.add_sink(lambda record, table: self.records.append(record))
        self.flight._planned = self.clock.now

    @property
    def model(self):
        return self.flight.model

    def of(self, kind):
        return [record for record in self.records if record['kind'] == kind]

    def begin(self, ident, path='/page', waited=0.0, method='GET'):
        """A worker begins with a request."""
        request = Request(method, path, self.clock.now - waited)
        request.start(self.clock.now, ident)
        self.site.recorder.current[ident] = request
        return request

    def at(self, ident, function, path, line):
        """That is where the worker is from now on."""
        self.places[ident] = frame_at(function, path, line)

    def end(self, ident, status=b'200'):
        """It has finished that."""
        recorder = self.site.recorder
        request = recorder.current.pop(ident)
        request.status = status
        request.worker = None
        recorder.current[get_ident()] = request
        recorder.ends()
        return request

    def turn(self):
        """What is due now, and the clock at the next turn."""
        self.flight.turn()
        self.clock.now = max(self.clock.now, self.flight._planned)

    def run(self, seconds):
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.turn()

    def fail(self, ident, error, message=''):
        """The publisher gives up on its request for such an error."""
        recorder = self.site.recorder
        try:
            raise error(message)
        except error:
            recorder.tally.failed(recorder.current[ident], error, False)
            recorder.errors.failed(recorder.current[ident], sys.exc_info(),
                                   self.clock.now)


def eventful(site=None, **settings):
    """A world in which everything has happened; in the last two minutes."""
    world = World(site, **settings)
    world.site.log_redirect.install()
    world.run(2)
    world.begin(7, '/report?password=s3cret', waited=1.5)
    world.begin(8, '/stuck', method='POST')
    world.at(8, 'acquire', '/site/locks.py', 17)
    waits = world.flight.observer.waits
    for function, line in ('search', 312), ('sort', 40), ('render', 9):
        world.at(7, function, '/site/catalog.py', line)
        for _second in range(3):
            waits._seen = {1: (world.clock.now, 2, world.clock.now - 4,
                               ['/queued'])}
            world.turn()
    world.fail(7, KeyError, 's3cret')
    world.end(7, b'500')
    logging.getLogger('site').warning('The password is %s', 's3cret')
    world.clock.now += 3.1
    world.turn()
    for loop in world.site.loops.all:
        loop.asked = None, world.clock.now - 5
    world.run(60)
    for loop in world.site.loops.all:
        loop.asked = None
    world.end(8)
    world.run(60)
    world.site.log_redirect.uninstall()
    return world
