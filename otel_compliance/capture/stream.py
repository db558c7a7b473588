"""Put a streamed response together from its events, within a bound."""

from __future__ import annotations

from typing import Any, Final

MAX_RETAINED_CHARS: Final = 1 << 20
"""Characters of one streamed answer that are kept for inspection; a longer answer fails closed."""

_WITHOUT_CONTENT: Final = ("content_block_stop", "ping")
_TEXT_DELTAS: Final = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


class StreamAssembler:
    """Collects the events of one message stream. Not thread-safe: a stream has one reader at a time.

    Attributes:
        complete: Whether the final token counts arrived, in ``message_delta``.
        stopped: Whether ``message_stop`` arrived.
        retained: Characters of text that are kept.
        overflowed: Whether the answer was longer than `MAX_RETAINED_CHARS`, so that its text was dropped.
    """

    __slots__ = ("_blocks", "_message", "_pieces", "complete", "overflowed", "retained", "stopped")

    def __init__(self) -> None:
        self._message: dict[str, Any] = {}
        self._blocks: dict[int, dict[str, Any]] = {}
        self._pieces: dict[int, list[str]] = {}
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
        match _field(event, "type"):
            case "content_block_delta":
                self._delta(_field(event, "index"), _field(event, "delta"))
            case "content_block_start":
                self._blocks[_field(event, "index")] = as_dict(_field(event, "content_block"))
            case "message_start":
                self._message = as_dict(_field(event, "message"))
            case "message_delta":
                self._finish(event)
            case "message_stop":
                self.stopped = True
            case kind:
                return kind in _WITHOUT_CONTENT
        return True

    def message(self) -> dict[str, Any]:
        """The message as far as it arrived, in the shape of a non-streamed response body.

        Without ``message_delta`` the output token count in ``message_start`` is a placeholder, so it is left out.
        """
        message = dict(self._message)
        message["content"] = [self._block(index) for index in sorted(self._blocks)]
        if not self.complete and isinstance(message.get("usage"), dict):
            message["usage"] = {key: value for key, value in message["usage"].items() if key != "output_tokens"}
        return message

    def _delta(self, index: int, delta: Any) -> None:
        field = _TEXT_DELTAS.get(_field(delta, "type"))
        if field is None or self.overflowed:
            return
        piece = _field(delta, field)
        self.retained += len(piece)
        if self.retained > MAX_RETAINED_CHARS:
            self.overflowed = True
            self._pieces.clear()
            return
        self._pieces.setdefault(index, []).append(piece)

    def _finish(self, event: Any) -> None:
        self._message["stop_reason"] = _field(_field(event, "delta"), "stop_reason")
        usage = {key: value for key, value in as_dict(_field(event, "usage")).items() if value is not None}
        # The counts are cumulative: they replace those of message_start, they are not added to them.
        self._message["usage"] = {**self._message.get("usage", {}), **usage}
        self.complete = True

    def _block(self, index: int) -> dict[str, Any]:
        block = dict(self._blocks[index])
        text = "".join(self._pieces.get(index, ()))
        match block.get("type"):
            case "text":
                block["text"] = text
            case "thinking":
                block["thinking"] = text
            case _ if text:
                block["input"] = text
        return block


def _field(event: Any, name: str) -> Any:
    return event.get(name) if isinstance(event, dict) else getattr(event, name, None)


def as_dict(model: Any) -> dict[str, Any]:
    """A model of the SDK, or decoded JSON, as a mapping."""
    if isinstance(model, dict):
        return dict(model)
    dumped: dict[str, Any] = model.model_dump(mode="json", warnings=False)
    return dumped
