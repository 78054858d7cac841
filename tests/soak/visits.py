"""What clients do: each visit asks some requests, and checks each answer.

A visit takes a `servers.Site`, uses connections of its own, which it closes,
and returns how many answers were right. It takes no longer than some seconds.
"""
from __future__ import absolute_import, division, print_function

import json
import socket
import struct
import time

from tests.functional.test_access import BEARER, HOST, SIGN, ask
from tests.soak.servers import Fallback

VISITS = []
# Bytes of a long answer, and how many are read at once.
LONG = 12 << 20
PART = 128 << 10


def every(seconds):
    """The pause of a client between two of its visits."""
    def listed(visit):
        visit.pause = seconds
        VISITS.append(visit)
        return visit
    return listed


def right(answer, code, text=None):
    """Count one answer, if it is this one."""
    if answer.code == 503 and "loop has not moved for" in answer.text:
        raise Fallback
    if answer.code != code or text is not None and answer.text != text:
        raise AssertionError('not %s %r but %s %r %r' % (
            code, text, answer.status, answer.headers, answer.body[:500]))
    return 1


def asking(path, method='GET', *lines):
    head = ('%s %s HTTP/1.1' % (method, path), 'Host: localhost') + lines
    return '\r\n'.join(head + ('', '')).encode('ascii')


# Views

@every(0.5)
def kept_alive(site):
    with site.connect() as client:
        return (right(client.get('/v/hello'), 200, 'hello')
                + right(client.get('/v/text'), 200, u'gr\xfc\xdfe')
                + right(client.get('/v/value'), 200)
                + right(client.get('/v/parts'), 200, 'one two three')
                + right(client.get('/thr-id'), 200)
                + right(client.get('/@@echo?name=kept'), 200, 'echo kept 0')
                + right(client.get('/quiet'), 200, 'hello'))


@every(1)
def many_at_once(site):
    """Many, so that a small leak for each becomes large."""
    with site.connect() as client:
        client.send(asking('/soak/leaks') * 40)
        return sum(right(client.response(), 200, 'kept')
                   for _number in range(40))


@every(1)
def closed(site):
    number = 0
    for version, headers in [('1.1', [('Connection', 'close')]), ('1.0', []),
                             ('1.0', [('Connection', 'Keep-Alive')])]:
        for path in '/v/hello', '/@@echo?name=x':
            with site.connect() as client:
                answer = client.get(path, version=version, headers=headers)
                number += right(answer, 200)
                assert (client.is_closed() if len(headers) != 1
                        or version == '1.1' else client.get(path).code == 200)
    return number


@every(1)
def of_the_listener(site):
    with site.connect_to_listener() as client:
        return (right(client.get('/v/hello'), 200, 'hello')
                + right(client.get('/nothing'), 404)
                + right(client.get('/-/live'), 200)
                + right(client.get('/v/parts'), 200, 'one two three')
                + right(client.get('/-/live', method='HEAD'), 200))


SUITE = ['', 'live', 'startup', 'workers', 'requests', 'threads', 'info',
         'drain']


@every(2)
def of_the_suite(site):
    number = 0
    with site.connect() as client:
        for name in SUITE:
            path = '/-/' + name
            number += right(client.get(path), 200)
            answer = client.get(path + '?format=json')
            number += right(answer, 200)
            json.loads(answer.text)
        for form in 'collapsed', 'speedscope':
            number += right(client.get('/-/threads?format=' + form), 200)
        return number + right(client.get('/-/threads?source=1'), 200)


@every(1)
def offloaded(site):
    name = 'zserver-views-offload /v/aside_texts\n'
    with site.connect() as client:
        return (right(client.get('/v/aside_texts'), 200, name * 3)
                + right(client.get('/v/aside_held?0.1'), 200)
                + right(client.get('/v/aside_raises'), 500)
                + right(client.get('/v/aside_parts'), 200))


# Requests of all kinds

@every(1)
def head_and_options(site):
    with site.connect() as client:
        number = (right(client.get('/v/hello', method='HEAD'), 200)
                  + right(client.get('/v/parts', method='HEAD'), 200)
                  + right(client.get('/v/raises', method='HEAD'), 500)
                  + right(client.get('/-/live', method='OPTIONS'), 200)
                  + right(client.get('/v/no_content'), 204)
                  + right(client.get('/v/not_modified'), 304))
    with site.connect() as client:
        # Zope itself answers with a body here: it is not read.
        return number + right(client.get('/@@echo', method='HEAD'), 200)


@every(1)
def pipelined(site):
    """Some of the site, some of views, and one that fails."""
    with site.connect() as client:
        client.send(b''.join(map(asking, [
            '/v/hello', '/@@echo?name=1', '/@@echo?name=2', '/v/parts',
            '/v/raises', '/@@echo?name=3', '/v/aside_texts', '/v/hello'])))
        return (right(client.response(), 200, 'hello')
                + right(client.response(), 200, 'echo 1 0')
                + right(client.response(), 200, 'echo 2 0')
                + right(client.response(), 200, 'one two three')
                + right(client.response(), 500)
                + right(client.response(), 200, 'echo 3 0')
                + right(client.response(), 200)
                + right(client.response(), 200, 'hello'))


@every(1)
def bodies(site):
    typed = [('Content-Type', 'text/plain')]
    with site.connect() as client:
        number = 0
        for size in 1, 5000, 100000:
            number += right(client.get(
                '/@@echo?name=b', method='POST', body=b'b' * size,
                headers=typed), 200)
            answer = client.get('/v/environ', method='POST', body=b'b' * size)
            number += right(answer, 200)
            assert '"body": "%s"' % ('b' * size) in answer.text
        return number


