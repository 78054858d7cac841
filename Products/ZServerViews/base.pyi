from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from _typeshed.wsgi import StartResponse, WSGIEnvironment
from typing_extensions import Self

_Value = TypeVar("_Value")
_View = TypeVar("_View", bound=Callable[..., Any])

# A function, or a method of a class.
_Function = Callable[[WSGIEnvironment], _Value] | Callable[[Any, WSGIEnvironment], _Value]

# What json.dumps takes; what is inside of it is not looked at.
_JSON = Mapping[Any, Any] | list[Any] | tuple[Any, ...] | str | float | bool | None

class ViewError(Exception):
    status: str
    message: str
    headers: Iterable[tuple[str, str]]
    def __init__(
        self, status: str, message: str | None = "", headers: Iterable[tuple[str, str]] = ()
    ) -> None: ...

def aside(view: _View) -> _View: ...

class _Decorator(Generic[_Value]):
    content_type: ClassVar[str | None]
    function: _Function[_Value]
    func: _Function[_Value]
    __wrapped__: _Function[_Value]
    runs_aside: bool
    tier: str | None
    def __init__(self, function: _Function[_Value]) -> None: ...
    def __get__(self, instance: object, owner: type | None = None) -> Self: ...
    def encode(self, value: Any) -> bytes: ...
    def encode_error(self, message: str) -> bytes: ...
    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]: ...

class TextView(_Decorator[str | Generator[str, Any, Any]]):
    content_type: ClassVar[str]

class JSONView(_Decorator[_JSON]):
    content_type: ClassVar[str]
