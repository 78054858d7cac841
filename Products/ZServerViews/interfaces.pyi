# Each is an interface of zope.interface and, for type checkers, a protocol.
from abc import ABCMeta
from collections.abc import Iterable
from typing import Protocol

from _typeshed.wsgi import StartResponse, WSGIEnvironment

class _Interface(ABCMeta):
    def providedBy(cls, ob: object) -> bool: ...
    def implementedBy(cls, cls_: type) -> bool: ...

class IView(Protocol, metaclass=_Interface):
    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse, /
    ) -> Iterable[bytes]: ...

class ISuite(Protocol, metaclass=_Interface):
    def views(self) -> Iterable[tuple[str, IView]]: ...
