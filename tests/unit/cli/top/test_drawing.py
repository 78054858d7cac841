"""Pictures, the keys, and what is drawn; the screen of curses on a fake window."""
from __future__ import absolute_import, division, print_function

import curses

import pytest

from Products.ZServerViews.cli.top import asking, drawing, fullscreen, plain
from Products.ZServerViews.cli.top.desk import SORTS, Desk
from Products.ZServerViews.cli.top.picture import Picture
from Products.ZServerViews.cli.top.watching import Watcher
from tests.unit.cli.top import top_dummies as dummies
from tests.unit.cli.top.top_dummies import looked, stuck

DEAD = asking.Trouble(asking.DEAD, u'nobody listens there')
HOSTILE = [u'\x1b[2J', u'\x9b31m', u'a\nb\r\tc', u'\u202egnp.exe', u'\ud800', u'\x00',
           u'\u2028', u'\x7f' * 300]


def picture(*watchers):
    return Picture(list(watchers), 100.0, 0)


def texts(lines):
    return [line for line, _style in lines]


def screen(shown, desk=None, width=80, height=24):
    lines = drawing.screen(shown, desk or Desk(), width, height)
    assert len(lines) <= height
    assert all(len(line) <= width for line in texts(lines))
    return texts(lines)


def test_the_screen():
    lines = screen(picture(looked(**stuck()), looked('/b.sock', workers=DEAD)))
    assert lines[0].endswith('2 instances: 1 stuck, 1 dead')
    assert lines[1:11] == [
        u'STATE  BUSY  WAIT  OLDEST  REQ/S  P50  P95  #  INSTANCE',
        u'stuck   4/4     2  11.5 s    0.0    -    -  1  127.0.0.1:8080',
        u'  not ready: the oldest request has waited 11.5 s',
        u'  no worker has taken a request for 12.0 s; 2 wait, the oldest for 11.5 s',
        u'  the same line in 4 of 4: /srv/mysite/accounts.py:15 __call__',
        u'dead      -     -       -      -    -    -  2  /b.sock',
        u'  nobody listens there', u'',
        u'   AGE  WORKED  PHASE       WORKER      #  REQUEST, by age',
        u'15.0 s  15.0 s  publishing  waitress-3  1  GET /report']
    assert len(lines) == 24
    assert lines[-1].startswith('q quit')


@pytest.mark.parametrize('width, height', [
    (80, 24), (80, 8), (40, 10), (200, 60), (10, 3), (1, 1), (80, 2), (0, 0)])
def test_any_size(width, height):
    desk, shown = Desk(), picture(looked(**stuck()), looked(workers=DEAD))
    screen(shown, desk, width, height)
    for key in 'enter', 'h':
        desk.press(key, shown)
        screen(shown, desk, width, height)


def test_many_instances_the_worst_first():
    watchers = [looked('/%d.sock' % number) for number in range(28)]
    watchers += [looked('/s%d.sock' % number, **stuck()) for number in range(3)]
    watchers += [looked('/d.sock', workers=DEAD)]
    lines = screen(picture(*watchers), height=50)
    assert lines[0].endswith('32 instances: 3 stuck, 1 dead, 28 ok')
    assert [line.split()[0] for line in lines[2:16] if line[:1] != ' '] == [
        'stuck'] * 3 + ['dead']
    left = [line for line in lines if line.startswith('... and ')]
    shown = [line for line in lines if line.startswith('ok ')]
    assert left == ['... and %d more' % (28 - len(shown))]


def test_the_order_is_shown():
    desk, shown = Desk(), picture(looked(**stuck()))
    for key, said in ('s', 'by worked'), ('r', 'by worked, reversed'), (
            's', 'by phase, reversed'):
        desk.press(key, shown)
        assert [line for line in screen(shown, desk)
                if line.endswith('REQUEST, ' + said)]


def test_unknown_keys_change_nothing():
    desk, shown = Desk(), picture(looked(**stuck()))
    for key in '', 'x', 'sr', '\u20ac':
        assert desk.press(key, shown)
    assert (desk.order, desk.at, desk.opened) == ('by age', 0, None)


@pytest.mark.parametrize('kind', [asking.DEAD, asking.SILENT, asking.BLOCKED])
def test_the_last_requests_of_one_that_is_gone(kind):
    clock, suite = dummies.Clock(), dummies.Suite(**stuck())
    found = dummies.watcher(suite, clock=clock)
    found.look()
    suite.documents['workers'] = asking.Trouble(kind, u'it is so')
    clock.now += 7
    found.look()
    lines = drawing.screen(Picture([found], 109.0, 0), Desk(), 80, 24)
    assert len([line for line, _style in lines
                if line.endswith(u'GET /report (9.0 s ago)')]) == 4
    assert [style for _line, style in lines].count(drawing.OLD) == 5
    # Another site may be there now.
    suite.documents['workers'] = asking.Trouble(asking.NO_SUITE, u'it is so')
    found.look()
    assert Picture([found], 109.0, 0).requests == []


