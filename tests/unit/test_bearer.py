"""bearer: the file with the token, and what may be wrong with it."""
from __future__ import absolute_import, division, print_function

import os

import pytest

from Products.ZServerViews import bearer

WORD = b'Right-token_0123456789=='


@pytest.fixture
def path(tmpdir):
    return str(tmpdir.join('token'))


def write(path, content=WORD + b'\n', mode=0o600):
    with open(path, 'wb') as handle:
        handle.write(content)
    os.chmod(path, mode)
    return path


def refusal(text):
    with pytest.raises(ValueError) as refused:
        bearer.token_file(text)
    said = str(refused.value)
    without = said.replace(text, '')
    assert 'ight' not in without and '0123' not in without
    return said


@pytest.mark.parametrize('content', [WORD, WORD + b'\n', WORD + b'\r\n',
                                     b'\n ' + WORD + b' \n\n'])
@pytest.mark.parametrize('mode', [0o600, 0o400, 0o700])
def test_a_token(path, content, mode):
    token = bearer.token_file(u' %s ' % write(path, content, mode))
    assert token.path == path
    assert token.matches(WORD)


@pytest.mark.parametrize('word', [
    b'', WORD[:-1], WORD + b'=', WORD.lower(), WORD.upper(), b' ' + WORD,
    WORD[::-1], WORD + b'\n'])
def test_another_word(path, word):
    assert not bearer.token_file(write(path)).matches(word)


def test_it_tells_nobody(path):
    token = bearer.token_file(write(path))
    assert repr(token) == str(token) == '<Token from %s>' % path


def test_two_sections_may_name_the_same_file(path, tmpdir):
    one = bearer.token_file(write(path))
    assert one == bearer.token_file(path)
    other = bearer.token_file(write(str(tmpdir.join('other'))))
    assert one != other and one != path


@pytest.mark.parametrize('mode', [
    0o640, 0o604, 0o660, 0o644, 0o620, 0o602, 0o610, 0o601, 0o777, 0o4644])
def test_a_file_that_others_may_use(path, mode):
    said = refusal(write(path, mode=mode))
    assert 'mode is %04o' % mode in said
    assert 'chmod 600 %s' % path in said


@pytest.mark.parametrize('size, good', [
    (0, False), (1, False), (15, False), (16, True), (512, True),
    (513, False), (100000, False)])
def test_the_length(path, size, good):
    write(path, b'a' * size)
    if good:
        assert bearer.token_file(path).matches(b'a' * size)
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
    assert 'cannot be read: No such file' in refusal(path)
    assert 'is no file' in refusal(str(tmpdir))
    assert 'must be an absolute path' in refusal('token')
    os.mkfifo(path, 0o600)
    assert 'is no file' in refusal(path)


def test_a_path_in_the_home_folder(path, tmpdir, monkeypatch):
    monkeypatch.setenv('HOME', str(tmpdir))
    write(path)
    assert bearer.token_file('~/token').path == path
