"""What was so in an interval, in the formats of ``/-/history``."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.record.left import Survey
from Products.ZServerViews.format import past
from Products.ZServerViews.format.documents import to_json
from Products.ZServerViews.format.profiles.formats import FORMATS
from Products.ZServerViews.history import answers
from Products.ZServerViews.history.interval_profile import profile_of
from Products.ZServerViews.history.model import History
from Products.ZServerViews.history.moments import FORMS, interval, moment
from Products.ZServerViews.history.stack_table import StackTable

# Of what is read, in bytes: nothing is to be forgotten that is in the files.
LIMIT = 1 << 30


def shown(found, given, now, tell):
    """The bytes of what these `left.Process` objects have of an interval; empty
    if that is nothing.

    ``given``
        The parsed arguments; raises CannotRun for what is wrong with them.
    ``now``
        In seconds since the epoch.
    """
    asked = dict((name, _moment(name, text, now)) for name, text in (
        ('at', given.at), ('from', given.first), ('to', given.last))
        if text is not None)
    chosen = _chosen([Survey(process, tell) for process in found], given, asked)
    if given.format not in (None, 'text') and len(chosen) > 1:
        raise CannotRun('several processes have records of that time; choose one '
                        'by ' + _choice([survey for survey, _span in chosen]))
    return b'\n'.join(_rendered(survey, span, given) for survey, span in chosen)


def _choice(surveys):
    numbers = ['%s' % survey.pid for survey in surveys]
    if len(set(numbers)) == len(numbers):
        return '--pid: ' + ', '.join(numbers)
    return '--process: ' + ', '.join(survey.process.name for survey in surveys)


def _moment(name, text, now):
    try:
        return moment(text, now)
    except ValueError:
        raise CannotRun('--%s %s: write %s' % (name, text, FORMS))


def _chosen(surveys, given, asked):
    """[(survey, (first, last))] of those that have records of the interval."""
    chosen = []
    for survey in surveys:
        if survey.ended is None or not _is_asked_for(survey, given):
            continue
        if set(asked) == {'from'} and asked['from'][0] >= survey.ended:
            continue  # it was gone before
        try:
            span = interval(asked.get('at'), asked.get('from'), asked.get('to'),
                            survey.ended)
        except ValueError as error:
            raise CannotRun('%s' % error)
        if survey.began <= span[1] and survey.ended >= span[0]:
            chosen.append((survey, span))
    if asked or (given.pid, given.process) != (None, None):
        return chosen
    # Each would have its last minutes to show.
    return sorted(chosen, key=lambda one: one[0].ended)[-1:]


def _is_asked_for(survey, given):
    return given.pid in (None, survey.pid) and survey.process.name.startswith(
        given.process or '')


def _rendered(survey, span, given):
    history = History(StackTable(LIMIT), LIMIT)
    survey.process.feed(history)
    first, last = span
    if given.format in FORMATS:
        title = u'process %s of %s' % (survey.pid, survey.instance)
        _type, _suffix, render = FORMATS[given.format]
        return render(profile_of(history, first, last, given.only_path,
                                 given.worker, title))
    document = answers.interval(history, first, last, given.only_path, given.worker)
    if given.format == 'json':
        return to_json(document).encode('utf-8')
    title = u'process %s of %s: %s\n' % (survey.pid, survey.instance,
                                        survey.state)
    return (title + past.to_text(document)).encode('utf-8')
