"""format.masking: what is announced as a secret is hidden."""
from __future__ import absolute_import, division, print_function

import pytest

from Products.ZServerViews.format.masking import masked


@pytest.mark.parametrize('said, left', [
    (u'password=hunter2 and more', u'password=*** and more'),
    (u'{"api_key": "hunter2 x", "n": 1}', u'{"api_key": ***, "n": 1}'),
    (u'GET /?token=hunter2&page=2', u'GET /?token=***&page=2'),
    (u'Cookie: __ac="hunter2"; other=hunter2\nnext',
     u'Cookie: ***\nnext'),
    (u'AUTHORIZATION = Basic hunter2==', u'AUTHORIZATION = ***'),
    (u'sent Bearer hunter2.hunter2', u'sent Bearer ***'),
    (u'postgres://zope:hunter2@db/site', u'postgres://***@db/site'),
    (u"db_password_old: 'hunter2 y'", u'db_password_old: ***'),
    (u'{"password":"a\\"hunter2"}', u'{"password":***}'),
    (u'{"password": "\\\\", "n": "\\\\"}', u'{"password": ***, "n": "\\\\"}'),
    (u"{'pwd': 'it\\'s hunter2', 'n': 'x'}", u"{'pwd': ***, 'n': 'x'}"),
    (u'"{\\"token\\": \\"hunter2 x\\", \\"n\\": 1}"',
     u'"{\\"token\\": ***, \\"n\\": 1}"'),
    (u'secret="hunter2 that has been cut', u'secret=***'),
    (u'a page of 12 tokens', u'a page of 12 tokens')])
def test_masked(said, left):
    assert masked(said) == left
