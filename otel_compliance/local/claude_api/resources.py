"""Resources that are created, listed, changed and removed alike, whatever they are."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from otel_compliance.local.claude_api.answers import NOT_FOUND, Answer, document, now, page

Fields = Mapping[str, Any]
_ID: Final = "*"
"""Stands for any id in the path of a collection."""


def _as_given(body: Fields) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Kind:
    """What is particular about one kind of resource.

    Attributes:
        collection: Path of its collection below ``/v1``, where ``*`` stands for the id of a parent.
        type: Value of its field ``type``.
        prefix: What its ids begin with.
        defaults: Fields that it has when the request does not give them.
        shown: Makes fields of the resource from those of a request that creates or changes it. It leaves out secrets,
            which the API takes and never shows.
        actions: Name of an action to what it makes of the resource, which it may change; the result is the answer.
        parents: Field that has the id of each parent, outermost first.
        key: Field that its own path ends with.
        examples: Resources that are there from the beginning.
        once: Makes fields that only the answer to its creation has, such as a secret that is shown once.
        after: Called with the table, a resource and what happened to it: ``created``, ``modified`` or ``deleted``.
    """

    collection: str
    type: str
    prefix: str
    defaults: Fields = field(default_factory=dict)
    shown: Callable[[Fields], dict[str, Any]] = _as_given
    actions: Mapping[str, Callable[[dict[str, Any]], Fields]] = field(default_factory=dict)
    parents: Sequence[str] = ()
    key: str = "id"
    examples: Sequence[Fields] = ()
    once: Callable[[], Fields] = dict
    after: Callable[[Table, dict[str, Any], str], None] = lambda _table, _row, _operation: None

    def make(self, parent_ids: Sequence[str], fields: Fields) -> dict[str, Any]:
        """A new resource."""
        made = now()
        own = {"id": f"{self.prefix}_{secrets.token_hex(12)}"} if self.key == "id" else {}
        times = {"created_at": made, "updated_at": made, "archived_at": None}
        parents = dict(zip(self.parents, parent_ids, strict=True))
        row = {**own, "type": self.type, **times, **copy.deepcopy(dict(self.defaults)), **parents}
        return _merged(row, self.shown(fields))


class Table:
    """The resources of some kinds, in memory.

    Args:
        kinds: The kinds.
    """

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = kinds
        self._rows: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {}
        for kind in kinds:
            for example in kind.examples:
                self.create(kind.collection.split("/"), example)

    def answer(self, method: str, parts: Sequence[str], body: Fields) -> Answer:
        """The answer to a request.

        Args:
            method: HTTP method.
            parts: The path below ``/v1``, split.
            body: The decoded body.
        """
        if kind := self._kind(parts):
            if any(self.find(parts[:length]) is None for length in self._parents(parts)):
                return NOT_FOUND
            return self._collection(kind, method, parts, body)
        if (kind := self._kind(parts[:-1])) and (found := self.find(parts)):
            return self._one(kind, method, parts, found, body)
        if (kind := self._kind(parts[:-2])) and (found := self.find(parts[:-1])) and method == "POST":
            action = {"archive": archive, **kind.actions}.get(parts[-1])
            return document(_visible(action(found))) if action else NOT_FOUND
        return NOT_FOUND

    def rows(self, collection: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The resources of a collection, by id."""
        return self._rows.setdefault(tuple(collection), {})

    def find(self, parts: Sequence[str]) -> dict[str, Any] | None:
        """The resource at a path, if any."""
        return self.rows(parts[:-1]).get(parts[-1]) if parts else None

    def create(self, collection: Sequence[str], fields: Fields) -> dict[str, Any]:
        """Make a resource and keep it.

        Raises:
            KeyError: There is no such collection.
        """
        kind = self._kind(collection)
        if kind is None:
            raise KeyError("/".join(collection))
        row = kind.make([collection[length - 1] for length in self._parents(collection)], fields)
        kind.after(self, row, "created")
        self.rows(collection)[row[kind.key]] = row
        return row

    def _collection(self, kind: Kind, method: str, parts: Sequence[str], body: Fields) -> Answer:
        match method:
            case "GET":
                return page([_visible(row) for row in self.rows(parts).values()])
            case "POST":
                return document({**_visible(self.create(parts, body)), **kind.once()})
            case _:
                return NOT_FOUND

    def _one(self, kind: Kind, method: str, parts: Sequence[str], row: dict[str, Any], body: Fields) -> Answer:
        match method:
            case "GET":
                return document(_visible(row))
            case "DELETE":
                del self.rows(parts[:-1])[parts[-1]]
                kind.after(self, row, "deleted")
                return document(
                    {**{name: row[name] for name in (kind.key, *kind.parents)}, "type": f"{kind.type}_deleted"}
                )
            case _:
                row.update(_merged(row, kind.shown(body)), updated_at=now())
                kind.after(self, row, "modified")
                return document(_visible(row))

    def _parents(self, collection: Sequence[str]) -> list[int]:
        """How much of the path of a collection leads to each of its parents."""
        kind = self._kind(collection)
        pattern = kind.collection.split("/") if kind else []
        return [index + 1 for index, part in enumerate(pattern) if part == _ID]

    def _kind(self, collection: Sequence[str]) -> Kind | None:
        for kind in self._kinds:
            pattern = kind.collection.split("/")
            if len(pattern) == len(collection) and all(
                part in (_ID, given) for part, given in zip(pattern, collection, strict=True)
            ):
                return kind
        return None


def archive(row: dict[str, Any]) -> Fields:
    """Mark a resource as archived."""
    row["archived_at"] = now()
    return row


def _visible(row: Fields) -> Fields:
    """A resource without what it keeps to itself."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def _merged(old: Fields, new: Fields) -> dict[str, Any]:
    """Fields with changes; an object that is one of several types is replaced when its type changes."""
    return {**old, **{name: _replaced(old.get(name), value) for name, value in new.items()}}


def _replaced(old: Any, new: Any) -> Any:
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        return new
    return _merged(old, new) if new.get("type", old.get("type")) == old.get("type") else new
