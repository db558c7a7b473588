"""Errors as ClickHouse reports them: with a code, a name, and the status of the HTTP answer."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final, Self

_REPORTED: Final = re.compile(r"Code: (\d+)\. .*", re.DOTALL)
_NAME: Final = re.compile(r"\(([A-Z][A-Z0-9_]+)\)\W*$")
_VERSION: Final = re.compile(r" \(version [^()]*\)")

_STATUS: Final = {
    HTTPStatus.BAD_REQUEST: (6, 26, 27, 36, 38, 41, 43, 53, 62, 69, 72, 117, 271, 344, 457, 1001),
    HTTPStatus.UNAUTHORIZED: (194,),
    HTTPStatus.FORBIDDEN: (164, 192, 193, 452, 497, 516),
    HTTPStatus.NOT_FOUND: (46, 47, 50, 56, 60, 73, 81, 115),
    HTTPStatus.REQUEST_TIMEOUT: (209,),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (241,),
    HTTPStatus.NOT_IMPLEMENTED: (48,),
    HTTPStatus.SERVICE_UNAVAILABLE: (202, 236),
}
_STATUS_OF_CODE: Final = {code: status for status, codes in _STATUS.items() for code in codes}


class ServerException(Exception):
    """A request that cannot be answered.

    Args:
        code: ClickHouse's number of the error.
        name: ClickHouse's name of it, such as ``ACCESS_DENIED``.
        message: What is wrong.
    """

    def __init__(self, code: int, name: str, message: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {message}. ({name})")
        self.code = code

    @classmethod
    def of_engine(cls, error: Exception) -> Self:
        """An error that the engine reported. Its text is for the client that sent the statement, and for no log."""
        reported = _REPORTED.search(str(error))
        if reported is None:
            return cls(1001, "STD_EXCEPTION", f"the engine failed: {type(error).__name__}")
        text = _VERSION.sub("", reported[0]).strip()
        name = _NAME.search(text)
        message = text.partition(": ")[2].partition("DB::Exception: ")[2] or text
        return cls(
            int(reported[1]), name[1] if name else "UNKNOWN_EXCEPTION", _NAME.sub("", message).strip().rstrip(".")
        )

    @property
    def status(self) -> HTTPStatus:
        """Status of the HTTP answer."""
        return _STATUS_OF_CODE.get(self.code, HTTPStatus.INTERNAL_SERVER_ERROR)


def access_denied(message: str) -> ServerException:
    """A statement that is not served."""
    return ServerException(497, "ACCESS_DENIED", message)


def bad_request(message: str) -> ServerException:
    """A request that is not as the HTTP interface wants it."""
    return ServerException(36, "BAD_ARGUMENTS", message)


def too_large(limit: int) -> ServerException:
    """A body with more than `limit` bytes."""
    return ServerException(241, "MEMORY_LIMIT_EXCEEDED", f"The request has more than {limit} bytes")
