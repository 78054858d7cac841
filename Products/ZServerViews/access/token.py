"""The secret word that a client may present: ``Authorization: Bearer ...``.

It is read once, when the configuration is, and appears in no message.
"""
from __future__ import absolute_import, division, print_function

import errno
import hmac
import os
import re
import stat

from Products.ZServerViews.access import filesystems

# In characters. Shorter ones could be guessed, longer ones fill a head.
SHORTEST = 16
LONGEST = 512

# What a client can send as it is: RFC 6750, section 2.1.
_NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_]*\Z')
_WORD = re.compile(br'[A-Za-z0-9._~+/-]+=*\Z')

_RECIPE = (': create it, such as with (umask 077; python3 -c "import secrets; '
           'print(secrets.token_urlsafe(32))" > %s)')


class Token(object):
    """A word, and where it comes from.

    ``path``
        That place, in words.
    ``complaint``
        Why users of this host other than its owner could know it, and what to
        do; None if they could not.
    """

    def __init__(self, path, word, complaint=None):
        self.path = path
        self.complaint = complaint
        self._word = word

    def matches(self, word):
        """Whether these bytes are the word; the time does not tell how much
        of them was right."""
        return hmac.compare_digest(self._word, word)

    def header(self):
        """The line of a head by which a client presents it."""
        return 'Authorization: Bearer ' + self._word.decode('ascii')

    def __repr__(self):
        return '<Token from %s>' % self.path

    def __eq__(self, other):
        return isinstance(other, Token) and self.path == other.path

    def __ne__(self, other):  # PY2
        return not self == other  # PY2

    __hash__ = None


def token_file(text):
    """The absolute path of a file -> the `Token` in it.

    Raises ValueError if it cannot be read, or if what it holds is no token.
    """
    path = str(os.path.expanduser(text.strip()))
    if not os.path.isabs(path):
        raise ValueError('%r must be an absolute path: a relative one '
                         'depends on how the server is started' % path)
    try:
        content, complaint = _read(path)
    except (EnvironmentError, TypeError) as error:  # PY2: a path with NUL
        raise ValueError('the file %r cannot be read by user %d: %s%s' % (
            path, os.geteuid(), getattr(error, 'strerror', None) or error,
            _RECIPE % path if getattr(error, 'errno', None) == errno.ENOENT
            else ''))
    return Token(path, _checked('the file %r' % path, content), complaint)


def token_env(text):
    """The name of a variable of the environment -> the `Token` in it.

    Raises ValueError if there is none, or if what it holds is no token.
    """
    name = str(text.strip())
    if not _NAME.match(name):
        raise ValueError('%r is not the name of an environment variable' % name)
    value = os.environ.get(name)
    if value is None:
        raise ValueError('the environment of this process has no variable %s: '
                         'set it where the server is started, or state '
                         'token-file' % name)
    place = 'the environment variable %s' % name
    return Token(place, _checked(place, value if isinstance(value, bytes)
                                 else value.encode('utf-8', 'replace')))


def file_mode(text):
    """``owner`` or ``any``: who may have access to the token's file."""
    if text.strip().lower() not in ('owner', 'any'):
        raise ValueError('%r is neither owner nor any' % str(text))
    return str(text.strip().lower())


def _read(path):
    """(content, complaint)"""
    # Other than a file, a pipe would have us wait for a writer.
    handle = os.open(path, os.O_RDONLY | getattr(os, 'O_NONBLOCK', 0))
    try:
        # Of the file that is open: its name may mean another one by now.
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError('%r is not a regular file' % path)
        complaint = None
        if stat.S_IMODE(found.st_mode) & 0o077 and not (
                filesystems.is_read_only(handle) or filesystems.is_own_tmpfs(path)
                or _is_shut_in(path)):
            complaint = _complaint(path, found)
        return os.read(handle, LONGEST + 100), complaint
    finally:
        os.close(handle)


def _is_shut_in(path):
    """Whether a folder on the way to the file lets nobody else in."""
    folder = os.path.dirname(os.path.realpath(path))
    while True:
        found = os.stat(folder)
        if (not stat.S_IMODE(found.st_mode) & 0o077
                and found.st_uid in (0, os.geteuid())):
            return True
        above = os.path.dirname(folder)
        if above == folder:
            return False
        folder = above


def _complaint(path, found):
    if found.st_uid == os.geteuid():
        remedy = ('run "chmod 600 %s" and create a new token, since others may '
                  'have read this one' % path)
    else:
        remedy = ('have it belong to user %d, with mode 0600, and create a new '
                  'token' % os.geteuid())
    return ('users other than its owner may access the file %r, whose mode is '
            '%04o: %s; or state "token-file-mode any", if all of them may have '
            'the token' % (path, stat.S_IMODE(found.st_mode), remedy))


def _checked(place, content):
    word = content.strip()
    if not SHORTEST <= len(word) <= LONGEST:
        raise ValueError('the token in %s must have %d to %d characters'
                         % (place, SHORTEST, LONGEST))
    if not _WORD.match(word):
        raise ValueError('%s must have one line with one word of only letters, '
                         'digits and -._~+/' % place)
    return word
