from __future__ import absolute_import, division, print_function

import types

import pytest

from Products.ZServerViews.history.code_texts import MOST, CodeTexts

SOURCE = '''
import functools
MADE = 'a text of the module'
def plain(log):
    log.warning('plain %s')
    def inner():
        log.warning('inner %s')
def decorator(function):
    @functools.wraps(function)
    def wrapper(log):
        log.warning('wrapper %s')
    wrapper.__wrapped__ = function
    return wrapper
@decorator
def decorated(log):
    log.warning('decorated %s')
class Class(object):
    def method(self):
        self.log.warning('method %s')
    @classmethod
    def of_class(self):
        self.log.warning('of class %s')
    @staticmethod
    def static(log):
        log.warning('static %s')
    @property
    def value(self):
        self.log.warning('value %s')
    for_a_password = 's3cret'
'''
PATH = '/site/texts.py'


@pytest.fixture
def texts():
    module = types.ModuleType('texts')
    module.__file__ = PATH + 'c'
    exec(compile(SOURCE, PATH, 'exec'), vars(module))
    others = [None, types.ModuleType('no_file'), object()]
    return CodeTexts(lambda: others + [module])


@pytest.mark.parametrize('text, function', [
    ('plain %s', 'plain'), ('inner %s', 'inner'), ('method %s', 'method'),
    ('of class %s', 'of_class'), ('static %s', 'static'),
    ('value %s', 'value'), ('decorated %s', 'decorated')])
def test_constants_of_functions(texts, text, function):
    assert texts.has(text, PATH, function)
    assert texts.has(text, PATH, function)
    assert not texts.has(text + '!', PATH, function)
    assert not texts.has(text, PATH, 'another')
    assert not texts.has(text, '/site/another.py', function)


def test_what_is_no_constant_of_a_function(texts):
    assert not texts.has('a text of the module', PATH, '<module>')
    assert not texts.has('s3cret', PATH, 'Class')


def test_results_are_not_remembered_for_ever(texts):
    for number in range(3 * MOST):
        texts.has('%d' % number, PATH, 'plain')
    assert len(texts._known) <= MOST


class Proxy(object):
    """Says that it is what it is not, and must not be asked."""

    @property
    def __class__(self):
        raise RuntimeError('asked')


def test_nothing_is_asked_what_it_is():
    module = types.ModuleType('texts')
    module.__file__ = PATH
    exec(compile(SOURCE, PATH, 'exec'), vars(module))
    module.proxy = module.Class.proxy = Proxy()
    texts = CodeTexts(lambda: [Proxy(), module])
    assert texts.has('static %s', PATH, 'static')
