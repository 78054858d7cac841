"""The course of a check, on a server that is none."""
from __future__ import absolute_import, division, print_function

import contextlib

import pytest

from Products.ZServerViews.cli.check import client
from Products.ZServerViews.cli.check import faults as faults_module
from Products.ZServerViews.cli.check import runner as module
from Products.ZServerViews.cli.check.errors import CannotRun
from Products.ZServerViews.cli.check.runner import Runner
from Products.ZServerViews.cli.check.overloads import python_loops
from Products.ZServerViews.cli.check.scenarios import Scenario


class Answer(object):
    seconds = 0.01

    def __init__(self, status=200, too_much=False):
        self.status = status
        self.is_good = status == 200
        self.is_late = status == 504
        self.too_much = too_much


class Connection(object):
    closed = False

    def close(self):
        self.closed = True


class World(object):
    """A server: path -> what each request gets, in turn; the last for good.
    """

    def __init__(self, **answers):
        self.answers = dict(('/' + name, list(answer)
                             if isinstance(answer, list) else [answer])
                            for name, answer in answers.items())
        self.asked = []
        self.connections = []

    def ask(self, address, path):
        self.asked.append((address, path))
        answers = self.answers[path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def connect(self, address):
        self.connections.append(Connection())
        return self.connections[-1]


class Instance(object):
    """What a throw-away instance tells; ``gone`` names what it cannot."""

    address = site_address = ('here', 1)
    server = None
    threads = connection_limit = 4

    def __init__(self, **told):
        self.told = dict({'modules': [], 'loggers': [], 'views': []}, **told)
        self.restarted = 0

    def control(self, name, connection=None):
        told = self.told[name]
        if isinstance(told, Exception):
            raise told
        return told

    def restart(self):
        self.restarted += 1


class Given(object):
    etc = 'zope.ini'
    address = ('there', 2)
    views = ()
    requests = 5
    quick = False
    patience = 2
    switch_interval = None

    def __init__(self, scenarios=(), **given):
        self.scenarios = scenarios
        for name, value in given.items():
            setattr(self, name, value)


def views(*names):
    return [['/' + name, 'my.' + name, 0, 0.0] for name in names]


@pytest.fixture
def world(monkeypatch):
    """A factory of the World that the check asks."""

    def make(**answers):
        made = World(**answers)
        for name in 'ask', 'connect':
            monkeypatch.setattr(client, name, getattr(made, name))
        monkeypatch.setattr(
            client, 'ask_on', lambda connection, path: made.ask(None, path))
        monkeypatch.setattr(faults_module, 'WRITTEN', 0)
        return made

    return make


@contextlib.contextmanager
def calm(ground):
    """A scenario."""
    ground.remarks.append('calm')
    yield


@contextlib.contextmanager
def torn(ground):
    """One that goes wrong in the end."""
    yield
    raise client.Lost('torn')


def run(given, instance=None):
    steps = []
    runner = Runner(given, instance, steps.append)
    runner.run()
    runner.steps = steps
    return runner


def table(runner):
    return [(row.scenario, row.view, row.goal, row.answered, row.asked)
            for row in runner.rows]


def test_a_good_one(world):
    world(a=Answer(), b=Answer())
    runner = run(Given([Scenario(calm, 50)]), Instance(views=views('b', 'a')))
    assert runner.is_good
    assert table(runner) == [('calm', '/a', 100, 5, 5),
                             ('calm', '/b', 100, 5, 5)]
    assert runner.remarks == [('calm', 'calm')]
    assert runner.faults.names == {'/a': 'my.a', '/b': 'my.b'}
    assert runner.steps == ['examining 2 views', '[1/1] calm: A scenario.']


class Server(object):
    title = 'a server'
    does_not_apply = {'calm': 'it is never calm'}


@pytest.mark.parametrize('answer, words', [
    (Answer(), ''),
    (Answer(404), '; on the port of the site there is no /a'),
    (client.Lost('gone'), '; on the port of the site there is no /a')])
def test_a_server_with_a_listener(world, answer, words):
    made = world(a=[Answer()] * 3 + [answer, Answer()])
    instance = Instance(views=views('a'))
    instance.site_address = ('here', 2)
    instance.server = Server()
    runner = run(Given([Scenario(calm, 50)]), instance)
    assert runner.is_good
    assert runner.rows == []
    assert runner.remarks == [
        ('a server', 'the views are requested on a listener of their own'
                     + words),
        ('calm', 'does not apply on a server: it is never calm')]
    assert made.asked[-1] == (('here', 2), '/a')


def test_only_the_views_that_are_wanted(world):
    made = world(a=Answer())
    run(Given(views=['/a']), Instance(views=views('a', 'b')))
    assert set(made.asked) == {(('here', 1), '/a')}


@pytest.mark.parametrize('wanted, told, words', [
    ([], [], 'zope.ini mounts no view'),
    (['/c'], views('a', 'b'), 'no view at /c; there are: /a, /b')])
def test_no_such_view(wanted, told, words):
    with pytest.raises(CannotRun) as caught:
        run(Given(views=wanted), Instance(views=told))
    assert words in str(caught.value)


def test_a_running_server(world):
    made = world(a=Answer())
    runner = run(Given([Scenario(calm, 50)], views=['/a']))
    assert runner.is_good
    assert runner.faults.names == {'/a': ''}
    assert set(made.asked) == {(('there', 2), '/a')}


@pytest.mark.parametrize('answer, words', [
    (Answer(404), 'there:2 has nothing at /a'),
    (client.Lost('gone'), 'there:2 does not answer /a (gone)')])
def test_a_server_that_has_no_such_view(world, answer, words):
    world(a=answer)
    with pytest.raises(CannotRun) as caught:
        run(Given(views=['/a']))
    assert words in str(caught.value)


def test_who_is_lost_is_not_asked_for_ever(world):
    world(a=[Answer()] * 3 + [client.Lost('no'), Answer(),
                              Answer(500), Answer(), client.Lost('no')])
    runner = run(Given([Scenario(calm, 50, fault='waits')], requests=99),
                 Instance(views=views('a')))
    assert table(runner) == [('calm', '/a', 100, 3, 5)]
    assert runner.faults.found == {'/a': ['waits']}
    assert not runner.is_good


@pytest.mark.parametrize('status, answered, verdict', [
    (404, 3, 'failed'), (500, 3, 'failed'), (504, 0, 'lost')])
def test_who_fails_is_not_lost(world, status, answered, verdict):
    world(a=[Answer()] * 3 + [Answer(status)])
    runner = run(Given([Scenario(calm, 50, fault='waits')], requests=99),
                 Instance(views=views('a')))
    assert table(runner) == [('calm', '/a', 100, answered, 3)]
    assert [row.verdict for row in runner.rows] == [verdict]
    assert runner.faults.found == {'/a': ['waits']}
    assert not runner.is_good


@pytest.mark.parametrize('quick', [True, False])
def test_time_is_bounded(world, monkeypatch, quick):
    world(a=Answer())
    monkeypatch.setattr(module, 'LONGEST_QUICK' if quick else 'LONGEST', -1)
    for kept in True, False:
        runner = run(Given([Scenario(calm, 50, kept=kept)], quick=quick),
                     Instance(views=views('a')))
        assert table(runner)[0][3:] == (0, 0)


def test_on_connections_from_before(world):
    made = world(a=Answer(), b=Answer(too_much=True), c=client.Lost('no'))
    runner = run(Given([Scenario(calm, 50, kept=True)]),
                 Instance(views=views('a', 'b', 'c')))
    assert table(runner) == [('calm', '/a', 100, 5, 5), ('calm', '/b', 100,
                                                         1, 1),
                             ('calm', '/c', 100, 0, 1)]
    assert [one.closed for one in made.connections] == [True] * 3


def test_only_one_view_where_nothing_is_judged(world):
    world(a=Answer(), b=Answer())
    runner = run(Given([Scenario(calm, None, most=1)]),
                 Instance(views=views('a', 'b')))
    assert table(runner) == [('calm', '/a', None, 1, 1)]


@pytest.mark.parametrize('interval, goal', [(None, 1000), ('500us', 60)])
def test_the_goal_with_a_switch_interval(interval, goal):
    scenario = Scenario(python_loops, 500)
    runner = Runner(Given(switch_interval=interval), None, None)
    assert runner._goal(scenario) == goal


def test_a_view_that_stops_the_server(world):
    world(a=client.Lost('no'), b=Answer())
    instance = Instance(views=views('a', 'b'))
    # views; modules and loggers before the first view; modules behind it
    told = iter([[], [], [], client.Lost('gone')])
    answer = instance.control

    def control(name, connection=None):
        instance.told['modules'] = next(told, [])
        return answer(name, connection)

    runner = Runner(Given([Scenario(calm, 50)]), instance, lambda text: None)
    instance.control = control
    runner.run()
    assert [row.view for row in runner.rows] == ['/b']
    assert runner.faults.found == {'/a': [
        'does not answer: no',
        'stops the server; no scenario is tried with it']}
    assert instance.restarted == 1


def test_all_views_stop_the_server(world):
    world(a=Answer())
    instance = Instance(views=views('a'), modules=client.Lost('gone'))
    runner = run(Given([Scenario(calm, 50)]), instance)
    assert runner.rows == []
    assert runner.faults.found == {
        '/a': ['stops the server; no scenario is tried with it']}
    assert instance.restarted == 1


def test_a_scenario_that_goes_wrong(world):
    world(a=Answer(), b=Answer())
    instance = Instance(views=views('a', 'b'))
    runner = run(Given([Scenario(torn, 50)]), instance)
    # Once with both, then with each.
    assert instance.restarted == 3
    assert [row.view for row in runner.rows] == ['/a', '/b']
    assert runner.problems == [
        ('torn', 'the server did not survive: torn')] * 2
    assert not runner.is_good


def test_a_running_server_that_goes_wrong(world):
    world(a=Answer())
    runner = run(Given([Scenario(torn, 50)], views=['/a']))
    assert len(runner.problems) == 1


# What views do that they should not

def test_faults(world, monkeypatch):
    monkeypatch.setattr(faults_module, 'MOST_NAMES', 2)
    world(a=Answer(500, too_much=True))
    runner = run(Given(views=['/a']), Instance(
        views=[['/a', 'my.a', 2, 0.3004], ['/other', 'x', 5, 1]],
        modules=['m1', 'm2', 'm3'], loggers=['site']))
    assert runner.faults.found == {'/a': [
        'answers too much: more than 1 MiB',
        'fails: it is answered with 500',
        'imports when it is called: m1, m2 and 1 more',
        'logs when it is called, to site',
        'sleeps: it blocked the event loop for up to 0.300 s, and exceeded its '
        'budget more than once']}


def budget(runner, overruns, fair=True):
    class Ground(object):
        control = staticmethod(lambda name: [['/a', 'my.a', overruns, 0.2]])
    runner.look_at_budget(Ground, fair)
    return bool(runner.found)


def test_the_budget():
    faults = faults_module.Faults({'/a': 'my.a'})
    assert not budget(faults, 0)
    assert not budget(faults, 1)
    assert not budget(faults, 1)
    # Not its fault.
    assert not budget(faults, 4, fair=False)
    assert budget(faults, 5)
    assert budget(faults, 6)
    assert len(faults.found['/a']) == 1


def test_the_budget_of_a_new_process():
    faults = faults_module.Faults({'/a': 'my.a'})
    assert not budget(faults, 1)
    faults.forget_budget()
    assert budget(faults, 1)


def test_no_fault_of_the_scenario(world):
    world(a=client.Lost('no'))
    runner = run(Given([Scenario(calm, 50, fault='waits')], views=['/a']),
                 Instance(views=views('a')))
    assert runner.faults.found == {'/a': ['does not answer: no']}
