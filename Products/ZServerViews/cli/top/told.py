"""What an instance has answered, checked: it may be of another version, or be none.

Each function raises LookupError, TypeError, ValueError or AttributeError for a
document that is not understood. It does so in the thread that has asked, so that
what is drawn is known.
"""
from __future__ import absolute_import, division, print_function

from numbers import Number

from Products.ZServerViews.format.text import clean


class Request(object):
    """A request, as ``/-/requests`` has it. `picture` adds the ``number`` of its
    instance, and how ``old`` this is in seconds where that answers no more."""

    number = old = None

    def __init__(self, document):
        self.age = _number(document['age_seconds'])
        self.worked = _number_or_none(document['worked_seconds'])
        self.phase = clean(document['phase'])
        self.worker = document['worker_name']
        self.ident = _number_or_none(document['worker_ident'])
        self.user = document['user']
        self.gone = bool(document['client_gone'])
        # Older ones do not tell what was asked for.
        host, path = document.get('asked_host'), document.get('asked_path')
        self.path = clean(host or u'') + clean(
            document['path'] if path is None else path)
        self.title = (u'%s %s' % (clean(document['method']), self.path)).strip()

    @property
    def key(self):
        """The same for the same request in another picture, as far as known."""
        return self.number, self.ident, self.title


class Requests(object):
    """Those that are told, and how many are not."""

    def __init__(self, document):
        self.all = [Request(each) for each in document['requests']]
        self.omitted = _number(document['omitted_requests'])


def workers(document):
    """The document of ``/-/workers``."""
    _number(document['busy'])
    _number(document['finished_by_seconds']['10'])
    for name in 'workers', 'waiting', 'oldest_wait_seconds':
        _number_or_none(document[name])
    return document


def failures(document):
    """[reason] of a probe that fails; None of one that is passed."""
    if document['status'] != 'fail':
        return None
    checks = document.get('checks') or {}
    return [clean(check['output']) for name in sorted(checks)
            for check in checks[name] if check['status'] == 'fail']


def threads(document):
    """[document of a thread]"""
    for thread in document['threads']:
        _number_or_none(thread['ident'])
        _number_or_none(thread['request_age_seconds'])
        _number_or_none(thread['unmoved_seconds'])
        thread['role'], thread['state']
        for frame in thread['stack'] or ():
            clean(frame[2])
            _number_or_none(frame[1])
            frame[0].rpartition('/')
    return document['threads']


def _number(value):
    if not isinstance(value, Number):
        raise TypeError(value)
    return value


def _number_or_none(value):
    return None if value is None else _number(value)
