"""The kinds of records, and what each has.

A record is a dictionary that JSON can hold. All have ``kind``, and ``time``: the
wall clock, in seconds since the epoch. Durations are in seconds, and of the
monotonic clock. A path has no query. Nothing else that a client has sent is in a
record, no value of a variable, and no text of an exception.

A stack is a number, which only its `StackTable` can explain; `stacks_of` tells
which a record has, and `mapped` gives them other numbers.

``start``
    The process begins: ``pid``, ``python``, ``versions`` {package: version},
    ``started`` (when the process did).
``look``
    At the workers that are busy: ``late`` (how much later than planned),
    ``interval`` (seconds that the look stands for: to the next one, as
    planned), ``workers`` (a list of lists, see `WORKER`), ``in_work``, ``waiting``
    and ``oldest_wait`` (None where that is not known), ``queue`` (the paths of
    those that have waited longest), ``lag`` (the longest of the event loops since
    the last look), ``rss`` (bytes, or None).
``begun``
    A look has seen this request for the first time: ``id``, ``method``,
    ``path``, ``began`` (epoch), ``waited``, ``worker``.
``request``
    One has ended that was slow: what ``begun`` has, and ``seconds``, ``phases``
    {name: seconds}, ``storage`` (the share of its looks that found it in a
    storage; None without a look), ``status`` (of its answer, or None),
    ``stacks`` (a list of lists, see `STAY`).
``error``
    The publisher has given up on a request: ``class``, ``place`` (the innermost
    frame: a list of function, file and line), ``path``, ``stack``, ``count``
    (how many there were of this class at this place since the last record of
    them, this one included), ``before`` (the newest of those, without this one: a
    list of lists, see `EARLIER`).
``log``
    A record of Python's logging: ``logger``, ``level``, ``text`` (the format, with
    its arguments cut out), ``place`` (file and line), ``count`` as above.
``minute``
    A summary of the time since the last one, ``seconds`` long: see
    `history.minutes`.
``incident``
    A rule has fired: ``rule``, ``said`` (a text), ``worst`` (a number).
``gap``
    For ``seconds``, which end at ``time``, no look was possible: no Python code
    has run.
``end``
    The process ends in an orderly way.
"""
from __future__ import absolute_import, division, print_function

START, LOOK, BEGUN, REQUEST, ERROR, LOG, MINUTE, INCIDENT, GAP, END = KINDS = (
    'start', 'look', 'begun', 'request', 'error', 'log', 'minute', 'incident',
    'gap', 'end')

# The places in a list of ``workers``: the name of the thread; id and path of its
# request; one of `monitor.thread_states.STATES`; its stack, or None; since when
# it works at the request, in seconds.
WORKER = NAME, ID, PATH, STATE, STACK, AGE = range(6)

# The places in a list of ``stacks``: for how long the request was there.
STAY = STAY_STACK, STAY_STATE, STAY_SECONDS = range(3)

# The places in a list of ``before``.
EARLIER = EARLIER_TIME, EARLIER_PATH, EARLIER_STACK = range(3)


def stacks_of(record):
    """The numbers of the stacks in a record, in their order."""
    kind = record['kind']
    if kind == LOOK:
        found = [row[STACK] for row in record['workers']]
    elif kind == REQUEST:
        found = [stay[STAY_STACK] for stay in record['stacks']]
    else:
        found = [record.get('stack')] + [one[EARLIER_STACK] for one
                                         in record.get('before', ())]
    return [number for number in found if number is not None]


def mapped(record, numbers):
    """A copy with other numbers for its stacks.

    ``numbers``
        {number in the record: the other one}; one that is missing is unknown,
        and becomes None.
    """
    kind = record['kind']
    if kind == LOOK:
        return dict(record, workers=[
            _replaced(row, STACK, numbers) for row in record['workers']])
    if kind == REQUEST:
        return dict(record, stacks=[
            _replaced(stay, STAY_STACK, numbers) for stay in record['stacks']])
    if 'stack' in record:
        record = dict(record, stack=numbers.get(record['stack']))
    if 'before' in record:  # not in files of earlier releases
        record = dict(record, before=[_replaced(one, EARLIER_STACK, numbers)
                                      for one in record['before']])
    return dict(record)


def _replaced(row, place, numbers):
    row = list(row)
    row[place] = numbers.get(row[place])
    return row
