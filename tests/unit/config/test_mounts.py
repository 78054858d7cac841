"""config.mounts: entries -> mounted views; refuses what cannot be served."""
from __future__ import absolute_import, division, print_function

import sys

import pytest
from ZConfig import ConfigurationError
from zope.interface import implementer

from Products.ZServerViews.config import mounts as mounts_module
from Products.ZServerViews.config import sections
from Products.ZServerViews.interfaces import ISuite
from Products.ZServerViews.views import monitor


def a_view(environ, start_response):
    raise AssertionError('no view is called at the start')


class Callable(object):

    def __call__(self, environ, start_response):
        raise AssertionError('no view is called at the start')

    method = __call__


an_instance = Callable()
a_text = 'not callable'


@implementer(ISuite)
class Suite(object):

    def __init__(self, *views):
        self._views = views

    def views(self):
        for found in self._views:
            if isinstance(found, Exception):
                raise found
        return iter(self._views)


suite = Suite(('', a_view), ('live', an_instance))
empty_suite = Suite()
twice_suite = Suite(('a', a_view), ('a', a_view))
odd_path_suite = Suite(('a?b', a_view))
no_view_suite = Suite(('a', 42))
failing_suite = Suite(RuntimeError('no database yet'))
wordless_suite = Suite((5, a_view))

HERE = __name__ + '.'


def entry(path, name, place='entry', **options):
    return sections.Entry(place, repr(path + ' ' + name), path, name, dict(
        (key.replace('_', '-'), value) for key, value in options.items()))


def mistake_of(*entries):
    with pytest.raises(ConfigurationError) as raised:
        mounts_module.mounts_of(entries)
    return str(raised.value)


# Mounting


@pytest.mark.parametrize('name, view', [
    ('a_view', a_view), ('an_instance', an_instance),
    ('an_instance.method', an_instance.method)])
def test_a_function_an_instance_and_a_method(name, view):
    mount, = mounts_module.mounts_of([entry('/a', HERE + name)])
    assert mount.view == view
    assert (mount.path, mount.script_name, mount.name, mount.access_log,
            mount.place) == ('/a', '/a', HERE + name, True, 'entry')


def test_the_access_log_can_be_switched_off():
    mount, = mounts_module.mounts_of([entry('/a', HERE + 'a_view', access_log=False)])
    assert mount.access_log is False


def test_percent_signs_are_decoded_for_wsgi():
    mount, = mounts_module.mounts_of([entry('/a%20%C3%BC', HERE + 'a_view')])
    assert mount.path == '/a%20%C3%BC'
    assert mount.script_name == '/a \xc3\xbc'


@pytest.mark.parametrize('path', ['/-', '/-/'])
def test_a_suite_is_expanded(path):
    mounts = mounts_module.mounts_of([entry(path, HERE + 'suite')])
    assert [(mount.path, mount.view) for mount in mounts] == [
        (path, a_view), ('/-/live', an_instance)]


def test_the_front_page_on_purpose():
    mount, = mounts_module.mounts_of([entry('/', HERE + 'a_view', replace_zope=True)])
    assert mount.path == '/'


def test_no_entries():
    assert mounts_module.mounts_of([]) == []


# Mistakes


@pytest.mark.parametrize('name, said', [
    ('no_such_view', "has no attribute 'no_such_view'"),
    ('a_text', 'is str, which cannot be called: a view is a callable'),
    ('empty_suite', 'has no views'),
    ('twice_suite', 'the path /a is already used by entry'),
    ('odd_path_suite', "'/a?b' must not contain '?'"),
    ('no_view_suite', "the view 'a' of the suite is int, which cannot be "),
    ('failing_suite', 'no database yet'),
])
def test_what_cannot_be_served(name, said):
    path = '/a' if name.startswith(('no_such', 'a_')) else '/'
    message = mistake_of(entry(path, HERE + name, replace_zope=True))
    first, _, rest = message.partition('\n')
    assert first == ('zserver-views: 1 error in the configuration; no view '
                     'was mounted.')
    assert rest.startswith('1. entry (%r): ' % (path + ' ' + HERE + name))
    assert said in rest


def test_a_suite_with_a_name_that_is_no_text():
    assert '1. entry (' in mistake_of(entry('/a/', HERE + 'wordless_suite'))


def test_a_module_is_no_view():
    assert 'os.path is a module: append' in mistake_of(entry('/a', 'os.path'))
    module = 'Products.ZServerViews.views.metrics'
    assert mistake_of(entry('/a', module)).endswith(
        'append the name of a view in it, such as %s.metrics' % module)


def test_the_front_page_by_accident():
    message = mistake_of(entry('/', HERE + 'a_view'))
    assert 'front page of Zope' in message
    assert 'replace-zope=on' in message


