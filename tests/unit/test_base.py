"""base: the decorators that make views of functions."""
from __future__ import absolute_import, division, print_function

import functools
import json

import pytest
from zope.interface.verify import verifyObject

from Products.ZServerViews.base import JSONView, TextView, ViewError, aside
from Products.ZServerViews.interfaces import IView
from Products.ZServerViews.tests import common
from tests.unit import dummies

TEXT = 'text/plain; charset=utf-8'


def call(view, environ=None):
    """(status, headers, body), with a new start_response."""
    said = []
    parts = view({} if environ is None else environ,
                 lambda status, headers: said.append((status, headers)))
    body = b''.join(parts)
    (status, headers), = said
    return status, headers, body


def test_a_text_goes_out_as_utf_8():
    @TextView
    def view(environ):
        return environ['greeting'] + u' \u20ac'

    assert call(view, {'greeting': u'hello'}) == (
        '200 OK', [('Content-Type', TEXT), ('Content-Length', '9')],
        b'hello \xe2\x82\xac')


def test_the_native_string_of_the_interpreter_is_a_text():
    assert call(TextView(lambda environ: 'hello'))[2] == b'hello'


@pytest.mark.parametrize('value', [b'\xff', None, 42, [u'text'], {}])
def test_what_is_no_text_is_refused(value):
    with pytest.raises((TypeError, UnicodeError)):
        call(TextView(lambda environ: value))


def test_the_refusal_names_the_type_and_the_function():
    def forgetful(environ):
        pass

    with pytest.raises(TypeError) as raised:
        call(TextView(forgetful))
    assert 'NoneType' in str(raised.value)
    assert 'forgetful' in str(raised.value)


def test_a_view_error_is_an_answer():
    @TextView
    def view(environ):
        raise ViewError('404 Not Found', u'Nothing h\xeere.\n')

    assert call(view) == (
        '404 Not Found', [('Content-Type', TEXT), ('Content-Length', '15')],
        b'Nothing h\xc3\xaere.\n')


def test_a_view_error_with_headers_of_its_own():
    @TextView
    def view(environ):
        raise ViewError('302 Found', None, [
            ('Location', '/'), ('content-type', 'text/html'),
            ('content-LENGTH', '99')])

    assert call(view) == (
        '302 Found', [('Location', '/'), ('content-type', 'text/html'),
                      ('Content-Length', '0')], b'')


def test_a_view_error_tells_what_it_is():
    error = ViewError('404 Not Found', 'Nothing.')
    assert str(error) == '404 Not Found\nNothing.'
    assert error.args == ('404 Not Found', 'Nothing.')
    assert (error.status, error.message, tuple(error.headers)) == (
        '404 Not Found', 'Nothing.', ())
    assert ViewError('204 No Content').message == u''


def test_a_view_error_of_2013():
    error = ViewError(status='500 Oops', message='m', headers=[('A', 'b')])
    assert (error.status, error.message, error.headers) == (
        '500 Oops', 'm', [('A', 'b')])


def test_other_exceptions_come_through():
    def view(environ):
        raise LookupError('gone')

    for decorate in TextView, JSONView:
        with pytest.raises(LookupError):
            call(decorate(view))


def test_the_function_stays_reachable():
    def view(environ):
        """What it is for."""

    view.note = 'kept'
    for decorate in TextView, JSONView:
        decorated = decorate(view)
        assert decorated.function is view
        assert decorated.func is view
        assert decorated.__wrapped__ is view
        assert decorated.__name__ == 'view'
        assert decorated.__doc__ == 'What it is for.'
        assert decorated.__module__ == __name__


def test_the_decorated_are_views():
    for decorate in TextView, JSONView:
        assert verifyObject(IView, decorate(lambda environ: u''))
    assert verifyObject(IView, common.current_thread_id_zserver_view)


# Aside

def plain(environ, start_response):
    start_response('200 OK', [])
    return [b'plain']


