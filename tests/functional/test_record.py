"""The recorder's files, over a real site: what is left when it was killed."""
from __future__ import absolute_import, division, print_function

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.functional.harness import StartFailed
from tests.functional.test_monitor import SECTION
from tests.functional.test_overload import sleeping_workers
from tests.waiting import awaited

SETTINGS = SECTION.replace(
    '</product-config>', '    disk /d fixture_disk.suite\n</product-config>') + """
%%import Products.ZServerViews
<zserver-views record>
    record %s
    record-size 1MiB
</zserver-views>
"""


BAD = '\n%import Products.ZServerViews\n<zserver-views record>\n'


@pytest.fixture
def folder(tmpdir):
    return tmpdir.mkdir('record')


@pytest.fixture
def site(make_instance, folder):
    return make_instance(SETTINGS % folder).start()


def command(*words):
    """(exit code, output, what it told) of zserverviews record."""
    child = subprocess.Popen(
        [sys.executable, '-m', 'Products.ZServerViews.cli', 'record']
        + [str(word) for word in words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output, told = child.communicate()
    return child.returncode, output.decode('utf-8'), told.decode('utf-8')


def history(site, query=''):
    answer = site.get('/-/history?format=json' + query)
    assert answer.code == 200, answer.text
    return json.loads(answer.text)


def data(folder):
    return b''.join(file.read('rb') for file in sorted(folder.listdir()))


def killed(site):
    os.kill(site.pid, signal.SIGKILL)
    awaited(lambda: not site.is_running())


def test_what_was_in_work_when_it_was_killed(site, folder):
    site.get('/v/close_gate')
    connections = [site.connect() for _number in range(50)]
    for connection in connections:
        connection.request('/@@wait')
    awaited(lambda: b'"waiting":46' in data(folder))
    assert ' runs\n' in command(folder)[1]
    killed(site)
    for connection in connections:
        connection.close()
    code, text, told = command(folder)
    assert (code, told) == (0, '')
    table, last_look = text.split('\n\n')
    assert table.splitlines()[1].endswith(' killed')
    assert 'process %d of ' % site._process.pid in last_look
    assert '4 in work, 46 waiting' in last_look
    assert last_look.count('  /@@wait\n') == 4
    assert last_look.count('fixture_zope') == 4


def test_the_memory_of_a_process_that_the_kernel_killed(site, folder):
    connection = site.connect()
    connection.request('/@@grow')
    # The rule that tells of memory sees it once it is read, each ten seconds.
    awaited(lambda: b'"rule":"RSS + 200 MiB"' in data(folder))
    killed(site)
    connection.close()
    text = command(folder)[1]
    assert '  /@@grow\n' in text
    assert re.search(r'MiB more than [0-9. mins]+ before\n', text)
    code, text, _told = command(folder, '--path', '/@@grow')
    assert code == 0
    assert 'RSS + 200 MiB: ' in text
    assert ' GET /@@grow\n' in text and ' __call__\n' in text


class Load(threading.Thread):
    """Asks for a page again and again, until the site is gone."""

    def __init__(self, site):
        threading.Thread.__init__(self)
        self.daemon = True
        self._site = site
        self.answers = 0

    def run(self):
        try:
            while True:
                self._site.get('/@@nap?seconds=0.2')
                self.answers += 1
        except Exception:
            pass  # whatever a connection says of a process that was killed


def last_look(folder):
    """When the last look was that is in the files."""
    times = re.findall(br'"kind":"look"[^\n]*"time":([0-9.]+)|"time":([0-9.]+)'
                       br'[^\n]*"kind":"look"', data(folder))
    return max([0.0] + [float(one or other) for one, other in times])


def test_what_was_looked_at_before_a_kill_under_load_is_there(make_instance, folder):
    site = make_instance((SETTINGS % folder).replace(
        'record-size', 'record-always on\n    record-size')).start()
    clients = [Load(site) for _number in range(6)]
    for client in clients:
        client.start()
    awaited(lambda: all(client.answers > 2 for client in clients))
    moment = time.time()
    awaited(lambda: last_look(folder) >= moment)
    killed(site)
    for client in clients:
        client.join(60)
    code, text, told = command(folder, '--format', 'json')
    assert (code, told) == (0, '')
    assert json.loads(text)['recorded'][1] >= moment
    text = command(folder)[1]
    assert '4 in work' in text and '  /@@nap\n' in text


def test_an_orderly_end_and_the_next_start(site, folder):
    awaited(lambda: data(folder))
    site._ask_to_stop(site.pid)
    awaited(lambda: not site.is_running())
    assert command(folder)[1].splitlines()[1].endswith(' ended')
    site.start()
    awaited(lambda: len(folder.listdir()) == 2)
    assert [line.split()[-1] for line in command(folder)[1].splitlines()[1:]
            ] == ['ended', 'runs']
    assert {file.stat().mode & 0o777 for file in folder.listdir()} == {0o600}


def test_a_start_with_damaged_files(make_instance, folder):
    for number, content in enumerate(['', '\0' * 5000, 'zserverviews record 9\nxyz']):
        folder.join('zsv-20261127T031207Z-1-000%d-000001.record' % number).write(
            content)
    folder.join('zsv_x-20261127T031207Z-1-0000-000001.record').mksymlinkto('/dev/full')
    site = make_instance(SETTINGS % folder).start()
    awaited(lambda: b'"kind":"start"' in data_of(site, folder))
    assert site.get('/v/hello').text == 'hello'


def data_of(site, folder):
    return b''.join(file.read('rb') for file in folder.listdir()
                    if '-%d-' % site.pid in file.basename)


@pytest.mark.parametrize('value, words', [
    ('record {0}/none', 'there is no folder'),
    ('record record', 'must be an absolute path'),
    ('record {0}\n    record-size 64', 'is not a size'),
])
def test_a_start_with_a_bad_setting(make_instance, folder, value, words):
    with pytest.raises(StartFailed) as failure:
        make_instance(BAD + '    %s\n</zserver-views>\n'
                      % value.format(folder)).start()
    assert words in str(failure.value)
    assert folder.listdir() == []


def disk_of(site):
    return history(site)['disk']


def test_a_disk_that_is_full(site, folder):
    awaited(lambda: data(folder))
    with sleeping_workers(site, queued=1):
        site.get('/d/full')
        awaited(lambda: disk_of(site)['error'] == 'File too large')
        assert disk_of(site)['lost'] == awaited(lambda: disk_of(site)['lost'])
        assert site.get('/v/hello').text == 'hello'
        assert command(folder)[1].splitlines()[1].endswith(' runs')
        site.get('/d/room')
        awaited(lambda: disk_of(site)['error'] is None)
    assert site.get('/@@echo').code == 200
    site.wait_for_log('event.log', 'Records are written into .* again; [1-9]')
    assert int(command(folder)[1].splitlines()[1].split()[7])


def test_files_that_are_deleted(site, folder):
    awaited(lambda: data(folder))
    for file in folder.listdir():
        file.remove()
    awaited(lambda: b'"kind":"segment"' in data(folder))
    site.wait_for_log('event.log', 'was deleted, moved or emptied while it was written')
    with sleeping_workers(site):
        awaited(lambda: b'"kind":"look"' in data(folder))


def test_a_disk_that_hangs(site, folder):
    awaited(lambda: data(folder))
    with sleeping_workers(site, queued=1):
        site.get('/d/hang')
        awaited(lambda: disk_of(site)['hanging_seconds'] > 5)
        site.wait_for_log('event.log', 'has not answered for 5 s')
        assert history(site)['disk']['waiting_bytes']
        assert site.get('/v/hello').text == 'hello'
    assert site.get('/@@echo').code == 200
    site.get('/d/answer')
    awaited(lambda: not disk_of(site)['waiting_bytes'])
    assert disk_of(site)['lost'] == {}
