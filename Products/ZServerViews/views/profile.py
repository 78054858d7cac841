"""``/-/profile``: where the requests in work spend their time.

POST starts a profile, which ends by itself; GET lists those that are finished,
and has each as a file. Making a file takes a while: it is offloaded.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.base import ViewError
from Products.ZServerViews.format.profiles.formats import FORMATS
from Products.ZServerViews.format.profiles.sampled import notes
from Products.ZServerViews.format.units import duration, seconds, size
from Products.ZServerViews.http.query import Number
from Products.ZServerViews.views.changing import meant, require_change
from Products.ZServerViews.views.formatted import (
    SVG_HEADERS,
    Found,
    MonitorView,
    facts,
)

LONGEST = 600
USUAL = 30
FASTEST = 100

# What may be asked for, by the method.
_MEANT = {'GET': {'id'}, 'POST': {'seconds', 'rate'}, 'DELETE': set()}

FILES = ('svg', 'collapsed', 'speedscope', 'firefox', 'pprof')


class ProfileView(MonitorView):
    """GET tells what there is, POST starts a profile, DELETE ends it.

    With a format of files GET has the profile ``id``, or the latest one.
    """

    name = 'profile'
    summary = u'profiles of requests; POST starts one, DELETE ends it'
    tier = 'sensitive'
    needs_recorder = needs_metrics = needs_profiler = True
    methods = ('GET', 'HEAD', 'POST', 'DELETE')
    formats = ('text', 'json') + FILES
    parameters = (Number('seconds', 1, LONGEST, None),
                  Number('rate', 1, FASTEST, None),
                  Number('id', 1, 10 ** 9 - 1, None))

    def runs_aside_for(self, environ):
        """Whether this request is one for a file."""
        try:
            return self._format(environ) in FILES
        except ViewError:
            return False

    def _format(self, environ):
        return self.values(environ)['format'] or self._accepted(environ)

    def collect(self, asked):
        profiler = asked.site.profiler
        values = asked.values
        if asked.method != 'GET':
            require_change(asked)
        meant(asked, _MEANT)
        if asked.method == 'GET':
            if asked.format in FILES or values['id'] is not None:
                return self._one(profiler, asked)
        elif asked.format in FILES:
            raise ViewError('400 Bad Request', u'A file is had by GET, once the '
                            u'profile is finished.\n')
        elif asked.method == 'POST':
            _start(profiler, values['seconds'] or USUAL,
                   values['rate'] or FASTEST)
        else:
            profiler.stop()
        return Found(running=profiler.running, finished=profiler.finished,
                     unusable=profiler.unusable(),
                     started=asked.method == 'POST')

    @staticmethod
    def _one(profiler, asked):
        finished = profiler.find(asked.values['id'])
        if finished is None:
            raise ViewError('404 Not Found', u'No such profile is finished.\n')
        # For the headers: while it is rendered another one may take its place.
        asked.finished = finished
        return Found(running=None, finished=(finished,), unusable=None,
                     started=False)

    def status(self, found):
        return '202 Accepted' if found.started else '200 OK'

    def headers(self, asked):
        if asked.format not in FILES:
            return []
        name = 'profile-%d-%d%s' % (asked.pid, asked.finished.number,
                                    FORMATS[asked.format][1])
        kind = 'inline' if asked.format == 'svg' else 'attachment'
        return [('Content-Disposition', '%s; filename="%s"' % (kind, name))] + (
            SVG_HEADERS if asked.format == 'svg' else [])

    def as_text(self, found):
        lines = [_running_line(found)]
        for finished in found.finished:
            about = finished.profile.about
            lines.append(facts([(about['title'], u'%d Hz, %s' % (
                finished.rate, size(finished.size)))] + [
                    (u'  ' + name, said) for name, said in notes(about)]))
        return u'\n'.join(lines)

    def document(self, found):
        running = found.running
        return {
            'running': None if running is None else {
                'id': running.number, 'started': seconds(running.started),
                'seconds': running.seconds, 'rate': running.rate,
                'elapsed_seconds': seconds(running.elapsed()),
                'planned': running.ticks.planned, 'due': running.ticks.due,
                'taken': running.ticks.taken, 'sampler': running.sampler,
                'ending': running.wanted_end is not None},
            'finished': [_finished(one) for one in found.finished],
            'unusable': found.unusable}


def _as_file(name):
    def render(self, found):
        return FORMATS[name][2](found.finished[0].profile)
    return render


for _name in FILES:
    setattr(ProfileView, 'as_' + _name, _as_file(_name))


def _start(profiler, how_long, rate):
    reason = profiler.unusable()
    if reason is not None:
        raise ViewError('501 Not Implemented', u'No profile can be taken '
                        u'here: %s.\n' % reason)
    if not profiler.start(how_long, rate):
        running = profiler.running
        state = (u'profile %d, %s of %d s are over' % (
            running.number, duration(running.elapsed()), running.seconds)
            if running is not None else u'it ends now')
        raise ViewError('409 Conflict', u'A profile is taken already: %s.\n'
                        % state)


def _running_line(found):
    if found.unusable is not None:
        return u'no profile can be taken here: %s\n' % found.unusable
    running = found.running
    if running is None:
        return u'no profile is taken now; %d finished\n' % len(found.finished)
    return u'profile %d is taken: %s of %d s at %d Hz, %d looks%s\n' % (
        running.number, duration(running.elapsed()), running.seconds,
        running.rate, running.ticks.taken,
        u'; it is to end' if running.wanted_end is not None else u'')


def _finished(one):
    about = one.profile.about
    return {'id': one.number, 'started': seconds(about['start']),
            'seconds': seconds(about['seconds']), 'rate': one.rate,
            'planned': about['planned'], 'taken': about['taken'],
            'failed': about.get('failed', 0),
            'late_p99_seconds': seconds(about['late_p99']),
            'longest_gap_seconds': seconds(about['longest_gap']),
            'own_cost_seconds': seconds(about['own_cost']),
            'ended': about['ended'], 'sampler': about['sampler'],
            'busy_seconds': seconds(one.profile.seconds()),
            'bytes': one.size}


profile = ProfileView()