def test_views_are_in_the_loop_unless_they_say_so():
    for decorate in TextView, JSONView:
        assert decorate(lambda environ: u'').runs_aside is False
    assert not hasattr(plain, 'runs_aside')


def test_a_plain_view_is_declared_aside():
    def view(environ, start_response):
        return plain(environ, start_response)

    assert aside(view) is view
    assert view.runs_aside is True
    assert call(view)[2] == b'plain'


@pytest.mark.parametrize('decorate', [TextView, JSONView])
def test_aside_stands_above_or_below_another_decorator(decorate):
    def function(environ):
        return u'text'

    above = aside(decorate(function))
    assert isinstance(above, decorate)
    assert above.function is function
    assert above.runs_aside is True
    below = decorate(aside(function))
    assert below.function is function
    assert below.runs_aside is True
    assert call(above) == call(below)


class Slow(object):
    name = u'slow'

    @aside
    @TextView
    def above(self, environ):
        return self.name

    @TextView
    @aside
    def below(self, environ):
        yield self.name

    @aside
    def plain(self, environ, start_response):
        return plain(environ, start_response)


def test_methods_are_declared_aside():
    for name, body in ('above', b'slow'), ('below', b'slow'), (
            'plain', b'plain'):
        method = getattr(Slow(), name)
        assert method.runs_aside is True
        assert call(method)[2] == body


class Tiered(object):
    """The tier of a method stays with it, however it is decorated."""

    def __init__(self):
        self.name = u'tiered'

    def plain(self, environ, start_response):
        start_response('200 OK', [])
        return [self.name.encode('ascii')]

    plain.tier = 'sensitive'
    of_plain = aside(plain)

    @TextView
    def text(self, environ):
        return self.name

    text.tier = 'sensitive'

    def below(self, environ):
        return self.name

    below.tier = 'sensitive'
    below = TextView(below)
    both = aside(TextView(below.function))


def test_a_tier_is_not_lost():
    for name in 'plain', 'of_plain', 'text', 'below', 'both':
        method = getattr(Tiered(), name)
        assert method.tier == 'sensitive', name
        assert aside(method).tier == 'sensitive', name
        assert call(aside(method))[2] == b'tiered'
    for decorate in TextView, JSONView:
        assert decorate(lambda environ: u'').tier is None
    assert aside(TextView(lambda environ: u'')).tier is None


class Callable(object):
    def __call__(self, environ):
        return u'free'


class Stubborn(Callable):
    """As a partial of Python 3.13 is."""

    def __get__(self, instance, owner=None):
        return self


@pytest.mark.parametrize('free', [Callable(), Stubborn()])
def test_what_is_no_method_stays_what_it_is(free):
    class Unbound(object):
        view = aside(TextView(free))

    assert Unbound().view is Unbound.view
    assert Unbound().view.runs_aside is True
    assert call(Unbound().view)[2] == b'free'


def test_a_partial_is_a_method_where_python_takes_it_for_one():
    """Since Python 3.14 it is."""
    class View(object):
        free = functools.partial(lambda *arguments: u'%d' % len(arguments))
        view = aside(TextView(free))

    assert View().view.runs_aside is True
    assert call(View().view)[2] == View().free({}).encode('ascii')
    assert call(View.view)[2] == View.free({}).encode('ascii') == b'1'


def test_what_takes_no_attribute_is_wrapped():
    class View(object):
        __slots__ = ()

        def __call__(self, environ, start_response):
            return plain(environ, start_response)

        view = __call__

    for view in View(), View().view:
        declared = aside(view)
        assert declared.runs_aside is True
        assert declared.func == view
        assert call(declared)[2] == b'plain'


class Monitor(object):
    name = u'monitor'

    @TextView
    def text(self, environ):
        return self.name

    @JSONView
    def json(self, environ):
        return [self.name]

    @TextView
    def stream(self, environ):
        yield self.name


