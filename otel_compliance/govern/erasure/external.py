"""Systems of the apps: databases and caches, as the policy's ``[erasure.systems]`` name them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, Final

from otel_compliance.errors import ConfigError, MissingExtra
from otel_compliance.govern.erasure.system import ErasureSystem, Subject
from otel_compliance.policy import Policy, RedisSystem, SqlSystem

_SECONDS: Final = 30.0
"""How long one answer of a cache may take."""


def external_systems(policy: Policy) -> list[ErasureSystem]:
    """The systems that the policy names.

    Raises:
        ConfigError: The variable with a system's address is not set.
        MissingExtra: The library for a system is not installed.
    """
    return [_system(name, table) for name, table in policy.erasure.systems.items()]


def _system(name: str, table: SqlSystem | RedisSystem) -> ErasureSystem:
    url = os.environ.get(table.url_env, "")
    if not url:
        raise ConfigError(
            f"{table.url_env} is not set; erasure.systems.{name}.url_env in the policy names it",
            remedy="set it to the address of the system",
        )
    return SqlErasure(name, url, table) if isinstance(table, SqlSystem) else RedisErasure(name, url, table)


class SqlErasure:
    """Rows of one table of a database, such as prompt logs.

    Args:
        name: What certificates call it.
        url: Address, as SQLAlchemy has it.
        table: Which table, and which column holds the user's id.
    """

    def __init__(self, name: str, url: str, table: SqlSystem) -> None:
        try:
            import sqlalchemy
        except ImportError:
            raise MissingExtra("erasure in a database", extra="erasure") from None
        self.name = name
        self._sql = sqlalchemy
        self._engine = sqlalchemy.create_engine(url, hide_parameters=True)
        self._column: Any = sqlalchemy.column(table.column)
        self._table = sqlalchemy.table(table.table, self._column, schema=table.db_schema)

    def erase(self, subject: Subject) -> int:
        """Delete the rows, in one transaction."""
        with self._engine.begin() as connection:
            deleted = connection.execute(self._sql.delete(self._table).where(self._column == subject.user_id))
            return int(deleted.rowcount)

    def remaining(self, subject: Subject) -> int:
        """Rows with the id."""
        count = self._sql.select(self._sql.func.count()).select_from(self._table)
        with self._engine.connect() as connection:
            return int(connection.execute(count.where(self._column == subject.user_id)).scalar_one())


class RedisErasure:
    """Keys of a Redis database, such as a session cache.

    Args:
        name: What certificates call it.
        url: Address, such as ``redis://host:6379/0``.
        table: Patterns of the keys, with ``{user}`` for the user's id.
    """

    def __init__(self, name: str, url: str, table: RedisSystem) -> None:
        try:
            import redis
        except ImportError:
            raise MissingExtra("erasure in Redis", extra="erasure") from None
        self.name = name
        # Without a limit a server that does not answer would hold up the erasure of all systems behind it.
        self._client = redis.Redis.from_url(url, socket_connect_timeout=_SECONDS, socket_timeout=_SECONDS)
        self._patterns = table.patterns

    def erase(self, subject: Subject) -> int:
        """Delete the keys."""
        return sum(int(self._client.delete(key)) for key in list(self._keys(subject)))

    def remaining(self, subject: Subject) -> int:
        """Keys that match."""
        return sum(1 for _ in self._keys(subject))

    def _keys(self, subject: Subject) -> Iterator[bytes]:
        # Of the id nothing is a wildcard: an id "*" would be everybody's.
        user = re.sub(r"([\\*?\[\]^])", r"\\\1", subject.user_id)
        for pattern in self._patterns:
            yield from self._client.scan_iter(match=pattern.replace("{user}", user), count=1000)
