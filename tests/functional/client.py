"""A client that shows every byte: HTTP over a plain socket, nothing tidied."""
from __future__ import absolute_import, division, print_function

import socket

TIMEOUT = 30


class Response(object):
    """One answer as it came: status line, headers, body, and how it ended."""

    def __init__(self, version, status, headers, body, ended, size):
        self.version = version
        self.status = status
        self.code = int(status[:3])
        self.headers = headers
        self.body = body
        # 'length', 'chunked', 'none' (no body), or 'close'
        self.ended = ended
        # All its bytes: head, body and framing.
        self.size = size

    def header(self, name):
        """The value of a header that stands at most once; None without it."""
        values = [value for key, value in self.headers
                  if key.lower() == name.lower()]
        assert len(values) < 2, self.headers
        return values[0] if values else None

    @property
    def text(self):
        return self.body.decode('utf-8')


class Connection(object):
    """One connection to a server; answers are read one at a time."""

    def __init__(self, address, timeout=TIMEOUT):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout)
        self._received = 0
        self._buffer = b''

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, target, method='GET', version='1.1', headers=(),
                body=b''):
        """Send one request; Host is added unless the version is 1.0."""
        lines = ['%s %s HTTP/%s' % (method, target, version)]
        if version == '1.1':
            lines.append('Host: localhost')
        if body:
            lines.append('Content-Length: %d' % len(body))
        lines += ['%s: %s' % header for header in headers]
        self.send('\r\n'.join(lines + ['', '']).encode('latin-1') + body)

    def get(self, target, **kw):
        """Send a request and read its answer."""
        self.request(target, **kw)
        return self.response(kw.get('method', 'GET'))

    def response(self, method='GET'):
        """Read one answer, by the rules of RFC 9112, section 6.3."""
        begin = self._received - len(self._buffer)
        head = self.read_head()
        lines = head.decode('latin-1').split('\r\n')
        version, status = lines[0].split(' ', 1)
        headers = [tuple(line.split(': ', 1)) for line in lines[1:]]
        body, ended = self._body(method, int(status[:3]), headers)
        size = self._received - len(self._buffer) - begin
        return Response(version, status, headers, body, ended, size)

    def read_head(self):
        while b'\r\n\r\n' not in self._buffer:
            self._more()
        head, self._buffer = self._buffer.split(b'\r\n\r\n', 1)
        return head

    def _body(self, method, code, headers):
        names = dict((name.lower(), value) for name, value in headers)
        if method == 'HEAD' or code in (204, 304) or code < 200:
            return b'', 'none'
        if 'transfer-encoding' in names:
            assert names['transfer-encoding'] == 'chunked', headers
            assert 'content-length' not in names, headers
            return self._chunks(), 'chunked'
        if 'content-length' in names:
            return self.read(int(names['content-length'])), 'length'
        return self.read_to_end(), 'close'

    def _chunks(self):
        parts = []
        while True:
            size = int(self._line().split(b';')[0], 16)
            if not size:
                assert self._line() == b''
                return b''.join(parts)
            parts.append(self.read(size))
            assert self._line() == b''

    def _line(self):
        while b'\r\n' not in self._buffer:
            self._more()
        line, self._buffer = self._buffer.split(b'\r\n', 1)
        return line

    def read(self, size):
        """Exactly size bytes."""
        parts = [self._buffer[:size]]
        self._buffer = self._buffer[size:]
        missing = size - len(parts[0])
        while missing:
            part = self._receive(min(missing, 1 << 20))
            if not part:
                raise EOFError('%d bytes are missing' % missing)
            parts.append(part)
            missing -= len(part)
        return b''.join(parts)

    def read_to_end(self):
        """Everything until the server closes the connection."""
        parts, self._buffer = [self._buffer], b''
        while True:
            part = self._receive(1 << 20)
            if not part:
                return b''.join(parts)
            parts.append(part)

    def is_closed(self):
        """True if the server has closed, with nothing left to read."""
        if self._buffer:
            return False
        try:
            return self.socket.recv(1) == b''
        except socket.timeout:
            return False
        except socket.error:
            return True

    def _receive(self, size):
        part = self.socket.recv(size)
        self._received += len(part)
        return part

    def _more(self):
        part = self._receive(65536)
        if not part:
            raise EOFError('the server closed; before it: %r'
                           % self._buffer[:200])
        self._buffer += part
