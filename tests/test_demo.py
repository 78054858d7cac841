"""`make demo` in a copy of the checkout, as a stranger would run it."""
from __future__ import absolute_import, division, print_function

import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from demo import other_servers
from demo.instance import WaitressInstance
from demo.kinds import KINDS
from demo.looks import cut
from tests.checkout import copy_checkout, free_port, is_listening, wait_for
from tests.hostile import hostile_environ
from tools.interpreters import find_python27
from tools.programs import LIBEV
from tools.environment import Environment
from tools.words import Complaint

pytestmark = pytest.mark.demo

# The first run downloads Zope.
PATIENCE = 1500
ROW = re.compile(r'^   GET (\S+) +(200|404|-) +\d+\.\d ms   (.+)$', re.M)
# On a server that has a listener, with the port in front of the path.
ROW_OF_TWO = re.compile(
    r'^   GET :(\d+) +(\S+) +(200|404|-) +\d+\.\d ms   (.+)$', re.M)
OTHERS = sorted(kind for kind in KINDS if KINDS[kind].has_listener)
MAKING = 'Making an environment'


class Demo(object):
    """The copy, and the ways to run `make demo` in it.

    What its user has set for other work forbids all that can be forbidden.
    """

    def __init__(self, folder):
        self.checkout = copy_checkout(folder)
        self.environ = hostile_environ(os.path.join(str(folder), 'home'))
        self.log = os.path.join(str(folder), 'log')

    def path(self, *names):
        return os.path.join(self.checkout, *names)

    def start(self, **variables):
        words = ['{0}={1}'.format(*item) for item in variables.items()]
        with open(self.log, 'w') as log:
            return subprocess.Popen(
                ['make', 'demo', 'PYTHON=' + sys.executable] + words,
                cwd=self.checkout, env=self.environ, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True)

    def run(self, **variables):
        """The exit code and all that was printed."""
        process = self.start(**variables)
        try:
            status = process.wait(PATIENCE)
        finally:
            end_group(process)
        with open(self.log) as log:
            return status, log.read()


