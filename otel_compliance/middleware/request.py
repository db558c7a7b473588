"""What a request says about its sender: the part that both interfaces share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address
from typing import Final, Generic, TypeVar

MAX_CHARS: Final = 256
"""Longest header value that is used. Identifiers are shorter; what is longer was not set by a gateway."""

_FORWARDED_FOR: Final = "x-forwarded-for"

App = TypeVar("App")
HeaderValues = Callable[[str], list[bytes]]
"""All values of the header of this lower-case name, in the order in which they were received."""


class CallerMiddleware(Generic[App]):
    """Reads the caller from headers that the app names, since anybody can send a header.

    Name only headers that your gateway sets, and that it removes when a client sends them. A value is ignored when
    it is longer than 256 characters, has characters that cannot be printed, or came more than once.

    Args:
        app: The app that is wrapped.
        user_header: Header with the end user's id.
        team_header: Header with the team that owns the call.
        session_header: Header with the id of the caller's session.
        purpose_header: Header with the purpose of processing.
        jurisdiction_header: Header with the ISO 3166-1 alpha-2 code of the data subject's country.
        trusted_proxies: How many proxies stand in front, each of which adds the address of its own peer to
            ``X-Forwarded-For``. The client's address is the entry that many from the right; the socket's peer when
            it is 0, or when that entry is missing or is no address.

    Raises:
        ValueError: `trusted_proxies` is negative.
    """

    def __init__(
        self,
        app: App,
        *,
        user_header: str | None = None,
        team_header: str | None = None,
        session_header: str | None = None,
        purpose_header: str | None = None,
        jurisdiction_header: str | None = None,
        trusted_proxies: int = 0,
    ) -> None:
        if trusted_proxies < 0:
            raise ValueError("trusted_proxies is a number of proxies and cannot be negative")
        self._app = app
        self._trusted_proxies = trusted_proxies
        named = {
            "user_id": user_header,
            "team_id": team_header,
            "session_id": session_header,
            "purpose": purpose_header,
            "jurisdiction": jurisdiction_header,
        }
        self._headers = {field: header.lower() for field, header in named.items() if header}

    def _read_caller(self, values: HeaderValues, peer: str | None) -> Mapping[str, str]:
        """The arguments of `otel_compliance.context`, as far as the request has them."""
        found = {field: _only_usable(values(header)) for field, header in self._headers.items()}
        found["source_ip"] = self._forwarded_address(values) or _address(peer or "")
        return {field: value for field, value in found.items() if value}

    def _forwarded_address(self, values: HeaderValues) -> str | None:
        if not self._trusted_proxies:
            return None
        entries = b",".join(values(_FORWARDED_FOR)).split(b",")
        if len(entries) < self._trusted_proxies:
            return None
        return _address(entries[-self._trusted_proxies].decode("latin-1").strip())


def _only_usable(values: list[bytes]) -> str | None:
    """The value, when there is exactly one: of two, one may be the client's own and the other the gateway's."""
    if len(values) != 1:
        return None
    # Only the white space that HTTP allows around a value: `strip` would take control characters along.
    text = _decoded(values[0]).strip(" \t")
    return text if len(text) <= MAX_CHARS and text.isprintable() else None


def _decoded(value: bytes) -> str:
    """Gateways send names in UTF-8; the protocol itself knows only bytes."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _address(text: str) -> str | None:
    """An IP address, without the port and the zone that may follow it; `None` for a path or for ``unknown``."""
    host = text
    if text.startswith("["):
        host = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        host = text.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        # A server that listens on IPv6 alone sees IPv4 clients as ``::ffff:203.0.113.9``. A zone (``fe80::1%eth0``)
        # means something on one host only, and may be any text; the number of the address is without it.
        return str(address.ipv4_mapped or IPv6Address(int(address)))
    return str(address)
