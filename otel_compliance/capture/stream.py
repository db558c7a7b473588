"""Put a streamed response together from its events, within a bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

MAX_RETAINED_CHARS: Final = 1 << 20
"""Characters of one streamed answer that are kept for inspection; a longer answer fails closed."""

_WITHOUT_CONTENT: Final = ("content_block_stop", "ping")
_TEXT_DELTAS: Final = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "input_json_delta": "partial_json",
    "compaction_delta": "content",
}
"""Kinds of deltas that are pieces of one text, and the field with the piece."""

_OPAQUE_DELTA: Final = "signature_delta"
"""Bytes of the provider's own, in which nothing can be found."""

_TEXT_FIELDS: Final = {"text": "text", "thinking": "thinking", "compaction": "content"}
"""Kinds of content blocks and the field that their text belongs to; that of any other is its ``input``."""


class StreamAssembler:
    """Collects the events of one message stream. Not thread-safe: a stream has one reader at a time.

    Attributes:
        complete: Whether the final token counts arrived, in ``message_delta``.
        stopped: Whether ``message_stop`` arrived.
        retained: Characters that are kept.
        overflowed: Whether the answer was longer than `MAX_RETAINED_CHARS`, so that its content was dropped.
    """

    __slots__ = ("_blocks", "_message", "_texts", "complete", "overflowed", "retained", "stopped")

    def __init__(self) -> None:
        self._message: dict[str, Any] = {}
        self._blocks: dict[int, dict[str, Any]] = {}
        self._texts: dict[int, _Text] = {}
        self.retained = 0
        self.complete = False
        self.stopped = False
        self.overflowed = False

    @property
    def started(self) -> bool:
        """Whether ``message_start`` arrived."""
        return bool(self._message)

    def observe(self, event: Any) -> bool:
        """Take one event: a model of any version of the SDK, or decoded JSON.

        Returns:
            Whether it is an event of a message stream; other events are not taken.
        """
        get: Callable[..., Any] = dict.get if isinstance(event, dict) else getattr
        kind = get(event, "type", None)
        if kind == "content_block_delta":
            self._delta(get, get(event, "index", None), get(event, "delta", None))
            return True
        match kind:
            case "content_block_start":
                self._begin(get(event, "index", None), as_dict(get(event, "content_block", None)))
            case "message_start":
                self._message = as_dict(get(event, "message", None))
            case "message_delta":
                self._finish(as_dict(get(event, "delta", None)), as_dict(get(event, "usage", None)))
            case "message_stop":
                self.stopped = True
            case _:
                return kind in _WITHOUT_CONTENT
        return True

    def message(self) -> dict[str, Any]:
        """The message as far as it arrived, in the shape of a non-streamed response body.

        Without ``message_delta`` the output token count in ``message_start`` is a placeholder, so it is left out.
        """
        message = dict(self._message)
        message["content"] = [self._block(index) for index in sorted({*self._blocks, *self._texts})]
        if not self.complete and isinstance(message.get("usage"), dict):
            message["usage"] = {key: value for key, value in message["usage"].items() if key != "output_tokens"}
        return message

    def _begin(self, index: int, block: dict[str, Any]) -> None:
        if block.get("type") == "fallback" and isinstance(to := block.get("to"), Mapping):
            # From here on another model answers.
            self._message["model"] = to.get("model")
        if self._has_room(_weight(block)):
            self._blocks[index] = block

    def _delta(self, get: Callable[..., Any], index: int, delta: Any) -> None:
        field = _TEXT_DELTAS.get(get(delta, "type", None))
        if field is None:
            self._keep_whole(index, as_dict(delta))
            return
        piece = get(delta, field, None) or ""
        # Nearly all events of a stream come here, and each call of a function is time of the app's.
        self.retained += len(piece)
        if self.retained > MAX_RETAINED_CHARS:
            self._overflow()
            return
        text = self._texts.get(index)
        if text is None:
            text = self._texts[index] = _Text()
        text.pieces.append(piece)
        if len(text.pieces) > _MANY_PIECES:
            text.join()

    def _keep_whole(self, index: int, delta: dict[str, Any]) -> None:
        """Keep a delta that is no piece of a text: a citation, or what a newer API sends."""
        if delta.get("type") != _OPAQUE_DELTA and self._has_room(_weight(delta)):
            block = self._blocks.setdefault(index, {})
            if "citation" not in delta:
                block.setdefault("deltas", []).append(delta)
            elif block.get("citations"):
                block["citations"].append(delta["citation"])
            else:
                block["citations"] = [delta["citation"]]

    def _has_room(self, size: int) -> bool:
        """Count `size` characters more."""
        self.retained += size
        if self.retained > MAX_RETAINED_CHARS:
            self._overflow()
        return not self.overflowed

    def _overflow(self) -> None:
        self.overflowed = True
        self._blocks.clear()
        self._texts.clear()

    def _finish(self, delta: dict[str, Any], usage: dict[str, Any]) -> None:
        self._message["stop_reason"] = delta.get("stop_reason")
        usage = {key: value for key, value in usage.items() if value is not None}
        # The counts are cumulative: they replace those of message_start, they are not added to them.
        self._message["usage"] = {**self._message.get("usage", {}), **usage}
        self.complete = True

    def _block(self, index: int) -> dict[str, Any]:
        block = dict(self._blocks.get(index, {}))
        text = self._texts[index].whole() if index in self._texts else ""
        field = _TEXT_FIELDS.get(str(block.get("type")))
        if field is not None:
            block[field] = f"{block.get(field) or ''}{text}"
        elif text:
            block["input"] = text
        return block


class _Text:
    """A text that comes in pieces. Short strings take many times the memory of what they hold: they are joined."""

    __slots__ = ("_joined", "pieces")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._joined: list[str] = []

    def join(self) -> None:
        self._joined.append("".join(self.pieces))
        self.pieces.clear()

    def whole(self) -> str:
        return "".join((*self._joined, *self.pieces))


def as_dict(model: Any) -> dict[str, Any]:
    """A model of the SDK, or decoded JSON, as a mapping with the API's own names."""
    if isinstance(model, dict):
        return dict(model)
    dumped: dict[str, Any] = model.model_dump(mode="json", by_alias=True, warnings=False)
    return dumped


_MANY_PIECES: Final = 256
"""Pieces of a text that are kept apart."""

_ITEM_CHARS: Final = 16
"""What a value counts for besides its text, so that many empty ones are bounded, too."""


def _weight(value: Any) -> int:
    """How many characters a decoded value counts for."""
    if isinstance(value, str):
        return _ITEM_CHARS + len(value)
    if isinstance(value, dict):
        return _ITEM_CHARS + sum(map(_weight, value.values()))
    if isinstance(value, list):
        return _ITEM_CHARS + sum(map(_weight, value))
    return _ITEM_CHARS