def test_the_front_page_by_a_suite():
    assert 'front page' in mistake_of(entry('/', HERE + 'suite'))


@pytest.mark.parametrize('second', ['/a', '/%61'])
def test_one_path_twice_names_both(second):
    message = mistake_of(entry('/a', HERE + 'a_view', 'entry one'),
                         entry(second, HERE + 'an_instance', 'entry two'))
    assert ('1. entry two (%r): the path %s is already used by entry one (%s)'
            % (second + ' ' + HERE + 'an_instance', second, HERE + 'a_view')
            in message)


def test_all_mistakes_come_in_one_error():
    with pytest.raises(ConfigurationError) as raised:
        mounts_module.mounts_of([entry('/a', 'no_such_module.view', 'first'),
                         entry('/b', HERE + 'a_view', 'second'),
                         entry('/b', HERE + 'a_view', 'third')],
                        ['a mistake of the settings'])
    lines = str(raised.value).split('\n')
    assert lines[0].startswith('zserver-views: 3 errors in the configur')
    assert lines[1] == '1. a mistake of the settings'
    assert lines[2].startswith('2. first (')
    assert lines[3].startswith('3. third (')
    assert len(lines) == 4


# The table itself


def refusal(name):
    """What is said of an entry that names something of this module."""
    entries, mistakes = sections.read({'zserver-views': {
        'a': '/a %s.%s' % (__name__, name)}})
    with pytest.raises(ConfigurationError) as failure:
        mounts_module.mounts_of(entries, mistakes)
    return str(failure.value)


def test_the_class_of_a_suite_is_refused():
    said = refusal('Suite')
    assert 'is the class of a suite: name an instance' in said


def one_argument(environ):
    raise AssertionError('no view is called at the start')


class Undeclared(object):

    def views(self):
        raise AssertionError('it is not known as a suite')


undeclared = Undeclared()


@pytest.mark.parametrize('name, remedy', [
    ('one_argument', 'is a decorator missing, such as TextView'),
    ('undeclared', 'declare that it implements ISuite'),
])
def test_what_was_probably_forgotten_is_said(name, remedy):
    assert remedy in refusal(name)


class Unanswering(object):

    def __getattribute__(self, name):
        raise RuntimeError('no ' + name)


unanswering = Unanswering()


def test_an_object_that_answers_to_no_attribute():
    said = refusal('unanswering')
    assert "entry 'a'" in said
    assert 'whether it is a suite failed' in said


@implementer(ISuite)
class Leaving(object):

    def __init__(self, error):
        self.error = error

    def views(self):
        raise self.error


leaving = Leaving(SystemExit('left'))
interrupted = Leaving(KeyboardInterrupt())


def test_a_suite_that_leaves():
    said = refusal('leaving')
    assert 'failed with SystemExit: left' in said
    with pytest.raises(KeyboardInterrupt):
        refusal('interrupted')


# Aside

def aside_view(environ, start_response):
    raise AssertionError('no view is called at the start')


aside_view.runs_aside = True


class Mute(Callable):
    """Does not even say that it has no such attribute."""

    @property
    def runs_aside(self):
        raise LookupError('on purpose')


class Yes(Callable):
    """Has every attribute, as some fallback responders and proxies do."""

    def __getattr__(self, name):
        return Yes()


mute, yes = Mute(), Yes()


@pytest.mark.parametrize('name, options, expected', [
    ('a_view', {}, False),
    ('a_view', {'aside': True}, True),
    ('a_view', {'aside': False}, False),
    ('aside_view', {}, True),
    ('aside_view', {'aside': False}, True),
    ('mute', {}, False),
])
def test_what_is_declared_aside(name, options, expected):
    mount, = mounts_module.mounts_of([entry('/a', HERE + name, **options)])
    assert mount.aside is expected
    assert mount.is_offloaded is expected
    assert not mount.usage.is_offloaded


def test_any_attribute_is_no_declaration():
    # It has a tier too; then the entry must say which.
    assert not mounts_module.Mount('/a', yes, entry('/a', 'yes', tier='status')).aside


def test_the_option_holds_for_all_views_of_a_suite():
    mounts = mounts_module.mounts_of([entry('/s', HERE + 'suite', aside=True)])
    assert [mount.aside for mount in mounts] == [True, True]
    mount = mounts_module.mounts_of([entry('/s', HERE + 'suite')])[0]
    mount.usage.is_offloaded = True
    assert mount.is_offloaded and not mount.aside


class Deciding(object):
    """A view that says for each request whether it runs aside."""

    def __init__(self, decide):
        self.runs_aside_for = decide

    def __call__(self, environ, start_response):
        pass


@pytest.mark.parametrize('decide, expected', [
    (lambda environ: environ['slow'], True), (lambda environ: False, False),
    (lambda environ: 'perhaps', False), (None, False)])
