"""Who may use the front: two users, each with a random token in a file for its owner alone."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import stat
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from otel_compliance.durable import create_file
from otel_compliance.errors import ConfigError
from otel_compliance.local.clickhouse.exceptions import ServerException

_TOKEN_BYTES: Final = 32


class User(StrEnum):
    """The users. Nobody else can be made."""

    WRITER = "writer"
    DASHBOARDS = "dashboards"

    @property
    def read_only(self) -> bool:
        """Whether the user may only read, and not everything."""
        return self is not User.WRITER


class Access:
    """The users' tokens.

    Args:
        tokens: Token of each user.
    """

    def __init__(self, tokens: Mapping[User, str]) -> None:
        self._tokens = dict(tokens)

    @classmethod
    def from_directory(cls, directory: Path) -> Self:
        """Read the tokens in a folder, and make those that are missing. They stay the same from then on.

        Raises:
            ConfigError: A token cannot be read or made, or others can read it.
        """
        return cls({user: _token(token_file(directory, user)) for user in User})

    def authenticate(self, headers: Mapping[str, str]) -> User:
        """The user who sends a request.

        Args:
            headers: With ``Authorization: Basic``, or ``X-ClickHouse-User`` and ``X-ClickHouse-Key``. Not the address:
                addresses end up in logs.

        Raises:
            ServerException: The request has no credentials, or wrong ones.
        """
        name, token = _credentials(headers)
        if not token:
            raise ServerException(194, "REQUIRED_PASSWORD", "A user and its token are required")
        for user, expected in self._tokens.items():
            if user == name and hmac.compare_digest(expected.encode(), token.encode("utf-8", "replace")):
                return user
        raise ServerException(
            516, "AUTHENTICATION_FAILED", "Authentication failed: the token is wrong, or there is no such user"
        )


def token_file(directory: Path, user: User) -> Path:
    """File of a user's token in the folder of everything that is written locally."""
    return directory / "tokens" / user


def _token(file: Path) -> str:
    try:
        if not file.exists():
            create_file(file, secrets.token_urlsafe(_TOKEN_BYTES).encode() + b"\n")
        mode = stat.S_IMODE(file.stat().st_mode)
        token = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not ASCII"
        raise ConfigError(f"{file}: the token cannot be read or made: {reason}", remedy="remove the file") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{file}: others can read the token", remedy="remove the file, so that a new one is made")
    if len(token) < _TOKEN_BYTES:
        raise ConfigError(f"{file}: the token is too short", remedy="remove the file, so that a new one is made")
    return token


def _credentials(headers: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, encoded = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, token = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return name, token
    return headers.get("X-ClickHouse-User", ""), headers.get("X-ClickHouse-Key", "")
