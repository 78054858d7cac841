"""What a user has set for other work decides nothing; the newest Pythons."""
from __future__ import absolute_import, division, print_function

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.checkout import copy_checkout
from tests.hostile import NOWHERE, VARIABLES, hostile_environ
from tools import clean_environ, forky, interpreters, pip_settings
from tools.places import CHECKOUT
from tools.words import Complaint

pytestmark = pytest.mark.tools

INDEX = 'https://index.example.com/simple'
OTHER = 'https://other.example.com/simple'


def config_of(tmp_path, text, **variables):
    """What pip is told where its one file and the variables say this."""
    path = tmp_path / 'pip.conf'
    path.write_text(text)
    return pip_settings.network_settings(
        dict(variables, PIP_CONFIG_FILE=str(path), XDG_CONFIG_DIRS=NOWHERE))


@pytest.fixture(autouse=True)
def no_file_of_this_machine(monkeypatch):
    monkeypatch.setattr(
        pip_settings, 'of_the_machine',
        lambda environ: [environ.get('XDG_CONFIG_DIRS', NOWHERE)])


def test_the_network_counts(tmp_path):
    assert config_of(tmp_path, (
        '[global]\n'
        'index-url = {0}\n'
        'extra_index_url =\n    {1}\n    file:///srv/simple\n'
        'cert = ~/ca.pem\n'
        'default-timeout = 90\n'
        'retries =\n').format(INDEX, OTHER), HOME='/home/me') == {
            'PIP_INDEX_URL': INDEX,
            'PIP_EXTRA_INDEX_URL': OTHER + ' file:///srv/simple',
            'PIP_CERT': '/home/me/ca.pem',
            'PIP_TIMEOUT': '90'}


@pytest.mark.parametrize('name', [
    'constraint', 'requirement', 'build-constraint', 'no-binary',
    'only-binary', 'target', 'prefix', 'root', 'user', 'require-hashes',
    'require-virtualenv', 'no-deps', 'pre', 'no-build-isolation',
    'break-system-packages', 'uploaded-prior-to', 'python-version'])
def test_all_else_does_not(tmp_path, name):
    variable = 'PIP_' + name.upper().replace('-', '_')
    text = '[global]\n{0} = x\n[install]\n{0} = x\n'.format(name)
    assert config_of(tmp_path, text, **{variable: 'x'}) == {}
    assert not clean_environ.is_passed(variable)


def test_install_overrides_global_and_a_variable_both(tmp_path):
    text = ('[install]\nproxy = install\nindex-url = install\n'
            '[global]\nproxy = global\nindex-url = global\ntimeout = 1\n')
    assert config_of(tmp_path, text, PIP_PROXY='variable',
                     PIP_DEFAULT_TIMEOUT='2') == {
        'PIP_PROXY': 'variable', 'PIP_INDEX_URL': 'install',
        'PIP_TIMEOUT': '2'}


@pytest.mark.parametrize('text', [
    'no section = 1\n', '[global]\nproxy = a\n[global]\n', '[global\n'])
def test_a_broken_file_has_no_settings(tmp_path, text):
    assert config_of(tmp_path, text) == {}


def test_the_files_of_pip(tmp_path):
    environ = {'HOME': '/h', 'XDG_CONFIG_DIRS': '/etc/xdg'}
    user = pip_settings.of_the_user(environ)
    assert '/h/.pip' in user and '/h/.config/pip' in user
    of_user = [os.path.join(folder, 'pip.conf') for folder in user]
    files = pip_settings.files(environ)
    assert [path for path in files if path in of_user] == of_user
    # A file that a variable names stands in for those of the user.
    named = tmp_path / 'own.conf'
    named.write_text('')
    files = pip_settings.files(dict(environ, PIP_CONFIG_FILE=str(named)))
    assert files[-1] == str(named)
    assert not set(files) & set(of_user)
    assert pip_settings.files(
        dict(environ, PIP_CONFIG_FILE=os.devnull)) == []


