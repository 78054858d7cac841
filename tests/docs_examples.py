"""The examples of README.rst and docs, found and made ready to be executed.

A block is what stands below ``.. code-block:: LANGUAGE``:

===========  =================================================================
python       goes, with all others, into one module ``mysite.views``; one that
             calls update_configuration is executed by itself
apacheconf   a part of zope.conf, loaded with the schema of Zope, and mounted
console      ``$ curl`` is sent to a waitress that serves the views of the
             block of zope.conf before it; its answer must be as shown
ini          settings of waitress, of logging and of buildout
text         what the product says: mistakes, log lines
===========  =================================================================

Needs Python 3: answers and messages are shown as they are there.
"""
from __future__ import absolute_import, division, print_function

import glob
import io
import os
import re
import shlex
import socket
import textwrap

import waitress.server
from waitress import wasyncore
from Zope2.Startup.options import ZopeWSGIOptions

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGES = [os.path.join(ROOT, 'README.rst')] + sorted(
    glob.glob(os.path.join(ROOT, 'docs', '*.rst')))

# The file that the examples name.
TOKEN = '/etc/zope/views-token'

_BLOCK = re.compile(
    r'^(?P<indent> *)\.\. code-block:: (?P<language>\S+)\n'
    r'(?:(?P=indent) +:\S+:.*\n)*'
    r'\n(?P<text>(?:(?:(?P=indent) +.*)?\n)+)', re.MULTILINE)

_ZOPE_CONF = u"""
instancehome %s
<zodb_db main>
    <mappingstorage>
    </mappingstorage>
    mount-point /
</zodb_db>
%s
"""


def read(*names):
    """The text of a file; a path that is not absolute begins at the root."""
    with io.open(os.path.join(ROOT, *names), encoding='utf-8') as text:
        return text.read()


class Block(object):
    """One example; ``following`` is the block behind it on its page."""

    def __init__(self, path, match):
        self.page = os.path.basename(path)
        self.language = match.group('language')
        self.text = textwrap.dedent(match.group('text')).strip('\n') + '\n'
        self.following = None

    def __repr__(self):
        return '%s: %s' % (self.page, self.text.split('\n')[0])

    @property
    def is_call(self):
        return 'update_configuration(' in self.text

    @property
    def is_wrong(self):
        """Whether this configuration is there to show its mistakes."""
        return (self.following is not None
                and self.following.text.startswith('ZConfig.Conf'))


def _blocks():
    found = []
    for path in PAGES:
        on_page = [Block(path, match) for match in _BLOCK.finditer(read(path))]
        for block, following in zip(on_page, on_page[1:]):
            block.following = following
        found += on_page
    return found


ALL = _blocks()


def blocks(language, wanted=lambda block: True):
    return [block for block in ALL
            if block.language == language and wanted(block)]


CONFIGURATIONS = blocks('apacheconf', lambda block: not block.is_wrong)
MISTAKES = blocks('apacheconf', lambda block: block.is_wrong)
REQUESTS = blocks('console', lambda block: 'curl' in block.text)


def configuration_for(request):
    """The last configuration that stands before a block on its page."""
    before = [block for block in ALL[:ALL.index(request)]
              if block in CONFIGURATIONS and block.page == request.page]
    return before[-1]


def load_zope_conf(folder, text):
    """Parts of zope.conf -> what Zope calls its product configuration."""
    for name in ('etc', 'var', 'import'):
        (folder / name).mkdir(exist_ok=True)
    token = folder / 'etc' / 'token'
    token.write_text(u'a-token-of-the-examples\n')
    token.chmod(0o600)
    text = text.replace(TOKEN, str(token))
    path = folder / 'etc' / 'zope.conf'
    path.write_text(_ZOPE_CONF % (folder, text), encoding='utf-8')
    return ZopeWSGIOptions(str(path))().configroot.product_config


def commands_of(block):
    """[(command, the output shown)] of a console."""
    parts = re.split(r'^\$ (.*)\n', block.text, flags=re.MULTILINE)
    assert parts[0] == '', block
    return list(zip(parts[1::2], parts[2::2]))


def comparable(text):
    """Without what differs each time."""
    text = re.sub(r'^Date: .* GMT$', 'Date: D', text, flags=re.MULTILINE)
    text = re.sub(r'process \d+, up for \d+', 'process N, up for N', text)
    text = re.sub(r'\d+\.\d+, "pid"', 'N, "pid"', text)
    text = re.sub(r'(pid"?:?) \d+', r'\1 N', text)
    # A long line of JSON is shown as several.
    text = re.sub(r',\n +"', ', "', text)
    text = re.sub(r'^\d{10,}$', 'N', text, flags=re.MULTILINE)
    return text.rstrip('\n')


def zope(environ, start_response):
    """Stands for the site."""
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'from Zope']


class Server(object):
    """A waitress whose loop runs in the thread of the test, turn by turn."""

    turns = 2000

    def __enter__(self):
        self.map = {}
        self.server = waitress.server.create_server(
            zope, map=self.map, host='127.0.0.1', port=0, threads=1)
        return self

    def __exit__(self, *exc_info):
        self.server.task_dispatcher.shutdown()
        wasyncore.close_all(self.map)

    def ask(self, method, target, body=b''):
        """All bytes that come until the server closes the connection."""
        lines = ['%s %s HTTP/1.1' % (method, target), 'Host: 127.0.0.1',
                 'Content-Length: %d' % len(body), 'Connection: close', '', '']
        client = socket.create_connection(
            ('127.0.0.1', self.server.effective_port))
        try:
            client.sendall('\r\n'.join(lines).encode('ascii') + body)
            client.setblocking(False)
            return self._all_from(client)
        finally:
            client.close()

    def _all_from(self, client):
        received = b''
        for _turn in range(self.turns):
            wasyncore.loop(timeout=0.05, map=self.map, count=1)
            try:
                data = client.recv(65536)
            except BlockingIOError:
                continue
            if not data:
                return received
            received += data
        raise AssertionError('no end of the answer: %r' % received)

    def curl(self, command):
        """What curl prints; it keeps the connection, so that is not shown."""
        words = shlex.split(command)
        with_head = '-i' in words
        body = b''
        if '-d' in words:
            at = words.index('-d')
            body = words[at + 1].encode('ascii')
            del words[at:at + 2]
        url = words.pop()
        assert words in (['curl'], ['curl', '-i']), command
        target = re.match('http://127.0.0.1:8080(/.*)', url).group(1)
        return _printed(self.ask('POST' if body else 'GET', target, body),
                        with_head)


def _printed(answer, with_head):
    head, body = answer.split(b'\r\n\r\n', 1)
    if b'Transfer-Encoding: chunked' in head:
        body = _unchunked(body)
    text = body.decode('utf-8')
    lines = head.decode('latin-1').split('\r\n')
    lines.remove('Connection: close')
    return '\n'.join(lines + ['', text]) if with_head else text


def _unchunked(body):
    text = b''
    while True:
        line, body = body.split(b'\r\n', 1)
        size = int(line, 16)
        if size == 0:
            return text
        text += body[:size]
        body = body[size + 2:]
