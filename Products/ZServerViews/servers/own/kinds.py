"""Which server serves the site, and how: as far as it shows in its objects.

Nothing here is needed to serve views. So what an unknown version of a server
does not have is not known, and nothing else is wrong.
"""
from __future__ import absolute_import, division, print_function

import sys

# Those that have one process, or whose further ones serve nothing.
_ALONE = frozenset(['cheroot', 'bjoern', 'werkzeug'])


class Kind(object):
    """What is known of a server, in this process.

    ``text``
        For operators: its name, the kind of worker, and how many there are.
    ``worker``
        The number that the server gives this process; or None.
    ``at_once``
        How many requests this process works at, at once; None where that has
        no limit or is not known.
    ``is_one_of_several``
        Whether other processes of the site serve too, as far as is known.
    """

    def __init__(self, text, worker=None, at_once=None,
                 is_one_of_several=True):
        self.text = text
        self.worker = worker
        self.at_once = at_once
        self.is_one_of_several = is_one_of_several


def kind_of(name, served_by=None):
    """The Kind of a server; never raises.

    ``name``
        As `beginnings.seams` says it; anything for another server.
    ``served_by``
        The object that had its function called there, or None.
    """
    try:
        find = {'gunicorn': _gunicorn, 'uWSGI': _uwsgi}.get(name)
        found = None if find is None else find(served_by)
    except Exception:
        found = None
    if found is not None:
        return found
    return Kind(name or 'a server that is not known',
                at_once=1 if name == 'bjoern' else None,
                is_one_of_several=name not in _ALONE)


def _gunicorn(worker):
    settings = worker.cfg
    # The class may be one of the site's own.
    name = str(settings.worker_class_str)
    threads = int(settings.threads)
    text = 'gunicorn, %s worker' % name
    if name == 'gthread':
        text += ' with %s' % _counted(threads, 'thread')
    return Kind('%s, %s' % (text, _counted(settings.workers, 'process')),
                worker.age, {'sync': 1, 'gthread': threads}.get(name))


def _uwsgi(_nothing):
    uwsgi = sys.modules['uwsgi']
    options = uwsgi.opt
    threads = int(options.get('threads') or 1)
    words = ['uWSGI', 'with master' if options.get('master')
             else 'without master']
    if options.get('lazy-apps') or options.get('lazy'):
        words.append('lazy')
    words += [_counted(uwsgi.numproc, 'process'), _counted(threads, 'thread')]
    return Kind(', '.join(words), uwsgi.worker_id(), threads,
                bool(options.get('master')) or uwsgi.numproc > 1)


def _counted(number, noun):
    plural = 'es' if noun.endswith('s') else 's'
    return '%d %s%s' % (number, noun, '' if number == 1 else plural)