def test_no_hostile_variable_is_passed(tmp_path):
    environ = hostile_environ(str(tmp_path))
    environ['HTTPS_PROXY'] = 'http://proxy.example.com'
    cleaned = clean_environ.cleaned(environ)
    assert not set(cleaned) & set(VARIABLES)
    assert NOWHERE not in cleaned.values()
    assert cleaned['PATH'] == environ['PATH']
    assert cleaned['HTTPS_PROXY'] == 'http://proxy.example.com'
    assert cleaned['PIP_CONFIG_FILE'] == os.devnull


def test_cleaned_twice_is_cleaned_once(tmp_path):
    """The tests of `make demo` run it within `make test`."""
    once = clean_environ.cleaned(hostile_environ(str(tmp_path)))
    assert clean_environ.cleaned(once) == once


def test_the_home_has_links_but_no_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path / 'real'))
    monkeypatch.setattr(clean_environ, 'HOME', str(tmp_path / 'made'))
    (tmp_path / 'real' / '.pyenv').mkdir(parents=True)
    (tmp_path / 'real' / '.npmrc').write_text('')
    for _ in range(2):
        environ = clean_environ.clean_environ(PYTHONPATH='/own')
        assert environ['HOME'] == str(tmp_path / 'made')
        assert environ['PYTHONPATH'] == '/own'
        assert os.listdir(environ['HOME']) == ['.pyenv']
        assert (os.path.realpath(tmp_path / 'made' / '.pyenv')
                == str(tmp_path / 'real' / '.pyenv'))
        # Also where that home is the user's, as within `make test`.
        monkeypatch.setenv('HOME', environ['HOME'])


FIND = 'from tools import interpreters; print(interpreters.find("2.7"))'
PYENV = """\
#!/bin/sh
case $1 in
    versions) cd "$HOME/.pyenv/versions" && echo * ;;
    prefix) echo "$HOME/.pyenv/versions/$2" ;;
esac
"""
# What an interpreter prints that is asked for its version and its path.
PYTHON = '#!/bin/sh\necho "2.7 $0"\n'


def test_a_hostile_user_has_the_same_pythons(tmp_path, monkeypatch):
    """Also where only the real home tells of them, as within tox."""
    home = tmp_path / 'real'
    python = home / '.pyenv' / 'versions' / '2.7.18' / 'bin' / 'python'
    for path, text in ((python, PYTHON), (tmp_path / 'bin' / 'pyenv', PYENV)):
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.chmod(0o755)
    monkeypatch.setenv('HOME', str(home))
    monkeypatch.setenv('PATH', str(tmp_path / 'bin'))
    for name in ('PYENV_ROOT', 'PYTHON27'):
        monkeypatch.delenv(name, raising=False)
    found = subprocess.run(
        [sys.executable, '-E', '-c',
         'import sys; sys.path.insert(0, "")\n' + FIND],
        cwd=copy_checkout(tmp_path),
        env=hostile_environ(str(tmp_path / 'home')),
        stdout=subprocess.PIPE, universal_newlines=True).stdout.strip()
    assert os.path.realpath(found) == str(python)


MAKE = """\
from tools.environment import Environment
made = Environment({0!r}, ['zope.event==5.0'], {1!r})
made.make()
print(made.version('zope.event'), made.wheel({2!r}))
"""


def test_an_environment_is_made_for_a_hostile_user(tmp_path):
    """`make` starts Python with -E, so it can start at all."""
    program = MAKE.format(*[str(tmp_path / name)
                            for name in ('env', 'log', 'wheel')])
    printed = subprocess.run(
        [sys.executable, '-E', '-c', 'import sys; sys.path.insert(0, "")\n'
         + program], cwd=copy_checkout(tmp_path),
        env=hostile_environ(str(tmp_path / 'home')),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True)
    assert printed.returncode == 0, printed.stdout
    version, wheel = printed.stdout.splitlines()[-1].split()
    assert version == '5.0'
    assert os.path.exists(wheel)


