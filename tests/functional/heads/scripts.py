"""Random heads of requests, and the order in which a client sends them.

A script is made from its seed and its number alone, the same one in each process
of the same Python.
"""
from __future__ import absolute_import, division, print_function

import random

# The servers of `site`, by their names.
SERVERS = ('plain', 'plain', 'plain', 'second', 'unix', 'unix', 'prefix',
           'proxied', 'open', 'bare')
# What the setting token-file has.
TOKEN = b'0123456789abcdef0123456789abcdef'
PEERS = '127.0.0.1', '127.0.0.1', '127.0.0.2'

VIEWS = (b'/e', b'/e', b'/e', b'/t', b'/t', b'/op', b'/c', b'/late', b'/swap',
         b'/w%20x')
TARGETS = VIEWS * 3 + (
    b'/', b'/nothing', b'/e/', b'/e/x', b'//e', b'/%65', b'/E', b'/e?', b'/e?a=b',
    b'/t?x=%20&x', b'/e?q=\xc3\xbc', b'/e#f', b'/e;p', b'/e\x00', b'/e\xff', b'e', b'',
    b'*', b'/w x', b'/w+x', b'/p/e', b'/p/t?a', b'/p', b'/p//e', b'http://host/e',
    b'HTTP://host:80/t', b'http://host', b'http://host/p/e?a', b'http:///e',
    b'https://host/e#f', b'host:80', b'/./e', b'/x/../e', b'/e%00', b'/t%3f')
METHODS = (b'GET',) * 16 + (b'HEAD',) * 3 + (
    b'POST', b'POST', b'PUT', b'DELETE', b'OPTIONS', b'TRACE', b'CONNECT', b'get',
    b'Get', b'G\xcbT', b'', b'GET GET')
VERSIONS = (b'HTTP/1.1',) * 16 + (b'HTTP/1.0',) * 4 + (
    b'HTTP/0.9', b'HTTP/2.0', b'HTTP/1.1 ', b'http/1.1', b'HTTP/1.', b'', b'HTTP/11',
    b'HTTP/1.10')
HEADERS = (
    (b'User-Agent', (b'check/1.0', b'kube-probe/1.30', b'')),
    (b'Accept', (b'*/*', b'text/plain, */*;q=0.1')),
    (b'Accept-Encoding', (b'gzip', b'identity')),
    (b'Connection', (b'close', b'keep-alive', b'Keep-Alive', b'CLOSE', b'close, x',
                     b'x, close', b'Upgrade', b' close ', b'')),
    (b'Connection', (b'close', b'keep-alive')),
    (b'Cookie', (b'a=b', b'a=c', b'__ac="x"')),
    (b'Authorization', (b'Bearer ' + TOKEN, b'Bearer wrong', b'Basic eDp5')),
    (b'X-Forwarded-For', (b'192.0.2.1', b'192.0.2.1, 192.0.2.2', b'rubbish"')),
    (b'X-Forwarded-Proto', (b'https', b'http', b'ftp', b'https, http')),
    (b'X-Forwarded-Host', (b'front', b'front:8443')),
    (b'X-Forwarded-Port', (b'8443', b'x')),
    (b'X-Forwarded-By', (b'me',)),
    (b'Forwarded', (b'for=192.0.2.1', b'for=_a;proto=https', b'for=";')),
    (b'Via', (b'1.1 proxy',)),
    (b'Content-Length', (b'0', b'3', b'5', b'+3', b'x', b'3, 3', b'-1', b'')),
    (b'Transfer-Encoding', (b'chunked', b'identity', b'gzip, chunked', b'CHUNKED')),
    (b'Content-Type', (b'text/plain', b'application/x-www-form-urlencoded')),
    (b'Expect', (b'100-continue', b'100-Continue', b'200-ok')),
    (b'Upgrade', (b'websocket', b'h2c')),
    (b'Date', (b'Thu, 01 Jan 1970 00:00:00 GMT',)),
    (b'Range', (b'bytes=0-1',)),
    (b'If-None-Match', (b'"x"', b'*')),
    (b'X-Same', (b'1', b'2', b'a,b')),
    (b'X-Same', (b'1', b'2')),
    (b'X_Same', (b'3',)),
    (b'X-B\xe4d', (b'1',)),
    (b'X Blank', (b'1',)),
    (b'X-Value', (b'gr\xc3\xbc\xdf', b'a\x00b', b'\tx\t', b'a\x0bb', b'a  b', b':',
                  b'"quoted, twice"')),
    (b'', (b'no name',)))