def test_a_narrow_screen_has_names_of_instances():
    shown = picture(looked('/run/zope/views-1.sock', **stuck()))
    for width, heads in (
            (50, ['STATE', 'BUSY', 'WAIT', 'OLDEST', '#', 'INSTANCE']),
            (40, ['STATE', 'BUSY', 'WAIT', '#', 'INSTANCE']),
            (30, ['STATE', 'BUSY', '#', 'INSTANCE'])):
        lines = screen(shown, width=width)
        assert lines[1].split() == heads
        assert lines[2].endswith('iews-1.sock')


def test_styles():
    lines = drawing.screen(picture(
        looked(**stuck()), looked('/b', workers=DEAD),
        looked('/c', ready=dummies.health(u'draining')), looked('/d')),
        Desk(), 80, 40)
    styles = dict((line.split()[0], style) for line, style in lines if line)
    assert styles['stuck'] == styles['dead'] == drawing.BAD
    assert styles['not'] == drawing.WARNING
    assert styles['ok'] == drawing.PLAIN
    assert [style for _line, style in lines].count(drawing.SELECTED) == 1


def test_the_stack_of_a_request():
    desk, shown = Desk(), picture(looked(**stuck()))
    screen(shown, desk)
    desk.press('down', shown)
    desk.press('enter', shown)
    lines = screen(shown, desk)
    assert lines[1:8] == [
        u'#1  GET /report',
        u'age 14.0 s, worked 14.0 s, publishing, worker waitress-2, user -',
        u'waiting for lock, not moved for 3.2 s', u'',
        u'  waitress/task.py:84 handler',
        u'  /srv/mysite/accounts.py:15 __call__',
        u'  /usr/lib/python3.11/threading.py:320 wait']
    # Too many lines for the screen: the innermost are there, and keys scroll.
    small = screen(shown, desk, height=8)
    assert 'threading' in small[-3] + small[-2]
    desk.press('up', shown)
    assert 'threading' not in ''.join(screen(shown, desk, height=7))
    desk.press('end', shown)
    assert 'threading' in ''.join(screen(shown, desk, height=8))
    desk.press('escape', shown)
    assert 'INSTANCE' in screen(shown, desk)[1]


@pytest.mark.parametrize('documents, place, said', [
    (stuck(), 4, 'It waits for a worker'),
    (stuck(threads=dummies.threads()), 0, 'Its stack is asked for'),
    (stuck(threads=DEAD), 0, 'Its stack is not known: nobody listens')])
def test_no_stack(documents, place, said):
    desk, shown = Desk(), picture(looked(**documents))
    desk.sort = 'worked'
    screen(shown, desk)
    for _time in range(place):
        desk.press('j', shown)
    desk.press('enter', shown)
    assert said in '\n'.join(screen(shown, desk))


def test_the_order_and_the_selection():
    desk, shown = Desk(), picture(looked(**stuck()))
    screen(shown, desk)
    desk.press('end', shown)
    assert desk.at == 5
    selected = desk.shown(shown)[5]
    assert (selected.age, desk.press('home', shown), desk.at) == (3.0, True, 0)
    oldest = desk.shown(shown)[0]
    desk.press('r', shown)
    # It is the same request that is selected.
    assert desk.shown(shown)[desk.at] is oldest
    assert desk.at == 5
    orders = []
    for _sort in SORTS:
        orders.append(desk.sort)
        desk.press('s', shown)
        assert len(desk.shown(shown)) == 6
    assert (orders, desk.sort) == (list(SORTS), 'age')
    # It has gone.
    desk.shown(picture(looked(requests=dummies.requests(dummies.request()))))
    assert desk.at == 0
    desk.shown(picture(looked()))
    desk.press('enter', shown)
    assert (desk.at, desk.opened) == (0, None)


def test_help_freeze_and_quit():
    desk, shown = Desk(), picture(looked())
    assert desk.press('h', shown)
    assert 'Escape' in '\n'.join(screen(shown, desk))
    assert desk.press('x', shown)
    assert not desk.helps
    desk.press('f', shown)
    assert desk.frozen is shown
    assert 'FROZEN' in screen(shown, desk)[0]
    desk.press(' ', shown)
    assert desk.frozen is None
    assert not desk.press('q', shown)


@pytest.mark.parametrize('word', HOSTILE)
def test_nothing_reaches_the_terminal_as_it_is(word):
    documents = stuck(
        live=dummies.health(word),
        requests=dummies.requests(*[
            dummies.request(word, 12.0, 12.0, ident, user=word,
                            worker_name=word, asked_host=word, phase=word)
            for ident in range(4)]),
        threads=dummies.threads(*[
            dummies.thread(ident, (word, 1, word), state=word)
            for ident in range(4)]))
    desk, shown = Desk(), picture(looked(u'/' + word, **documents))
    lines = screen(shown, desk) + drawing.block(shown, desk, 80)
    desk.press('enter', shown)
    lines += screen(shown, desk)
    for line in lines:
        assert line == drawing.clean(line)


