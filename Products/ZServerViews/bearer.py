"""The secret word that a client may present: ``Authorization: Bearer ...``.

It is read once, when the configuration is, and appears in no message.
"""
from __future__ import absolute_import, division, print_function

import hmac
import os
import re
import stat

# In characters. Shorter ones could be guessed, longer ones fill a head.
SHORTEST = 16
LONGEST = 512

# What a client can send as it is: RFC 6750, section 2.1.
_WORD = re.compile(br'[A-Za-z0-9._~+/-]+=*\Z')


class Token(object):
    """The word in the file ``path``."""

    def __init__(self, path, word):
        self.path = path
        self._word = word

    def matches(self, word):
        """Whether these bytes are the word; the time does not tell how much
        of them was right."""
        return hmac.compare_digest(self._word, word)

    def __repr__(self):
        return '<Token from %s>' % self.path

    def __eq__(self, other):
        return isinstance(other, Token) and self.path == other.path

    def __ne__(self, other):  # PY2
        return not self == other  # PY2

    __hash__ = None


def token_file(text):
    """The absolute path of a file -> the `Token` in it.

    Raises ValueError if it cannot be read, if others than its owner may use
    it, or if what it holds is no token.
    """
    path = str(os.path.expanduser(text.strip()))
    if not os.path.isabs(path):
        raise ValueError('%r must be an absolute path: it depends on how the '
                         'server is started otherwise' % path)
    return Token(path, _checked(path, _read(path)))


def _read(path):
    try:
        # Other than a file, a pipe would have us wait for a writer.
        handle = os.open(path, os.O_RDONLY | getattr(os, 'O_NONBLOCK', 0))
    except OSError as error:
        raise ValueError('the file %r cannot be read: %s'
                         % (path, error.strerror))
    try:
        # Of the file that is open: its name may mean another one by now.
        _check_mode(path, os.fstat(handle).st_mode)
        return os.read(handle, LONGEST + 100)
    finally:
        os.close(handle)


def _check_mode(path, mode):
    if not stat.S_ISREG(mode):
        raise ValueError('%r is no file' % path)
    if stat.S_IMODE(mode) & 0o077:
        raise ValueError('others than its owner may use the file %r, whose '
                         'mode is %04o: run "chmod 600 %s" and make a new '
                         'token, for they may have read this one'
                         % (path, stat.S_IMODE(mode), path))


def _checked(path, content):
    word = content.strip()
    if not SHORTEST <= len(word) <= LONGEST:
        raise ValueError('the token in %r must have %d to %d characters'
                         % (path, SHORTEST, LONGEST))
    if not _WORD.match(word):
        raise ValueError('the file %r must have one line with one word, of '
                         'letters, digits and -._~+/ alone' % path)
    return word
