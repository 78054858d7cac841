"""access.token: the file with the token, and what may be wrong with it."""
from __future__ import absolute_import, division, print_function

import os
import shutil
import subprocess
import sys
import tempfile

import pytest

from Products.ZServerViews.access import filesystems
from Products.ZServerViews.access import token as token_module

WORD = b'Right-token_0123456789=='


@pytest.fixture
def path():
    # In a folder that everybody may enter, as pytest's own are not.
    folder = tempfile.mkdtemp(prefix='zsv-')
    os.chmod(folder, 0o755)
    yield os.path.join(folder, 'token')
    shutil.rmtree(folder)


def write(path, content=WORD + b'\n', mode=0o600):
    with open(path, 'wb') as handle:
        handle.write(content)
    os.chmod(path, mode)
    return path


def refusal(text):
    with pytest.raises(ValueError) as refused:
        token_module.token_file(text)
    said = str(refused.value)
    without = said.replace(text, '')
    assert 'ight' not in without and '0123' not in without
    return said


@pytest.mark.parametrize('content', [WORD, WORD + b'\n', WORD + b'\r\n',
                                     b'\n ' + WORD + b' \n\n'])
@pytest.mark.parametrize('mode', [0o600, 0o400, 0o700])
def test_a_token(path, content, mode):
    token = token_module.token_file(u' %s ' % write(path, content, mode))
    assert token.path == path
    assert token.matches(WORD)


@pytest.mark.parametrize('word', [
    b'', WORD[:-1], WORD + b'=', WORD.lower(), WORD.upper(), b' ' + WORD,
    WORD[::-1], WORD + b'\n'])
def test_another_word(path, word):
    assert not token_module.token_file(write(path)).matches(word)


def test_it_tells_nobody(path):
    token = token_module.token_file(write(path))
    assert repr(token) == str(token) == '<Token from %s>' % path


def test_two_sections_may_name_the_same_file(path, tmpdir):
    one = token_module.token_file(write(path))
    assert one == token_module.token_file(path)
    other = token_module.token_file(write(str(tmpdir.join('other'))))
    assert one != other and one != path


@pytest.mark.parametrize('mode', [
    0o640, 0o604, 0o660, 0o644, 0o620, 0o602, 0o610, 0o601, 0o777, 0o4644])
def test_a_file_that_others_may_use(path, mode):
    token = token_module.token_file(write(path, mode=mode))
    assert 'mode is %04o' % mode in token.complaint
    assert 'chmod 600 %s' % path in token.complaint
    assert 'token-file-mode any' in token.complaint
    assert token.matches(WORD)


def test_a_file_of_somebody_else(path, monkeypatch):
    # chmod would fail there, and would take it from who has to read it.
    write(path, mode=0o640)
    monkeypatch.setattr(os, 'geteuid', lambda: 4711)
    said = token_module.token_file(path).complaint
    assert 'belong to user 4711' in said and 'chmod' not in said


@pytest.mark.parametrize('mode, shut', [
    (0o700, True), (0o500, True), (0o710, False), (0o701, False),
    (0o755, False)])
def test_a_folder_that_nobody_else_may_enter(path, mode, shut):
    write(path, mode=0o644)
    os.chmod(os.path.dirname(path), mode)
    assert (token_module.token_file(path).complaint is None) is shut


def test_a_folder_of_somebody_else_shuts_nothing_in(path, monkeypatch):
    write(path, mode=0o644)
    os.chmod(os.path.dirname(path), 0o700)
    os.chown(os.path.dirname(path), 4711, -1)
    assert token_module.token_file(path).complaint


# A mount namespace of its own, with a folder as a container has it.
MOUNTED = """
set -e
mount -t tmpfs -o mode=755 none "$0"
printf Right-token_0123456789== > "$0/token"
chmod "$1" "$0/token"
test -z "$2" || mount -o "$2" "$0"
exec "$3" -c "$4" "$0/token" "$5"
"""

TOLD = """
import sys
sys.path[:0] = %r
from Products.ZServerViews.access import filesystems, token
if sys.argv[2]:
    filesystems.is_own_tmpfs = lambda path: False
print(token.token_file(sys.argv[1]).complaint)
""" % ([str(place) for place in sys.path],)


@pytest.mark.skipif(not sys.platform.startswith('linux'),
                    reason='only Linux has mount namespaces')
@pytest.mark.parametrize('mode', ['0440', '0444'])
@pytest.mark.parametrize('remount, plain, good', [
    ('', '', True), ('', 'plain', False), ('remount,ro', 'plain', True),
    ('remount,bind,ro', 'plain', True)])
def test_secrets_of_containers(path, mode, remount, plain, good):
    assert os.getuid() == 0, 'only root can mount'
    said = subprocess.check_output([
        'unshare', '--mount', 'sh', '-c', MOUNTED, os.path.dirname(path), mode,
        remount, sys.executable, TOLD, plain])
    assert (said.strip() == b'None') is good, said