def test_the_mirror_is_that_of_the_own_release(monkeypatch):
    def output(command):
        return 'trixie\n' if command[0] == 'sh' else (
            'trixie-security http://a.example.com/debian-security/\n'
            'trixie http://b.example.com/debian/\n'
            'trixie-updates http://b.example.com/debian/\n')

    monkeypatch.setattr(forky, 'output', output)
    assert forky.mirror() == 'http://b.example.com/debian/'
    assert 'http://b.example.com/debian/' in forky.debootstrap()
    monkeypatch.setattr(forky, 'output', lambda command: command[0])
    with pytest.raises(Complaint):
        forky.mirror()


def test_proxies_of_apt(monkeypatch):
    monkeypatch.setattr(forky, 'output', lambda command: (
        'APT=\nAcquire::http::Proxy=http://proxy.example.com:3142\n'
        'Acquire::https::Proxy=\n'))
    assert forky.proxies() == {'http_proxy': 'http://proxy.example.com:3142'}


def test_what_an_index_has_here_is_there_too(tmp_path):
    for name in ('index/simple', 'wheels', 'ca'):
        (tmp_path / name).mkdir(parents=True)
    here = str(tmp_path)
    shared = forky.shared_paths({
        'PIP_EXTRA_INDEX_URL': 'file://{0}/index/simple/ {1}'.format(
            here, INDEX),
        'PIP_FIND_LINKS': '{0}/wheels {0}/missing relative'.format(here),
        'PIP_CONFIG_FILE': os.devnull,
        'SSL_CERT_DIR': here + '/ca',
        'SSL_CERT_FILE': here + '/ca/own.pem',
        'REQUESTS_CA_BUNDLE': '/'})
    assert set(shared) - set(forky.SHARED) == {
        here + '/index', here + '/wheels', here + '/ca'}


def test_nothing_of_this_machine_decides_there(monkeypatch, tmp_path):
    for name, value in hostile_environ(str(tmp_path / 'real')).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(clean_environ, 'HOME', str(tmp_path / 'made'))
    environ = forky.inner_environ()
    assert NOWHERE not in environ.values()
    assert environ['HOME'] == '/root'


@pytest.fixture
def matrix():
    # Not above: it refuses the Python 2.7 that only reads this file.
    from tools import test_all
    return test_all


@pytest.mark.parametrize('there, missing', [
    ([], 'Python 3.14'), (['3.14'], '')])
def test_who_lacks_a_python(monkeypatch, matrix, there, missing):
    """It is outside or in forky, or the environment is not run."""
    monkeypatch.setattr(interpreters, 'find', lambda version: None)
    monkeypatch.setattr(forky, 'has', lambda version: version in there)
    assert matrix.lack('py314-zope6') == missing
    monkeypatch.setattr(interpreters, 'find', lambda version: '/bin/python')
    assert matrix.lack('py314-zope6') == ''


def test_who_lacks_a_library(monkeypatch, matrix, tmp_path):
    monkeypatch.setattr(interpreters, 'find', lambda version: '/bin/python')
    header = tmp_path / 'ev.h'
    monkeypatch.setattr(matrix, 'HEADERS', {
        'servers': ('libev', [str(header), '/nonexistent'])})
    assert matrix.lack('servers') == 'libev'
    header.write_text('')
    assert matrix.lack('servers') == ''
    assert matrix.lack('docs') == ''


def test_who_lacks_a_further_python(monkeypatch, matrix):
    monkeypatch.setattr(forky, 'has', lambda version: False)
    monkeypatch.setattr(interpreters, 'find',
                        lambda version: '' if version == '2.7' else '/python')
    assert matrix.lack('soak') == 'Python 2.7'
    monkeypatch.setattr(interpreters, 'find', lambda version: '/python')
    assert matrix.lack('soak') == ''


class Running:

    def __init__(self, name):
        self.name = name