def end_group(process):
    """Nothing is left to end unless the test failed."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def test_a_text_is_cut():
    text = 'one\n' + '2' * 90 + '\n\na\nb\nc\nd\ne\n\nx\n\ny\nz\n'
    assert cut(text, 2, 1) == (
        'one\n' + '2' * 80 + '\n\na\nb\n    ...\ne\n\nx\n\n(2 more lines)')


@pytest.mark.parametrize('text', ['one\n\na\nb\nc\nd\n', 'one\n'])
def test_a_text_that_fits_is_not_cut(text):
    assert cut(text, 2, 1) == text.rstrip('\n')


@pytest.fixture(scope='module')
def demo(tmp_path_factory):
    return Demo(tmp_path_factory.mktemp('demo'))


def leave_out_without_python27():
    """Only where nobody has asked for all of the matrix."""
    try:
        find_python27()
    except Complaint as reason:
        if not os.environ.get('STRICT'):
            pytest.skip(str(reason))


@pytest.fixture(scope='module', params=['waitress', 'zserver'])
def show(request, demo):
    """The server, port, exit code and words of one complete show."""
    if request.param == 'zserver':
        leave_out_without_python27()
    port = free_port()
    status, words = demo.run(PORT=port, ONCE=1, SERVER=request.param)
    return request.param, port, status, words


def test_the_view_answers_and_the_page_does_not(show):
    server, port, status, words = show
    rows = [(path, answer) for path, answer, _ in ROW.findall(words)]
    assert rows == [
        ('/', '200'), ('/thr-id', '200'),
        ('/thr-id', '200'), ('/', '-'), ('/thr-id', '200'),
        ('/', '200'), ('/thr-id', '200')], words
    assert 'no answer: timed out' in words
    assert 'As promised' in words
    assert status == 0


def test_it_tells_the_addresses(show):
    server, port, status, words = show
    assert 'http://127.0.0.1:{0}/\n'.format(port) in words
    assert 'http://127.0.0.1:{0}/thr-id\n'.format(port) in words
    assert 'http://127.0.0.1:{0}/-/\n'.format(port) in words


def test_the_suite_tells_of_the_sleepers(show):
    server, port, status, words = show
    looks = words.split('\n$ curl http://127.0.0.1:{0}'.format(port))[1:]
    assert [look.split('\n')[0] for look in looks] == [
        '/-/workers', '/-/requests', '/-/threads']
    workers, requests, threads = looks
    assert re.search(r'^  busy +4$', workers, re.M)
    assert requests.count('\n    GET /@@sleep\n') == 4
    assert requests.endswith('\n    GET /\n')  # it waits
    assert threads.count(': GET /@@sleep\n') == 4
    assert '4 threads, worker, sleeping' in threads
    assert re.search(r'/sleeper\.py:\d+ __call__$', threads, re.M)


def test_the_view_ran_in_one_thread_only(show):
    server, port, status, words = show
    threads = set(text for path, _, text in ROW.findall(words)
                  if path == '/thr-id')
    assert len(threads) == 1
    assert threads.pop().isdigit()


def test_it_fits_into_80_columns(show):
    server, port, status, words = show
    assert max(map(len, words.splitlines())) <= 80


def test_nothing_is_left_running(show):
    assert not is_listening(show[1])


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_it_stays_up_until_a_signal(demo, show, number):
    port = free_port()
    process = demo.start(PORT=port, SERVER=show[0])
    try:
        words = wait_for(process, demo.log, 'Up until Ctrl-C', PATIENCE)
        assert MAKING not in words  # the environment was there already
        assert is_listening(port)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does on Ctrl-C
        else:
            process.send_signal(number)
        process.wait(30)
    finally:
        end_group(process)
    with open(demo.log) as log:
        words = log.read()
    assert '\nStopped.\n' in words
    assert 'Traceback' not in words
    assert not is_listening(port)


def test_a_page_that_answers_is_no_success(demo, show):
    """Without its section the product has no view: then the show fails."""
    section = demo.path('demo', 'instance_files', 'product-config.conf')
    with open(section) as original:
        text = original.read()
    with open(section, 'w') as emptied:
        emptied.write('')
    try:
        status, words = demo.run(PORT=free_port(), ONCE=1, SERVER=show[0])
    finally:
        with open(section, 'w') as restored:
            restored.write(text)
    assert status != 0
    assert ('/thr-id', '404') in [row[:2] for row in ROW.findall(words)]
    # One for each look: Zope says 404, or nothing while its workers sleep.
    assert words.count('Answered with: ') == 3
    assert 'Answered with: 200' not in words
    assert 'NOT as promised' in words


@pytest.mark.parametrize('server', OTHERS)
def test_a_server_without_a_hook(demo, server):
    """One complete show of each."""
    if (server == 'bjoern' and not os.environ.get('STRICT')
            and not any(map(os.path.exists, LIBEV))):
        pytest.skip('bjoern needs libev')
    port = free_port()
    status, words = demo.run(PORT=port, ONCE=1, SERVER=server)
    assert status == 0, words
    rows = ROW_OF_TWO.findall(words)
    listener = str(port + 1)
    assert len(rows) == 10
    assert [answer for where, _path, answer, _text in rows
            if where == listener] == ['200'] * 4
    # All views have one thread, whatever the port.
    assert len(set(text for _port, path, answer, text in rows
                   if path == '/thr-id' and answer == '200')) == 1
    asleep = rows[4]
    assert asleep[:2] == (str(port), '/')
    assert (asleep[2] == '200') == (server == 'werkzeug')
    assert (rows[5][2] == '200') == KINDS[server].answers_asleep
    looks = words.split('\n$ curl http://127.0.0.1:' + listener)[1:]
    assert [look.split('\n')[0] for look in looks] == [
        '/-/workers', '/-/requests', '/-/threads']
    assert looks[1].count('\n    GET /@@sleep\n') == KINDS[server].workers
    assert re.search(r'/sleeper\.py:\d+ __call__$', looks[2], re.M)
    assert 'As promised' in words
    assert max(map(len, words.splitlines())) <= 80
    assert not is_listening(port) and not is_listening(port + 1)


def test_the_servers_are_those_of_tox():
    names = [name for kind in OTHERS for name
             in KINDS[kind].distributions[1:] + KINDS[kind].further]
    pins = other_servers.pinned(names)
    assert [pin.partition('==')[0] for pin in pins] == names
    assert all(pin.count('==') == 1 for pin in pins)


@pytest.mark.parametrize('server, headers, words', [
    ('bjoern', '/nonexistent', 'libev-dev'), ('bjoern', '/', 'gcc'),
    ('uwsgi', '/', 'gcc')])
def test_what_cannot_be_compiled(monkeypatch, server, headers, words):
    """The message has the remedy."""
    def fail(self, *arguments):
        raise Complaint('pip install failed')

    monkeypatch.setattr(Environment, 'pip', fail)
    monkeypatch.setattr(other_servers, 'LIBEV', [headers])
    environment = Environment('/nonexistent', WaitressInstance.requirements,
                              '/nonexistent')
    with pytest.raises(Complaint) as caught:
        KINDS[server](environment, '/nonexistent', 8080).install()
    assert words in str(caught.value)
    assert ('pip install failed' in str(caught.value)) == (words == 'gcc')


def test_a_taken_port_of_the_listener(demo):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', free_port()))
        taken.listen(1)
        port = taken.getsockname()[1]
        status, words = demo.run(PORT=port - 1, ONCE=1, SERVER='gunicorn')
    assert status != 0
    assert words.startswith('Port {0} of 127.0.0.1 cannot'.format(port))
    assert 'PORT=' in words


def test_a_taken_port(demo):
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        status, words = demo.run(PORT=port, ONCE=1)
    complaint = [line for line in words.splitlines() if str(port) in line]
    assert status != 0
    assert len(complaint) == 1 and 'PORT=' in complaint[0]
    assert 'Traceback' not in words


@pytest.mark.parametrize('variables', [
    {'PORT': 'http'}, {'PORT': '0'}, {'PORT': '65536'}, {'SERVER': 'other'}])
def test_a_wrong_variable(demo, variables):
    (name, value), = variables.items()
    status, words = demo.run(ONCE=1, **variables)
    assert status != 0
    assert words.startswith('{0}={1} is not '.format(name, value))
    assert 'Traceback' not in words


def test_zserver_without_a_python27(demo):
    status, words = demo.run(PORT=free_port(), ONCE=1, SERVER='zserver',
                             PYTHON27='/nowhere')
    assert status != 0
    assert words.startswith('Python 2.7 was not found. Install it ')
    assert 'Traceback' not in words


@pytest.mark.parametrize('module', ['demo', 'tools.test_all'])
def test_an_old_python(demo, module):
    """Told before anything is imported that it could not read."""
    program = ('import runpy, sys; sys.version_info = (3, 9, 1); '
               'runpy.run_module({0!r}, run_name="__main__")'.format(module))
    process = subprocess.run(
        [sys.executable, '-c', program], cwd=demo.checkout,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True)
    assert process.returncode != 0
    assert process.stdout.startswith('This needs Python 3.10 or newer, ')
    assert '3.9.1' in process.stdout
    assert process.stdout.count('\n') == 1
