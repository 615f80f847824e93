"""Problem details for HTTP APIs (RFC 9457), raised as an exception and rendered once at the edge."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from .errors import IntegrationError

MEDIA_TYPE = "application/problem+json"
# Relative: resolved against the API's own address, so that a test and a production system need no setting.
DEFAULT_TYPE_BASE = "/problems/"
_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_SEPARATORS = re.compile(r"[_.-]+")


class Problem(IntegrationError):
    """A refusal or failure to tell a caller of the API.

    :param status: HTTP status, 400 to 599
    :param code: stable machine code (lower case), the last part of ``type``
    :param title: short sentence, the same for every occurrence of the code (RFC 9457 3.1.3); the code in words when
        left out
    :param detail: what is wrong this time, in the caller's words
    :param errors: ``{'pointer': RFC 6901 pointer, 'code': str, 'detail': str}`` each
    :param headers: to add to the answer, for instance ``Retry-After``
    :param extensions: further members of the document (RFC 9457 3.2)
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str | None = None,
        detail: str = "",
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        if not 400 <= status <= 599:
            raise ValueError("A problem has a status from 400 to 599.")
        if not _CODE.fullmatch(code):
            raise ValueError("A problem's code is lower case letters, digits, dots, dashes and underscores.")
        self.status = status
        self.title = title or _in_words(code)
        self.errors = [dict(error) for error in errors]
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})
        super().__init__(detail, code=code)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.detail or self.title}"

    def to_dict(
        self,
        instance: str | None = None,
        request_id: str | None = None,
        type_base: str = DEFAULT_TYPE_BASE,
    ) -> dict[str, Any]:
        """Return the document to send as ``application/problem+json``.

        :param instance: URI reference of this occurrence, usually the request's path
        :param request_id: what support asks for
        :param type_base: start of the ``type`` URI reference, absolute or relative, the code is appended
        """
        document: dict[str, Any] = dict(self.extensions)
        document.update(
            type=_join(type_base, self.code), title=self.title, status=self.status, code=self.code
        )
        if self.detail:
            document["detail"] = self.detail
        if instance:
            document["instance"] = instance
        if self.errors:
            document["errors"] = self.errors
        if request_id:
            document["request_id"] = request_id
        return document


def uri_path(path: str) -> str:
    """Return a decoded path as a URI reference (RFC 3986) holds it."""
    return quote(path, safe="/:@!$&'()*+,;=~")


def _join(base: str, code: str) -> str:
    return base + code if base.endswith(("/", "#", ":")) else f"{base}/{code}"


def _in_words(code: str) -> str:
    return _SEPARATORS.sub(" ", code).strip().capitalize()
