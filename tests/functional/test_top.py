"""`zserverviews top` over real instances, all of whose workers are asleep."""
from __future__ import absolute_import, division, print_function

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

import pytest

from tests.checkout import free_port
from tests.functional.harness import Instance
from tests.functional.harness.instance import FIXTURE_SECTION
from tests.functional.test_overload import sleeping_workers
from tests.terminal import Terminal
from tests.waiting import awaited

SOCKET = os.path.join(tempfile.mkdtemp(prefix='zsv-'), 'views.sock')
SECTION = FIXTURE_SECTION.replace(
    '</product-config>',
    '    monitor /-/ Products.ZServerViews.views.monitor\n'
    '</product-config>') + '''
%import Products.ZServerViews
<zserver-views process>
    listen ''' + SOCKET + '''
</zserver-views>
'''
COMMAND = [sys.executable, '-m', 'Products.ZServerViews.cli', 'top',
           '--timeout', '20']
ETC = 'zope.conf' if Instance.name == 'zserver' else 'zope.ini'


@pytest.fixture(scope='module')
def site():
    instance = Instance(SECTION)
    instance.start()
    assert instance.get('/-/live').code == 200
    # ZServer has no workers before the first request for the site.
    assert instance.get('/@@echo').code == 200
    yield instance
    instance.stop()


def url(zope):
    return 'http://%s:%d' % zope.addresses[0]