LINES = [
    '20 1 8:1 / / rw - ext4 /dev/sda1 rw',
    '21 20 0:5 / /tmp rw - tmpfs tmpfs rw',
    '22 20 0:6 / /run rw shared:1 - tmpfs tmpfs rw',
    '23 22 0:7 / /run/secrets/db rw - tmpfs tmpfs rw',
    '24 20 0:8 / /etc/a\\040b rw - ramfs none rw',
    '25 22 0:9 / /run/user/1000 rw - tmpfs tmpfs rw',
    '26 20 0:6 / /over rw - tmpfs tmpfs rw',
    '27 26 8:1 / /over rw - ext4 /dev/sda1 rw',
]


@pytest.mark.parametrize('path, own', [
    ('/etc/token', False), ('/tmp/token', False), ('/tmp/a/token', False),
    ('/run/token', False), ('/run/secrets/db/token', True),
    ('/run/secrets/db', True), ('/run/secrets/dbs/token', False),
    ('/etc/a b/token', True), ('/run/user/1000/token', False),
    ('/over/token', False)])
def test_which_tmpfs_is_a_secrets_own(path, own, monkeypatch):
    monkeypatch.setattr(os.path, 'realpath', lambda path: path)
    assert filesystems.is_own_tmpfs(path, lambda: LINES) is own
    assert not filesystems.is_own_tmpfs(path, lambda: [])


@pytest.mark.parametrize('mode, said', [
    ('any', 'any'), (' Owner ', 'owner'), (u'ANY', 'any')])
def test_the_setting_token_file_mode(mode, said):
    assert token_module.file_mode(mode) == said


def test_other_modes_are_none():
    with pytest.raises(ValueError) as refused:
        token_module.file_mode('0644')
    assert 'neither owner nor any' in str(refused.value)


def test_a_variable_of_the_environment(monkeypatch):
    monkeypatch.setenv('VIEWS_TOKEN', WORD.decode('ascii'))
    token = token_module.token_env(u' VIEWS_TOKEN ')
    assert token.matches(WORD) and token.complaint is None
    assert repr(token) == '<Token from the environment variable VIEWS_TOKEN>'


@pytest.mark.parametrize('name, value, words', [
    ('', None, 'not the name'), ('A=B', None, 'not the name'),
    ('VIEWS_TOKEN', None, 'has no variable VIEWS_TOKEN'),
    ('VIEWS_TOKEN', 'Right', 'must have 16 to 512'),
    ('VIEWS_TOKEN', 'Right token 0123456789', 'must have one line'),
    ('VIEWS_TOKEN', '', 'must have 16 to 512')])
def test_a_variable_that_has_no_token(name, value, words, monkeypatch):
    monkeypatch.delenv('VIEWS_TOKEN', raising=False)
    if value is not None:
        monkeypatch.setenv('VIEWS_TOKEN', value)
    with pytest.raises(ValueError) as refused:
        token_module.token_env(name)
    assert words in str(refused.value)
    assert 'Right' not in str(refused.value)


@pytest.mark.parametrize('number', [5, 13, 21, 24, 40, 116])
@pytest.mark.parametrize('call', ['open', 'fstat', 'read', 'fstatvfs', 'stat'])
def test_whatever_fails_is_a_mistake_in_words(path, call, number, monkeypatch):
    write(path, mode=0o644)

    def fail(*args):
        raise OSError(number, os.strerror(number))

    opened = []
    close = os.close
    monkeypatch.setattr(os, 'close', lambda handle: (
        opened.append(handle), close(handle)))
    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        patched.setattr(filesystems, 'is_own_tmpfs', lambda path: False)
        patched.setattr(os.path, 'realpath', lambda path: path)
        with pytest.raises(ValueError) as refused:
            token_module.token_file(path)
    assert 'cannot be read by user %d: %s' % (
        os.geteuid(), os.strerror(number)) in str(refused.value)
    assert len(opened) == (call != 'open')


@pytest.mark.parametrize('size, good', [
    (0, False), (1, False), (15, False), (16, True), (512, True),
    (513, False), (100000, False)])
def test_the_length(path, size, good):
    write(path, b'a' * size)
    if good:
        assert token_module.token_file(path).matches(b'a' * size)
    else:
        assert 'must have 16 to 512 characters' in refusal(path)


@pytest.mark.parametrize('content', [
    b'Right token 0123456789', WORD + b'\n' + WORD, b'Right-token:0123456789',
    b'Right-\xc3\xbc-0123456789ab', b'\xef\xbb\xbf' + WORD, WORD + b'\x00',
    b'=Right-token-0123456789', b'"Right-token-0123456789"',
    b'Right=token=0123456789'])
def test_what_cannot_be_sent(path, content):
    assert 'one line with one word' in refusal(write(path, content))


def test_where_no_file_can_be_read(path, tmpdir):
    assert 'No such file' in refusal(path)
    assert refusal(path + '\0')
    assert 'is not a regular file' in refusal(str(tmpdir))
    assert 'must be an absolute path' in refusal('token')
    os.mkfifo(path, 0o600)
    assert 'is not a regular file' in refusal(path)


def test_a_path_in_the_home_folder(path, monkeypatch):
    monkeypatch.setenv('HOME', os.path.dirname(path))
    write(path)
    assert token_module.token_file('~/token').path == path
