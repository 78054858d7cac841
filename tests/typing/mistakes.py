"""Mistakes that mypy must find: each line that has one says which.

Not run: the test beside it has mypy read this file.
"""
from __future__ import annotations

from wsgiref.types import StartResponse, WSGIEnvironment

from Products.ZServerViews import initialize, update_configuration
from Products.ZServerViews.base import JSONView, TextView, ViewError, aside
from Products.ZServerViews.interfaces import ISuite, IView

initialize()  # E: call-arg
update_configuration('my-view /my/view my.package.my_view')  # E: arg-type
update_configuration({'my-view': ('/my/view', 'my.package.my_view')})  # E: dict-item


@TextView  # E: arg-type
def data(environ: WSGIEnvironment) -> bytes:
    return b'not a text'


@TextView  # E: arg-type
def many(environ: WSGIEnvironment) -> list[str]:
    return ['neither']


@TextView  # E: arg-type
def without_environ() -> str:
    return 'text'


@JSONView  # E: arg-type
def names(environ: WSGIEnvironment) -> set[str]:
    return {'JSON has no sets'}


@TextView
def text(environ: WSGIEnvironment) -> str:
    if environ['QUERY_STRING']:
        raise ViewError(404)  # E: arg-type
    raise ViewError('404 Not Found', b'No.\n')  # E: arg-type


text({})  # E: call-arg
print(text.path)  # E: attr-defined
aside()  # E: call-arg


def swapped(start_response: StartResponse, environ: WSGIEnvironment) -> list[bytes]:
    return []


class Suite:
    def views(self) -> list[tuple[str, str]]:
        return [('view', 'my.package.my_view')]


class NoSuite:
    members: list[IView] = []


view: IView = swapped  # E: assignment
suite: ISuite = Suite()  # E: assignment
another: ISuite = NoSuite()  # E: assignment
