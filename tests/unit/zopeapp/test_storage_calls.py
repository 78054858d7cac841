"""zopeapp.storage_calls: what runs in a storage, and how often."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews._compat import get_ident, monotonic
from Products.ZServerViews.zopeapp import storage_calls
from Products.ZServerViews.zopeapp.storage_calls import (
    Calls,
    POLL,
    OfEachThread,
    OfOneConnection,
    as_stale,
    errors,
    makers,
    takes_only,
    timed_call,
    timed_load,
    totals,
)
from Products.ZServerViews.zopeapp.wrapping import wrap_all
from tests.unit.dummies import ManualClock


class Conflict(Exception):
    """One transaction was too late."""


def test_a_load_is_seen_while_it_runs():
    calls, clock = Calls(), ManualClock()
    seen = []

    class Storage(object):
        def load(self, oid):
            seen.append((oid, calls.running()))
            return 'record'

    load = timed_load(Storage().load, calls, Conflict, clock)
    assert load(b'1') == load(oid=b'2') == 'record'
    assert seen == [(b'1', ('load', 1000.0)), (b'2', ('load', 1000.0))]
    assert (calls.running(), calls.loads) == (None, 2)


def test_a_load_of_an_older_storage():
    calls, clock = Calls(), ManualClock()
    seen = []

    def original(oid, version=''):
        seen.append((oid, version, calls.running()))
        return 'record'

    load = timed_load(original, calls, Conflict, clock)
    assert load(b'1') == load(b'2', '') == load(b'3', version='x') == 'record'
    running = 'load', 1000.0
    assert seen == [(b'1', '', running), (b'2', '', running),
                    (b'3', 'x', running)]
    assert (calls.running(), calls.loads) == (None, 3)


def test_a_load_is_passed_on_as_it_was_called_through_patches_of_others():
    class Storage(object):
        def load(self, oid):
            return oid

    def patch(method):
        return lambda *args, **kw: method(*args, **kw)

    patched = type('Patched', (Storage,), {'load': patch(Storage.load)})
    load = timed_load(patched().load, Calls(), Conflict, monotonic)
    # Once more, as behind somebody's patch of one object.
    load = timed_load(patch(load), Calls(), Conflict, monotonic)
    assert load(b'oid') == load(oid=b'oid') == b'oid'


def test_what_a_method_takes():
    class Storage(object):
        def one(self, oid):
            """One argument."""

        def words(self, oid, **words):
            """One, and others by their names."""

        def more(self, oid, *more):
            """One or more."""

    assert takes_only(Storage().one, 1)
    assert not takes_only(Storage().more, 1) and not takes_only(len, 1)
    assert not takes_only(Storage().words, 1)


def test_a_poll_is_seen_while_it_runs():
    calls, clock = Calls(), ManualClock()

    class Storage(object):
        def poll_invalidations(self):
            clock.now += 1
            return calls.running()

        def fails(self):
            raise Conflict()

    make = makers(OfOneConnection(calls), Conflict, clock)[POLL]
    poll = make(Storage().poll_invalidations)
    assert takes_only(Storage().poll_invalidations, 0)
    assert poll() == ('poll_invalidations', 1000.0)
    assert calls.thread == get_ident()
    with pytest.raises(TypeError):
        poll(1)
    with pytest.raises(Conflict):
        make(Storage().fails)()
    # As somebody's patch may be.
    assert make(lambda *args: args)(1) == (1,)
    assert calls.running() is None
    assert (calls.errors, calls.conflicts, calls.counts) == (
        {'Conflict': 1}, 1, {})
    shared = OfEachThread(lambda calls: None)
    poll = makers(shared, Conflict, clock)[POLL](
        lambda: shared.here().running()[0])
    assert poll() == 'poll_invalidations'


def test_another_call_is_seen_while_it_runs_with_those_inside():
    calls, clock = Calls(), ManualClock()
    seen = []

    def look(*args, **kw):
        clock.now += 1
        seen.append(calls.running())
        return args, kw

    def find():
        return calls

    load = timed_load(lambda oid: look(), calls, Conflict, clock)
    abort = timed_call('tpc_abort', look, find, Conflict, clock)

    def original(*args, **kw):
        load(b'oid')
        abort()
        return look(*args, **kw)

    vote = timed_call('tpc_vote', original, find, Conflict, clock)
    assert vote(1, a=2) == ((1,), {'a': 2})
    assert seen == [('load', 1000.0), ('tpc_abort', 1001.0),
                    ('tpc_vote', 1000.0)]
    assert calls.running() is None
    assert calls.counts == {'tpc_abort': 1}


@pytest.mark.parametrize('error, conflicts', [(Conflict, 1), (KeyError, 0)])
def test_errors_come_through_and_are_counted(error, conflicts):
    calls = Calls()

    def original(*args):
        raise error('on purpose')

    class Storage(object):
        def load(self, oid):
            original()

    load = timed_load(Storage().load, calls, Conflict, monotonic)
    older = timed_load(original, calls, Conflict, monotonic)
    store = timed_call('store', original, lambda: calls, Conflict, monotonic)
    for call in load, older, store:
        with pytest.raises(error):
            call(b'oid')
    assert calls.running() is None
    assert calls.errors == {error.__name__: 3}
    assert calls.conflicts == 3 * conflicts


def refuse(*args):
    raise Conflict('on purpose')


class BlobStorage(object):
    """Whose methods call each other, as those that ZODB3 shares."""

    store = sync = refuse

    def storeBlob(self, oid):
        self.store(oid)

    def load(self, oid):
        self.sync()

    def tpc_vote(self):
        self.load(b'oid')

    def poll_invalidations(self):
        self.sync()


@pytest.mark.parametrize('name, stores', [
    ('store', 1), ('storeBlob', 1), ('load', 0), ('tpc_vote', 0), (POLL, 0)])
@pytest.mark.parametrize('find', [
    lambda all_calls: OfEachThread(all_calls.append),
    lambda all_calls: OfOneConnection(all_calls[0])])
def test_what_calls_do_by_each_other_is_counted_once(find, name, stores):
    all_calls = [Calls()]
    storage = BlobStorage()
    wrap_all(storage, makers(find(all_calls), Conflict, monotonic))
    with pytest.raises(Conflict):
        getattr(storage, name)(
            *([] if name in ('tpc_vote', POLL) else [b'oid']))
    assert errors(all_calls) == {'Conflict': 1}
    found = totals(all_calls)
    assert (found['conflicts'], found['stores']) == (1, stores)


def test_what_a_server_raises_is_told_by_the_load_that_asks_it():
    all_calls = [Calls()]
    shared = OfEachThread(all_calls.append)
    ask = timed_call('load_before', refuse, shared.here, Conflict, monotonic)
    load = timed_load(lambda oid: ask(oid), all_calls[0], Conflict, monotonic)
    with pytest.raises(Conflict):
        load(b'oid')
    assert errors(all_calls) == {'Conflict': 1}
    assert totals(all_calls)['conflicts'] == 1
    assert totals(all_calls)['server_loads'] == 1


def test_few_names_of_errors_are_kept():
    calls = Calls()
    for number in range(30):
        calls.failed(type('Error%d' % number, (Exception,), {})(), False)
    assert len(calls.errors) == storage_calls.MOST_ERRORS + 1
    assert calls.errors[storage_calls.OTHERS] == 10


def test_each_thread_has_calls_of_its_own():
    made = []
    find = OfEachThread(made.append)
    assert find.here() is find.here()
    assert [calls.thread for calls in made] == [get_ident()]
    load = find.load(lambda oid: find.here().running()[0], Conflict, monotonic)
    assert load(b'oid') == 'load'
    assert totals(made)['loads'] == 1


def test_a_call_tells_the_thread_of_a_connection():
    find = OfOneConnection(Calls())
    assert find.calls.thread is None
    store = makers(find, Conflict, monotonic)['store'](lambda: find.calls.thread)
    assert store() == get_ident()
    load = makers(find, Conflict, monotonic)['load'](lambda oid: oid)
    assert load(b'oid') == b'oid'


def test_sums():
    one, other = Calls(), Calls()
    one.loads, one.conflicts = 3, 1
    one.counts = {'store': 2, 'storeBlob': 1, 'tpc_finish': 1, 'sync': 9}
    one.errors = {'KeyError': 1}
    other.counts = {'loadSerial': 2, 'load': 1, 'tpc_abort': 4,
                    'load_before': 5}
    other.errors = {'KeyError': 1, 'Conflict': 1}
    assert totals([one, other]) == {
        'loads': 6, 'stores': 3, 'commits': 1, 'aborts': 4, 'conflicts': 1,
        'server_loads': 5}
    assert errors([one, other]) == {'KeyError': 2, 'Conflict': 1}
    assert totals([]) == dict.fromkeys(
        ('loads', 'stores', 'commits', 'aborts', 'conflicts',
         'server_loads'), 0)


class StaleAware(object):
    """As RelStorage's methods are."""

    def __call__(self, oid, version=''):
        return 'record'

    def stale(self, error):
        def refuse(*args):
            raise error
        return refuse

    def no_longer_stale(self):
        raise AssertionError('this would be the one without ours')


def test_a_method_that_may_become_stale_may_do_so_still():
    original = StaleAware()
    load = timed_load(original, Calls(), Conflict, monotonic)
    assert load.no_longer_stale() is load
    stale = load.stale(Conflict('too old'))
    with pytest.raises(Conflict):
        stale(b'oid')
    assert stale.stale(None) is stale
    assert stale.no_longer_stale() is load
    # Nothing is timed any more.
    load.is_over = True
    assert stale.no_longer_stale() is original
    assert load(b'oid') == 'record'


def test_any_other_method_is_not_stale_aware():
    def wrapper():
        """Of nothing."""

    assert as_stale(wrapper, len) is wrapper
    assert not hasattr(wrapper, 'stale')