ENDS = (b'\r\n',) * 30 + (b'\n', b'\r', b'\r\r\n', b'\n\n')
SEPARATORS = (b': ',) * 20 + (b':', b':  ', b':\t', b' : ', b' ', b': \x00')
BODIES = b'', b'abc', b'abcde', b'3\r\nabc\r\n0\r\n\r\n', b'0\r\n\r\n'
LATE = b'GET /late HTTP/1.1\r\nHost: a\r\n\r\n'
SWAP = b'GET /swap HTTP/1.1\r\nHost: a\r\n\r\n'
# What waitress takes of a head by default.
TOO_LONG = 262144


class WarmUp(object):
    """The steps of a `Script` after which each server has answered a view."""

    steps = [step for server in sorted(set(SERVERS)) for step in
             [('open', server, server, '127.0.0.1')]
             + [('send', server, b'GET ' + prefix + b'/t HTTP/1.1\r\n\r\n')
                for prefix in (b'', b'/p', b'/w%20x')]]


class Script(object):
    """What a client does; ``steps`` has, in this order of their times,

    ``('open', name, server, peer)``
        A new connection takes this name.
    ``('send', name, bytes)``
        All at once; the next step is taken when the server has nothing to do.
    ``('remount', number)``
        /swap is another view, or none.

    ``heads`` is how many heads are sent, ``different`` the set of these.
    """

    def __init__(self, seed, number):
        self._random = random.Random('%s %s' % (seed, number))
        self.steps = []
        self.heads = 0
        self.different = set()
        self._play()

    def _chance(self, share):
        return self._random.random() < share

    def _play(self):
        choice = self._random.choice
        self._open('a')
        head = make_head(self._random)
        self._often('a', head)
        for _time in range(self._random.randint(3, 9)):
            near = changed(self._random, head)
            choice((self._near, self._near, self._near, self._near, self._cut,
                    self._together, self._overlapping, self._elsewhere,
                    self._behind_another))(head, near)
        if self._chance(0.05):
            self._byte_by_byte(head)
        if self._chance(0.02):
            self._remounted(head)

    def _open(self, name):
        choice = self._random.choice
        self.steps.append(('open', name, choice(SERVERS), choice(PEERS)))

    def _send(self, name, data, *heads):
        self.steps.append(('send', name, data))
        self.heads += len(heads)
        self.different.update(heads)

    def _often(self, name, head):
        """For a connection to look heads up, for it to be seen, seen again and
        kept, and for it to be found."""
        for _time in range(5):
            self._send(name, head, head)

    def _again(self, head):
        """A connection that had a request for the site looks up the second."""
        for _time in range(2):
            self._send('a', head, head)

    # What may come between two of the same head:

    def _near(self, head, near):
        for _time in range(self._random.choice((1, 1, 3))):
            self._send('a', near, near)
        self._again(head)

    def _cut(self, head, near):
        at = self._random.randint(0, len(near))
        self._send('a', near[:at])
        self._send('a', near[at:], near)
        self._again(head)

    def _together(self, head, near):
        several = [self._random.choice((head, near))
                   for _time in range(self._random.randint(2, 4))]
        self._send('a', b''.join(several), *several)
        self._again(head)

    def _overlapping(self, head, near):
        at = self._random.randint(0, len(near))
        self._send('a', head + near[:at], head)
        self._send('a', near[at:], near)

    def _elsewhere(self, head, near):
        self._open('b')
        for name in 'babbab':
            self._send(name, head, head)

    def _behind_another(self, head, near):
        """While the answer of a view takes several turns of the loop."""
        self._send('a', LATE + head, LATE, head)
        self._again(head)

    def _byte_by_byte(self, head):
        for at in range(min(len(head), 300)):
            self._send('a', head[at:at + 1])
        self._send('a', head[300:], head)
        self._again(head)

    def _remounted(self, head):
        for number in self._random.sample(range(3), 2):
            self.steps.append(('remount', number))
            self._often('a', SWAP)
            self._send('a', head, head)




def make_head(random):
    """The bytes of one head, with what may be its body behind it.

    More than half of them are what a probe or a scraper sends: such ones must be
    found again.
    """
    if random.random() < 0.6:
        return plain_head(random)
    lines = [b' '.join(filter(None, [
        random.choice(METHODS), random.choice(TARGETS), random.choice(VERSIONS)]))]
    if random.random() < 0.9:
        lines.append(b'Host: ' + random.choice(
            (b'a', b'localhost', b'localhost', b'127.0.0.1:80', b'', b'b c')))
    lines += [_line(random) for _time in range(random.choice((0, 1, 2, 3, 5, 8)))]
    if random.random() < 0.03:
        lines.append(b'X-Long: ' + b'x' * random.choice(
            (800, 900, 950, 1000, 1100, 9000, 70000)))
    if random.random() < 0.002:
        lines.append(b'X-Long: ' + b'x' * TOO_LONG)
    if random.random() < 0.03:
        lines.insert(random.randint(0, len(lines)), b'')
    usual = random.choice(ENDS)
    return b''.join(
        line + (random.choice(ENDS) if random.random() < 0.01 else usual)
        for line in lines + [b'']) + (
            random.choice(BODIES) if random.random() < 0.2 else b'')