def test_characters_of_two_cells():
    assert drawing.fitted(u'a\u4e2d\u6587b', 4) == u'a\u4e2d'
    assert drawing.fitted(u'e\u0301e', 1) == u'e\u0301'


def test_long_reasons_in_parts():
    assert drawing.wrapped(u'a bc def ghij ' * 3, 20) == [
        u'a bc def ghij a bc', u'  def ghij a bc def', u'  ghij ']
    assert drawing.wrapped(u'x' * 45, 20) == [
        u'x' * 20, u'  ' + u'x' * 18, u'  ' + u'x' * 7]


def test_lines_for_a_log():
    many = dummies.requests(*[dummies.request(u'/%d' % age, age=20.0 - age)
                              for age in range(12)])
    lines = drawing.block(picture(looked(requests=many)), Desk(), 80)
    assert lines[0] == '1970-01-01T00:00:00Z  1 instance: 1 ok'
    assert [line.split()[-1] for line in lines[4:14]] == [
        '/%d' % number for number in range(10)]
    assert lines[14:] == ['and 2 more requests']


def test_blocks():
    said, slept, clock = [], [], dummies.Clock()

    def sleep(seconds):
        slept.append(seconds)
        clock.now += seconds
        if len(slept) > 2:
            raise KeyboardInterrupt

    found = looked()
    with pytest.raises(KeyboardInterrupt):
        plain.blocks([found], 2.0, said.append, False, sleep, clock)
    assert slept == [2.0] * 3
    assert ''.join(said).count('1 instance: 1 ok\n') == 3
    assert plain.blocks([found], 1.0, said.append, True, sleep, clock)
    assert not plain.blocks([looked(workers=DEAD)], 1.0, said.append, True,
                            sleep, clock)


def test_the_first_block_waits_for_all_but_not_for_ever():
    clock, said = dummies.Clock(), []

    def sleep(seconds):
        clock.now += seconds

    found = dummies.watcher(dummies.Suite(), clock=clock)
    assert not plain.blocks([found], 1.0, said.append, True, sleep, clock)
    assert '1 asked' in said[0]
    assert 101.7 < clock.now < 102


class Window(object):
    """Like one of curses: the keys that are pressed, and what is on it."""

    def __init__(self, keys, size=(24, 80)):
        self.keys = list(keys)
        self.size = size
        self.lines, self.refreshed, self.timeouts = {}, 0, []

    def getmaxyx(self):
        return self.size

    def keypad(self, is_on):
        assert is_on

    def timeout(self, milliseconds):
        self.timeouts.append(milliseconds)

    def getch(self):
        key = self.keys.pop(0)
        return ord(key) if isinstance(key, str) else key

    def erase(self):
        self.lines.clear()

    def addstr(self, row, column, text, attributes):
        if len(text) >= 80:
            raise curses.error('it has no room')
        self.lines[row] = text if isinstance(text, type(u'')) else (
            text.decode('utf-8'))

    def refresh(self):
        self.refreshed += 1


@pytest.fixture
def curses_without_terminal(monkeypatch):
    """Nor does a watcher of the screen start."""
    monkeypatch.setattr(Watcher, 'start', lambda self: None)
    made = []
    monkeypatch.setattr(curses, 'curs_set', lambda number: 1 / number
                        if number else None)
    monkeypatch.setattr(curses, 'has_colors', lambda: True)
    monkeypatch.setattr(curses, 'use_default_colors', lambda: None)
    monkeypatch.setattr(curses, 'init_pair', lambda *pair: made.append(pair))
    monkeypatch.setattr(curses, 'color_pair', lambda number: number << 8)
    monkeypatch.delenv('NO_COLOR', raising=False)
    return made


def test_the_window(curses_without_terminal):
    found = looked(**stuck())
    window = Window([-1, curses.KEY_DOWN, 10, 233, curses.KEY_RESIZE, 'q'])
    fullscreen.Screen(window, [found], dummies.Clock(), lambda: True).run()
    assert window.lines[1].startswith('#1  GET /report')
    assert window.timeouts == [fullscreen.TICK] * 6
    # Only what is new is drawn.
    assert window.refreshed < 6
    assert found.wants_stacks
    assert len(curses_without_terminal) == 2


def test_a_locale_that_the_machine_does_not_have(monkeypatch):
    monkeypatch.setenv('LC_ALL', 'xx_YY.UTF-8')
    monkeypatch.setattr(curses, 'wrapper', lambda call: None)
    fullscreen.run([])


def test_a_terminal_that_has_gone(curses_without_terminal):
    window = Window([-1, -1])
    there = [True, False]
    fullscreen.Screen(window, [looked()], is_there=lambda: there.pop(0)).run()
    assert window.keys == there == []


def test_a_window_that_has_become_smaller(curses_without_terminal, monkeypatch):
    monkeypatch.setenv('NO_COLOR', '1')
    window = Window('q', (24, 100))
    fullscreen.Screen(window, [dummies.watcher(dummies.Suite())]).run()
    assert window.timeouts == [fullscreen.FIRST_TICK]
    assert curses_without_terminal == []