def test_methods_are_views():
    assert call(Monitor().text)[2] == b'monitor'
    assert call(Monitor().json)[2] == b'["monitor"]\n'
    assert call(Monitor().stream)[2] == b'monitor'
    assert isinstance(Monitor.text, TextView)
    assert verifyObject(IView, Monitor().text)


class TestStream(object):

    def stream(self, *texts, **headers):
        said = []

        def produce(environ):
            try:
                for text in texts:
                    if isinstance(text, Exception):
                        raise text
                    yield text
            finally:
                said.append('closed')

        parts = TextView(produce)(
            {}, lambda status, headers: said.append((status, headers)))
        return said, parts

    def test_each_text_is_a_part(self):
        said, parts = self.stream(u'one', u'\xfc')
        assert said == []
        assert next(parts) == b'one'
        assert said == [('200 OK', [('Content-Type', TEXT)])]
        assert list(parts) == [b'\xc3\xbc']
        assert said[1:] == ['closed']

    def test_without_any_text(self):
        said, parts = self.stream()
        assert b''.join(parts) == b''
        assert said == ['closed', ('200 OK', [('Content-Type', TEXT)])]

    def test_a_view_error_before_the_first_text(self):
        said, parts = self.stream(ViewError('404 Not Found', u'no'))
        assert list(parts) == [b'no']
        assert said[-1] == ('404 Not Found', [('Content-Type', TEXT),
                                              ('Content-Length', '2')])

    def test_a_view_error_behind_the_first_text_comes_through(self):
        _said, parts = self.stream(u'one', ViewError('404 Not Found', u'no'))
        assert next(parts) == b'one'
        with pytest.raises(ViewError):
            next(parts)

    def test_what_is_no_text_is_refused(self):
        said, parts = self.stream(None)
        with pytest.raises(TypeError):
            next(parts)
        assert said == ['closed']

    def test_the_generator_is_closed_with_the_answer(self):
        said, parts = self.stream(u'one', u'two')
        next(parts)
        parts.close()
        assert said[-1] == 'closed'

    def test_it_goes_out_chunked(self):
        driver = dummies.Driver(TextView(
            lambda environ: (text for text in [u'one', u'two'])))
        _status, headers, body = dummies.split(driver.run())
        assert headers['transfer-encoding'] == 'chunked'
        assert body == b'3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n'


def test_json():
    status, headers, body = call(JSONView(
        lambda environ: {u'b': [1, None, True], u'a': u'\u20ac'}))
    assert status == '200 OK'
    assert headers == [('Content-Type', 'application/json'),
                       ('Content-Length', str(len(body)))]
    assert body == b'{"a": "\\u20ac", "b": [1, null, true]}\n'


def test_json_of_a_view_error():
    @JSONView
    def view(environ):
        raise ViewError('404 Not Found', u'No \u20ac.', [('X-A', 'b')])

    status, headers, body = call(view)
    assert status == '404 Not Found'
    assert ('X-A', 'b') in headers
    assert ('Content-Type', 'application/json') in headers
    assert json.loads(body.decode('ascii')) == {u'error': u'No \u20ac.'}


@pytest.mark.parametrize('value', [float('nan'), float('inf'), object()])
def test_json_refuses_what_it_cannot_hold(value):
    with pytest.raises((TypeError, ValueError)):
        call(JSONView(lambda environ: value))


def test_a_decorator_must_say_how_it_encodes():
    from Products.ZServerViews.base import _Decorator
    unfinished = _Decorator(lambda environ: u'')
    for encode in unfinished.encode, unfinished.encode_error:
        with pytest.raises(NotImplementedError):
            encode(u'')


def test_callables_that_are_no_functions_can_be_decorated():
    def greet(name, environ):
        return name

    greeting = TextView(functools.partial(greet, u'hello'))
    assert call(greeting)[2] == b'hello'


def test_the_example_view_names_its_thread():
    import threading
    body = call(common.current_thread_id_zserver_view)[2]
    assert body == str(threading.current_thread().ident).encode('ascii')
