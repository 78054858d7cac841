"""http.chunked: the chunked transfer coding of RFC 9112, section 7.1."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.http.chunked import LAST_CHUNK, ChunkedError, Decoder, chunk


def test_chunk_frames_a_part_without_copying_it():
    assert chunk(b'x' * 26) == (b'1a\r\n', b'\r\n')
    assert LAST_CHUNK == b'0\r\n\r\n'


BODIES = [
    (b'0\r\n\r\n', b''),
    (b'5\r\nhello\r\n0\r\n\r\n', b'hello'),
    (b'005\r\nhello\r\n1\r\n!\r\n000\r\n\r\n', b'hello!'),
    (b'A\r\n0123456789\r\n0\r\n\r\n', b'0123456789'),
    (b'a;name=value\r\n0123456789\r\n0;x\r\n\r\n', b'0123456789'),
    (b'2 \t\r\n\r\n\r\n0\r\nTrailer: x\r\n\r\n', b'\r\n'),
]


@pytest.mark.parametrize('encoded, decoded', BODIES)
def test_decodes_bodies(encoded, decoded):
    decoder = Decoder()
    assert decoder.feed(encoded) == decoded
    assert decoder.complete


@pytest.mark.parametrize('encoded, decoded', BODIES)
def test_decodes_bodies_cut_anywhere(encoded, decoded):
    for size in range(1, 7):
        decoder = Decoder()
        pieces = [encoded[at:at + size]
                  for at in range(0, len(encoded), size)]
        got = [decoder.feed(piece) for piece in pieces[:-1]]
        assert not decoder.complete
        got.append(decoder.feed(pieces[-1]))
        assert b''.join(got) == decoded
        assert decoder.complete


@pytest.mark.parametrize('encoded, reason', [
    (b'hello\r\n', 'a chunk size'),
    (b'\r\n', 'a chunk size'),
    (b'-5\r\n', 'a chunk size'),
    (b'0x5\r\n', 'a chunk size'),
    (b'5_0\r\n', 'a chunk size'),
    (b'5 5\r\n', 'a chunk size'),
    (b'\xc3\xbc\r\n', 'a chunk size'),
    (b'5\nhello', 'a line without CR'),
    (b'5\r\nhello!\r\n', 'longer than its size'),
    (b'0\r\n\r\n0\r\n\r\n', 'behind the last chunk'),
    (b'0\r\n\r\nx', 'behind the last chunk'),
    (b'1' * 5000, 'a line of 5000 bytes'),
    (b'1;' + b'x' * 5000 + b'\r\n', 'a line of 5004 bytes'),
])
def test_refuses_what_is_not_chunked(encoded, reason):
    with pytest.raises(ChunkedError) as raised:
        Decoder().feed(encoded)
    assert reason in str(raised.value)


def test_a_line_that_never_ends_is_not_kept():
    decoder = Decoder()
    with pytest.raises(ChunkedError):
        for _piece in range(10000):
            decoder.feed(b'0')


def test_bytes_behind_the_end_are_refused_in_a_later_piece_too():
    decoder = Decoder()
    decoder.feed(LAST_CHUNK)
    assert decoder.feed(b'') == b''
    with pytest.raises(ChunkedError):
        decoder.feed(b'x')