def test_a_view_may_decide_for_each_request(decide, expected):
    mount = mounts_module.Mount('/a', Deciding(decide), entry('/a', 'name'))
    assert mount.is_offloaded_for({'slow': True}, not_called) is expected
    assert not mount.is_offloaded
    mount.usage.is_offloaded = True
    assert mount.is_offloaded_for({}, not_called) is True


def not_called(mount, exc_info):
    raise AssertionError(exc_info)


class Shy(Callable):
    """A view whose method cannot even be had."""

    @property
    def runs_aside_for(self):
        raise ZeroDivisionError('on purpose')


@pytest.mark.parametrize('view, error', [
    (Deciding(lambda environ: 1 // 0), ZeroDivisionError),
    (Deciding(lambda environ: sys.exit()), SystemExit),
    (Deciding(lambda: True), TypeError), (Shy(), ZeroDivisionError)])
def test_a_view_that_cannot_decide_is_offloaded(view, error):
    """It has the method since it may block."""
    failed = []
    mount = mounts_module.Mount('/a', view, entry('/a', 'name'))
    assert not mount.is_offloaded
    assert mount.is_offloaded_for({}, lambda *args: failed.append(args))
    (told, exc_info), = failed
    assert told is mount and exc_info[0] is error


def test_which_views_are_the_suites_own():
    def is_ours(view):
        return mounts_module.Mount('/a', view, entry('/a', 'n', tier='status')).is_ours

    assert all(is_ours(view) for _name, view in monitor.views())
    assert not any(is_ours(view) for view in (yes, mute, Callable(), is_ours))


# Tiers

def with_tier(tier):
    view = Callable()
    view.tier = tier
    return view


class Tierless(Callable):

    @property
    def tier(self):
        raise LookupError('on purpose')


of_status, of_operator, of_sensitive, of_change = [
    with_tier(one) for one in sections.TIERS]
of_text = with_tier(u'operator')
of_nothing, of_gold, of_number = [with_tier(one) for one in (None, 'gold', 3)]
tierless = Tierless()
tier_suite = Suite(('none', a_view), ('status', of_status),
                   ('operator', of_operator), ('sensitive', of_sensitive),
                   ('change', of_change))


@pytest.mark.parametrize('name, option, expected', [
    ('a_view', None, None),
    ('a_view', 'operator', 'operator'),
    ('a_view', 'change', 'change'),
    ('of_nothing', None, None),
    ('of_text', None, 'operator'),
    ('of_status', None, 'status'),
    ('of_status', 'sensitive', 'sensitive'),
    ('of_operator', None, 'operator'),
    ('of_operator', 'status', 'status'),
    ('of_sensitive', None, 'sensitive'),
    ('of_sensitive', 'operator', 'operator'),
    ('of_change', None, 'change'),
    ('of_change', 'change', 'change'),
    ('of_gold', 'status', 'status'),
    ('tierless', 'operator', 'operator'),
])
def test_the_entry_has_the_last_word_on_a_tier(name, option, expected):
    mount, = mounts_module.mounts_of([entry('/a', HERE + name, tier=option)])
    assert mount.tier == expected


@pytest.mark.parametrize('name, option, remedy', [
    ('of_gold', None, "the attribute tier of the view is 'gold'"),
    ('of_number', None, 'one of status, operator, sensitive, change'),
    ('of_number', None, 'set the option tier'),
    ('tierless', None, 'of the view failed with LookupError: on purpose'),
    ('of_change', 'status', 'is always change'),
    ('of_change', 'sensitive', 'is always change'),
    ('tier_suite', 'status', 'mount it with an entry of its own'),
])
def test_tiers_that_cannot_be(name, option, remedy):
    said = mistake_of(entry('/a', HERE + name, tier=option))
    assert said.startswith('zserver-views: 1 error')
    assert remedy in said


@pytest.mark.parametrize('option, expected', [
    (None, [None, 'status', 'operator', 'sensitive', 'change']),
    ('operator', ['operator', 'operator', 'operator', 'sensitive', 'change']),
    ('sensitive', ['sensitive'] * 4 + ['change']),
    ('change', ['change'] * 5),
])
def test_for_a_suite_the_entry_can_only_raise(option, expected):
    mounts = mounts_module.mounts_of([entry('/s', HERE + 'tier_suite', tier=option)])
    assert [mount.tier for mount in mounts] == expected


bad_tier_suite = Suite(('gold', of_gold))


@pytest.mark.parametrize('option', [None, 'operator'])
def test_a_suite_with_an_unknown_tier(option):
    assert "is 'gold'" in mistake_of(
        entry('/s', HERE + 'bad_tier_suite', tier=option))