def plain_head(random):
    choice = random.choice
    lines = [choice((b'GET', b'GET', b'GET', b'HEAD')) + b' ' + choice(VIEWS)
             + (choice((b'?a=b', b'?%d' % random.randint(0, 9999)))
                if random.random() < 0.2 else b'')
             + b' HTTP/1.' + choice((b'1', b'1', b'1', b'0')),
             b'Host: ' + choice((b'a', b'localhost', b'127.0.0.1:8080'))]
    for name, values in random.sample(PLAIN, random.randint(0, 3)):
        lines.append(name + b': ' + choice(values))
    if random.random() < 0.5:
        lines.append(b'X-Number: %d' % random.randint(0, 99999))
    return b'\r\n'.join(lines + [b'', b''])


PLAIN = [(name, values) for name, values in HEADERS
         if name in (b'User-Agent', b'Accept', b'Accept-Encoding', b'Connection',
                     b'Date', b'If-None-Match', b'Range')]


def _line(random):
    name, values = random.choice(HEADERS)
    change = random.random()
    if change < 0.1:
        name = name.lower()
    elif change < 0.15:
        name = name.swapcase()
    line = name + random.choice(SEPARATORS) + random.choice(values)
    if random.random() < 0.03:
        # What was a continued line once (obs-fold).
        line += b'\r\n' + random.choice((b' ', b'\t')) + b'more'
    return line


def changed(random, head):
    """A head that differs little from another, or not at all."""
    return random.choice(CHANGES)(random, head)


def _one_byte(random, head):
    at = random.randrange(len(head))
    return head[:at] + _any_byte(random) + head[at + 1:]


def _one_more(random, head):
    at = random.randrange(len(head))
    return head[:at] + _any_byte(random) + head[at:]


def _one_less(random, head):
    at = random.randrange(len(head))
    return head[:at] + head[at + 1:]


def _any_byte(random):
    return random.choice((b'\r', b'\n', b' ', b'\t', b':', b'0', b'1', b'a', b'A',
                          b'/', b'?', b'%', b'\x00', b'\x7f', b'\xff', b','))


def _end_of_a_line(random, head):
    """Its last byte is another digit; mostly that of the last header."""
    lines = head.split(b'\r\n')
    at = random.choice((random.randrange(len(lines)), max(len(lines) - 3, 0)))
    lines[at] = lines[at][:-1] + random.choice((b'0', b'1', b'2', b'3'))
    return b'\r\n'.join(lines)


def _case(random, head):
    """Of one header's name, or of the first line."""
    lines = head.split(b'\n')
    at = random.randrange(len(lines))
    name, colon, value = lines[at].partition(b':')
    lines[at] = name.swapcase() + colon + value
    return b'\n'.join(lines)


def _line_twice(random, head):
    lines = head.split(b'\r\n')
    at = random.randrange(len(lines))
    return b'\r\n'.join(lines[:at] + lines[at:at + 1] + lines[at:])


def _order(random, head):
    lines = head.split(b'\r\n')
    first = random.randrange(len(lines))
    second = random.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b'\r\n'.join(lines)


def _one_header_more(random, head):
    lines = head.split(b'\r\n')
    lines.insert(random.randint(1, len(lines)), _line(random))
    return b'\r\n'.join(lines)


def _other_method(random, head):
    return random.choice(METHODS) + b' ' + head.partition(b' ')[2]


def _other_target(random, head):
    method, _blank, rest = head.partition(b' ')
    return b' '.join([method, random.choice(TARGETS), rest.partition(b' ')[2]])


def _other_version(random, head):
    first, end, rest = head.partition(b'\r\n')
    return (first.rpartition(b' ')[0] + b' ' + random.choice(VERSIONS) + end + rest)


def _a_body(random, head):
    return head + random.choice(BODIES + (b'\r\n', b'x', b'\x00'))


def _empty_lines_before(random, head):
    return random.choice((b'\r\n', b'\n', b' ', b'\r\n\r\n', b'\x00')) + head


def _another(random, head):
    return make_head(random)


CHANGES = [
    _one_byte, _one_byte, _one_more, _one_less, _end_of_a_line, _end_of_a_line,
    _case, _line_twice, _order, _one_header_more, _one_header_more,
    _other_method, _other_target, _other_version, _a_body,
    _empty_lines_before] + [_another] * 6
