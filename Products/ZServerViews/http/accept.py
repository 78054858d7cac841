"""Which form of an answer a client prefers, and whether it has it already.

RFC 9110, section 12.5.1. What cannot be read is passed over.
"""
from __future__ import absolute_import, division, print_function

import re

# Of a longer header the rest is not read; browsers send about 150 characters.
LONGEST = 1000

# From 0 to 1, with three decimals at most.
_QUALITY = re.compile(r'(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\Z').match


def preferred(header, media_types):
    """The place of the media type that the client likes best.

    ``header``
        The value of Accept, or None.
    ``media_types``
        What there is, such as ``['text/plain', 'application/json']``, the
        server's own favourite first: it decides where the client does not.

    0 if the client accepts none of them: it is better served with something
    than with ``406 Not Acceptable``, and the RFC allows that.
    """
    ranges = _ranges((header or '')[:LONGEST])
    weights = [_weight(media_type, ranges) for media_type in media_types]
    return weights.index(max(weights))


def accepts_coding(header, coding):
    """Whether a client says that it takes a content coding, such as gzip: its
    Accept-Encoding header (RFC 9110, section 12.5.3), or None."""
    for item in (header or '')[:LONGEST].lower().split(','):
        words = [word.strip() for word in item.split(';')]
        if words[0] == coding:
            return bool(_weight_of(words[1:]))
    return False


def has_tag(header, tag):
    """Whether a client says that it has what an ETag is of: its If-None-Match
    header (RFC 9110, section 13.1.2), or None. The tag may be None: of nothing.
    """
    if header is None or tag is None:
        return False
    known = [item.strip().partition('W/')[2] or item.strip()
             for item in header[:LONGEST].split(',')]
    return '*' in known or (tag.partition('W/')[2] or tag) in known


def _ranges(header):
    """[(type, subtype, weight)]"""
    found = []
    for item in header.lower().split(','):
        words = [word.strip() for word in item.split(';')]
        kind, slash, subtype = words[0].partition('/')
        weight = _weight_of(words[1:])
        if slash and weight is not None:
            found.append((kind.strip(), subtype.strip(), weight))
    return found


def _weight_of(parameters):
    """The q among the parameters of a range; None if it cannot be read."""
    for parameter in parameters:
        name, _, value = parameter.partition('=')
        if name.strip() == 'q':
            value = value.strip()
            return float(value) if _QUALITY(value) else None
    return 1.0


def _weight(media_type, ranges):
    """By the range that is closest to this type, whatever its weight."""
    kind, _, subtype = media_type.partition('/')
    for wanted in (kind, subtype), (kind, '*'), ('*', '*'):
        weights = [weight for kind_, subtype_, weight in ranges
                   if (kind_, subtype_) == wanted]
        if weights:
            return max(weights)
    return 0.0