def run(*arguments):
    """(exit code, output, errors) of the command."""
    process = subprocess.Popen(COMMAND + list(arguments), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output, errors = process.communicate()
    return process.returncode, output.decode('utf-8'), errors.decode('utf-8')


@contextlib.contextmanager
def silent_server():
    """The URL of a server that takes connections and never answers."""
    listening = socket.socket()
    listening.bind(('127.0.0.1', 0))
    listening.listen(50)
    try:
        yield 'http://127.0.0.1:%d' % listening.getsockname()[1]
    finally:
        listening.close()


def test_an_idle_instance_at_each_of_its_addresses(site):
    for where in ([url(site)], [SOCKET], ['unix:' + SOCKET],
                  ['--config', site._path('etc', ETC)]):
        code, output, errors = run('--once', *where)
        assert (code, errors) == (0, '')
        lines = output.splitlines()
        assert lines[0].endswith('  1 instance: 1 ok')
        assert lines[2].split()[:3] == ['ok', '0/4', '0']
        assert all(len(line) <= 80 for line in lines)


def test_stuck_workers_and_one_that_is_dead_and_one_that_hangs(site):
    dead = 'http://127.0.0.1:%d' % free_port()
    with sleeping_workers(site, queued=6), silent_server() as hanging:
        # Once no worker has taken a request for long enough.
        code, output, _errors = run_until('1 stuck', [
            url(site), dead, hanging, '--timeout', '2'])
        assert code == 1
    assert '3 instances: 1 stuck, 1 dead, 1 silent\n' in output
    assert re.search(r'(?m)^stuck +4/4 +6 ', output)
    assert 'no worker has taken a request for' in output
    assert re.search(r'the same line in 4 of 4: .*fixture_zope/__init__.py:\d+'
                     r'\s+__call__\n', output)
    assert 'nobody listens there; start the instance' in output
    assert 'no answer within 2.0 s' in output
    assert output.count(' GET /@@wait\n') == 10


def run_until(word, arguments):
    """The same, once its output has the word."""
    def look():
        found = run('--once', *arguments)
        return found if word in found[1] else None
    return awaited(look)


def test_a_suite_elsewhere_and_no_suite(site):
    code, output, _errors = run('--once', url(site), '--base', '/other')
    assert code == 1
    assert '1 instance: 1 no suite' in output
    assert 'there is no view /other/workers' in output.replace('\n  ', ' ')


def test_what_cannot_run(site):
    for arguments, said in (
            ([], 'give the URL of an instance'),
            (['nowhere'], 'nowhere is no address'),
            (['--config', '/no/zope.ini'], '/no/zope.ini is not a file'),
            ([url(site), '--token-file', '/no/token'], "'/no/token'")):
        code, output, errors = run('--once', *arguments)
        assert (code, output) == (2, '')
        assert 'zserverviews top cannot run: ' in errors
        assert said in errors


def test_plain_lines_go_on_until_a_signal(site):
    for number, code in (signal.SIGTERM, 143), (signal.SIGINT, 130):
        process = subprocess.Popen(
            COMMAND + [url(site), '--interval', '0.1'], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        blocks = 0
        while blocks < 3:
            blocks += process.stdout.readline().endswith(
                b'1 instance: 1 ok\n')
        process.send_signal(number)
        _output, errors = process.communicate()
        assert (process.returncode, errors) == (code, b'')


def test_nobody_reads_on(site):
    process = subprocess.Popen(
        COMMAND + [url(site), '--interval', '0.1'], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b''
    process.stderr.close()
    process.stdin.close()
    assert process.wait() == 0


@pytest.fixture
def terminal(site):
    with Terminal(COMMAND + [url(site), '--interval', '0.2']) as terminal:
        terminal.shows('1 instance: 1 ok', 'q quit')
        assert terminal.cells.alternate
        yield terminal


def test_the_screen_while_all_workers_sleep(site, terminal):
    with sleeping_workers(site, queued=6):
        shown = terminal.shows('1 stuck', 'the same line in 4 of 4')
        assert shown.count('GET /@@wait') >= 8
        assert terminal.cells.colours
        terminal.press('\r')
        opened = terminal.shows('worked', 'user -', 'fixture_zope/__init__.py')
        assert 'waiting for' in opened
        terminal.press('\x1b')
        terminal.shows('1 stuck', 'REQUEST')
        # It stands still, with the time on it.
        terminal.press('f')
        frozen = terminal.shows('FROZEN')
    assert terminal.look() == frozen
    terminal.press('f')
    assert 'FROZEN' not in terminal.shows('1 instance: 1 ok')
    terminal.press('h')
    terminal.shows('open the stack')
    terminal.press('hq')
    assert terminal.end() == 0
    assert not terminal.cells.alternate
    assert terminal.is_as_before()
    assert terminal.cells.unknown == []


def test_a_terminal_of_another_size(terminal):
    for width, height in (40, 10), (132, 50), (80, 2), (80, 1), (1, 1), (80, 24):
        terminal.resize(width, height)
        if (width, height) > (1, 1):
            terminal.shows(':')
    terminal.shows('1 instance: 1 ok', 'q quit')


@pytest.mark.parametrize('end, code', [
    (lambda terminal: terminal.press('\x03'), 130),
    (lambda terminal: terminal.signal(signal.SIGTERM), 143)])
def test_the_terminal_is_as_before(terminal, end, code):
    end(terminal)
    assert terminal.end() == code
    assert not terminal.cells.alternate
    assert terminal.is_as_before()
    assert b'Traceback' not in terminal.written


@pytest.mark.parametrize('handler, code', [
    (signal.SIG_DFL, -signal.SIGHUP), (signal.SIG_IGN, 0)])
def test_it_ends_with_its_terminal(site, handler, code):
    with Terminal(COMMAND + [url(site)], at_hang_up=handler) as terminal:
        terminal.shows('1 instance: 1 ok')
        assert terminal.hang_up() == code


def test_a_locale_that_this_machine_does_not_have(site):
    with Terminal(COMMAND + [url(site)],
                  environ={'LC_ALL': 'xx_YY.UTF-8'}) as terminal:
        terminal.shows('1 instance: 1 ok', 'q quit')
        terminal.press('q')
        assert terminal.end() == 0


def test_a_terminal_that_this_machine_does_not_know(site):
    with Terminal(COMMAND + [url(site)],
                  environ={'TERM': 'xterm-nosuch'}) as terminal:
        awaited(lambda: terminal.look() and
                b'1 instance: 1 ok' in terminal.written)
        assert b'does not know the terminal "xterm-nosuch"' in terminal.written
        assert b'Traceback' not in terminal.written
        terminal.press('\x03')
        assert terminal.end() == 130


def test_without_colours(site):
    with sleeping_workers(site, queued=1), Terminal(
            COMMAND + [url(site)], environ={'NO_COLOR': '1'}) as terminal:
        terminal.shows('1 stuck')
        assert not terminal.cells.colours
