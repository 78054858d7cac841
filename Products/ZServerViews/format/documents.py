"""JSON documents, for programs."""
from __future__ import absolute_import, division, print_function

import json

from Products.ZServerViews._compat import PY2, text_type


def to_json(document):
    """The text of a JSON document in one line, with its end.

    Keys are sorted, but on Python 2.7. Not indented: sorting there, and
    indenting anywhere, is left to an encoder written in Python, which takes
    several times as long. NaN and infinities, which JSON has not, raise
    ValueError.
    """
    return text_type(json.dumps(document, sort_keys=not PY2, allow_nan=False)
                     + '\n')