def test_nobody_waits_until_the_soak_has_ended(matrix):
    runs = matrix.Matrix('wheel', 2)
    runs.running += [Running('soak'), Running('docs')]
    assert runs.has_room_for('lint')
    runs.running.append(Running('demo'))
    assert not runs.has_room_for('lint')
    assert runs.has_room_for('soak')
    # It is the first, for it takes the longest.
    assert matrix.environments()[0] == 'soak'
    assert matrix.environments()[-1] == matrix.LAST


CASES = """
import os, pytest

def test_passes(): pass

@pytest.mark.parametrize('what', ['a', 'b::c', '\\n'])
def test_fails_once(what):
    assert os.path.exists(os.path.join(os.path.dirname(__file__), 'now'))

@pytest.fixture
def broken(): assert False

def test_never(broken): pass
"""


@pytest.fixture
def runs(matrix, monkeypatch, tmp_path):
    """A Matrix whose environments all have CASES for their tests."""
    from tools import runs
    monkeypatch.setattr(matrix, 'FEW', 3)
    monkeypatch.setattr(runs, 'RESULTS', str(tmp_path))
    monkeypatch.setattr(runs, 'LOGS', str(tmp_path))
    (tmp_path / 'test_cases.py').write_text(CASES)
    shutil.copy(os.path.join(CHECKOUT, 'tests', 'conftest.py'), str(tmp_path))

    class Runs(matrix.Matrix):
        def start(self, name, first=None):
            self.running.append(runs.Run(name, [
                sys.executable, '-m', 'pytest', '-p', 'no:cacheprovider',
                '--failed-cases=%s' % (tmp_path / (name + '.failed')),
                '--junit-xml=%s' % (tmp_path / (name + '.xml')),
                '--rootdir', str(tmp_path), str(tmp_path)
            ] + EXTRA[name], dict(os.environ), first))

    return Runs('wheel', 1)


EXTRA = {'all': [], 'no coincidence': ['-k', 'passes or never'],
         'coincidence': ['-k', 'passes or fails']}


@pytest.mark.parametrize('name, passed, failed, tried', [
    ('coincidence', 4, 0, True), ('no coincidence', 1, 1, True),
    # So many are none.
    ('all', 1, 4, False)])
def test_who_fails_is_tried_again(runs, tmp_path, name, passed, failed, tried):
    runs.start(name)
    while runs.running:
        run = runs.running.pop()
        run.process.wait()
        (tmp_path / 'now').write_text('')
        runs.add(run)
    assert (runs.passed, runs.failed) == (passed, failed)
    assert runs.again == ([] if failed else [
        '%s: test_cases.py::test_fails_once[%s]' % (name, case)
        for case in ['a', 'b::c', '\\n']])
    assert (tmp_path / (name + '.again.log')).exists() == tried


def test_each_environment_says_which_python_it_needs(matrix):
    wanted = dict((name, matrix.versions(name))
                  for name in matrix.environments())
    assert wanted['py315-zope6'] == ['3.15']
    assert wanted['python27-zope2'] == ['2.7']
    assert wanted['docs'] == []


@pytest.fixture
def made_forky():
    if not os.path.exists(forky.STAMP) or not forky.is_possible():
        pytest.skip('there is no build/forky, or no right to use it')


@pytest.mark.parametrize('version', forky.VERSIONS)
def test_a_command_there_has_the_checkout(made_forky, version):
    program = ('import os, sys, json; print(json.dumps(['
               '"%d.%d" % sys.version_info[:2], os.getcwd(), os.getpid(), '
               'os.path.exists("tools/forky.py")]))')
    process = subprocess.Popen(
        forky.inside(['python' + version, '-c', program]), cwd=CHECKOUT,
        stdout=subprocess.PIPE, universal_newlines=True)
    printed = process.communicate()[0]
    assert process.returncode == 0
    # The same process: a signal to it is for the command.
    assert json.loads(printed) == [version, CHECKOUT, process.pid, True]
    with open('/proc/mounts') as mounts:
        assert forky.FOLDER not in mounts.read()
