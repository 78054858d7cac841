"""How sites use the public names: mypy must find nothing here.

Not run: the test beside it has mypy read this file.
"""
from __future__ import annotations

import functools
from collections.abc import Generator, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from Products.ZServerViews import initialize, update_configuration
from Products.ZServerViews.base import JSONView, TextView, ViewError, aside
from Products.ZServerViews.interfaces import ISuite, IView
from Products.ZServerViews.tests.common import current_thread_id_zserver_view

initialize(None)
initialize(context=object())
update_configuration({'my-view': '/my/view my.package.my_view'})


@TextView
def greeting(environ: WSGIEnvironment) -> str:
    if environ['REQUEST_METHOD'] not in ('GET', 'HEAD'):
        raise ViewError('405 Method Not Allowed', 'Only GET.\n',
                        [('Allow', 'GET, HEAD')])
    if environ['QUERY_STRING']:
        raise ViewError('404 Not Found')
    if environ.get('HTTP_ACCEPT') == 'none':
        raise ViewError('406 Not Acceptable', None, ())
    return 'Hello\n'


@TextView
def lines(environ: WSGIEnvironment) -> Generator[str, None, None]:
    yield 'one\n'
    yield 'two\n'


@aside
@JSONView
def numbers(environ: WSGIEnvironment) -> dict[str, list[int]]:
    return {'numbers': [1, 2, 3]}


@JSONView
@aside
def nothing(environ: WSGIEnvironment) -> None:
    return None


@aside
def plain(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response('204 No Content', [])
    return []


class Page:
    @TextView
    def text(self, environ: WSGIEnvironment) -> str:
        return 'text\n'

    def number(self, environ: WSGIEnvironment) -> int:
        return 1


def unannotated(environ):  # type: ignore[no-untyped-def]
    return u'text\n'


def two(environ: WSGIEnvironment, more: int) -> str:
    return str(more)


everything: list[IView] = [
    greeting, lines, numbers, nothing, plain, Page().text,
    JSONView(Page().number), TextView(unannotated),
    TextView(functools.partial(two, more=1)), current_thread_id_zserver_view]


def started(status: str, headers: list[tuple[str, str]], exc_info: Any = None,
            /) -> Any:
    return lambda data: None


class Suite:
    def views(self) -> list[tuple[str, IView]]:
        return [('greeting', greeting), ('', plain)]


suite: ISuite = Suite()
is_one: bool = ISuite.providedBy(suite)
body: Iterable[bytes] = greeting({}, started)
offloaded: bool = numbers.runs_aside
tier: str | None = greeting.tier
undecorated: Any = greeting.function
error = ViewError('400 Bad Request', 'No.\n')
said: tuple[str, str] = error.status, error.message