@every(1)
def expecting(site):
    """ZServer never sends 100: there the client does not wait for it."""
    number = 0
    with site.connect() as client:
        for path in '/v/environ', '/@@echo?name=e', '/v/environ':
            client.send(asking(path, 'POST', 'Content-Length: 3',
                               'Content-Type: text/plain',
                               'Expect: 100-continue'))
            if not site.is_zserver:
                assert client.read_head() == b'HTTP/1.1 100 Continue'
            client.send(b'abc')
            number += right(client.response(), 200)
    return number


@every(2)
def expecting_in_one_piece(site):
    with site.connect() as client:
        client.send(asking('/v/environ', 'POST', 'Content-Length: 3',
                           'Expect: 100-continue') + b'abc')
        answer = client.response()
        while answer.code == 100:
            answer = client.response()
        return right(answer, 200) + right(client.get('/v/hello'), 200)


@every(1)
def refused(site):
    """By the tiers, by a method and by a parameter."""
    number = 0
    for headers, code in [([HOST], 200), ([('Host', 'evil.example')], 401),
                          ([HOST, SIGN], 401), ([HOST, HOST], 401),
                          ([HOST, SIGN, BEARER], 200)]:
        with site.connect() as client:
            ask(client, '/-/threads?limit=1', headers)
            number += right(client.response(), code)
    with site.connect() as client:
        return number + (
            right(client.get('/-/threads?limit=0'), 400)
            + right(client.get('/-/workers', method='POST', body=b'x'), 405)
            + right(client.get('/-/drain', method='DELETE',
                               headers=[SIGN]), 401))


@every(2)
def rubbish(site):
    number = 0
    for connect in site.connect, site.connect_to_listener:
        for sent in (site.instance.REFUSED, b'\0' * 100 + b'\r\n\r\n',
                     b'GET /v/hello HTTP/1.1\r\nContent-Length: -1\r\n\r\n'):
            with connect() as client:
                client.send(sent)
                code = client.read_head().split(b' ')[1]
                # Medusa takes the last one for a request without a body.
                assert code in (b'400', b'404', b'200'), code
                number += 1
    return number


# Views and pages that fail

@every(2)
def failing(site):
    number = 0
    with site.connect() as client:
        for name in ('raises', 'no_start', 'returns_text', 'bad_value',
                     'exits', 'starts_twice'):
            number += right(client.get('/v/' + name), 500)
        number += right(client.get('/v/too_many'), 200, 'four')
        return number + right(client.get('/v/replaced'), 503, 'sorry')


@every(2)
def failing_halfway(site):
    for name, end in [('raises_after_head', b'begun\r\n'),
                      ('too_few', b'four'),
                      ('self_chunked_unfinished', b'self\r\n')]:
        with site.connect() as client:
            client.request('/v/' + name)
            begun(client)
            told = client.read_to_end()
            assert told.endswith(end), told
    return 3


def begun(client):
    """The head of a view's answer has come; Zope's own would be short."""
    head = client.read_head()
    assert head.startswith(b'HTTP/1.1 200 OK\r\n'), head


@every(2)
def of_the_site_failing(site):
    # ZServer has another code for a KeyError.
    return (right(site.get('/@@nap'), 503 if site.is_zserver else 500)
            + right(site.get('/@@nap?seconds=x'), 500)
            + right(site.get('/nothing'), 404))


# Slow ones

@every(0.5)
def slow_page(site):
    with site.connect() as client:
        return (right(client.get('/@@nap?seconds=0.3'), 200, 'awake')
                + right(client.get('/v/hello'), 200, 'hello'))


@every(1)
def dribbling_writer(site):
    """Its request comes in pieces, and so does its body."""
    with site.connect() as client:
        sent = asking('/v/environ', 'POST', 'Content-Length: 3') + b'abc'
        for begin in range(0, len(sent), 5):
            client.send(sent[begin:begin + 5])
            time.sleep(0.02)
        return right(client.response(), 200)


@every(3)
def dribbling_reader(site):
    """Slower than the server, by more than what sockets keep."""
    with site.connect() as client:
        client.send(asking('/soak/long') + asking('/v/hello'))
        begun(client)
        for _number in range(LONG // PART):
            assert client.read(PART) == b'l' * PART
            time.sleep(0.02)
        return 1 + right(client.response(), 200, 'hello')


# Clients that go

@every(1)
def going_before_the_end(site):
    """Of their request, or of its answer."""
    for sent in (b'', b'GET /v/hel', asking('/v/hello')[:-2],
                 asking('/v/environ', 'POST', 'Content-Length: 9') + b'abc',
                 asking('/v/hello'), asking('/v/aside_held?0.2'),
                 asking('/@@nap?seconds=0.2'), asking('/v/raises'),
                 asking('/v/environ', 'POST', 'Content-Length: 3',
                        'Expect: 100-continue') + b'abc'):
        for reset in False, True:
            with site.connect() as client:
                client.send(sent)
                go(client, reset)
    return 0


@every(1)
def going_while_much_is_sent(site):
    for path in '/v/huge', '/v/endless', '/v/many':
        for reset in False, True:
            with site.connect() as client:
                client.send(asking(path) + asking('/@@echo'))
                begun(client)
                client.read(5000)
                go(client, reset)
    return 0


def go(client, reset):
    if reset:
        client.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    client.close()
