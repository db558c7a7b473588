"""The attributes of spans, replaced: at once, or when somebody reads them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from opentelemetry.attributes import BoundedAttributes

from otel_compliance import health
from otel_compliance.classification import Classification
from otel_compliance.names import Attr
from otel_compliance.redact.cut import fitted

FAILED: Final = {Attr.REDACTION_STATUS.value: "failed", Attr.CLASSIFICATION.value: Classification.RESTRICTED.value}
"""What is said of a span or log record of which something could not be redacted."""

_PATIENCE_SECONDS: Final = 10.0
"""How long a reader waits for another thread that is putting the attributes together."""


def replaced_attributes(original: Any, attributes: dict[str, Any]) -> BoundedAttributes:
    """New attributes under the limits of the ones they replace.

    Args:
        original: The `BoundedAttributes` of a span, an event or a link; anything else has no limits.
        attributes: What replaces them. Belongs to the result afterwards.
    """
    maxlen, max_value_len = getattr(original, "maxlen", None), getattr(original, "max_value_len", None)
    if max_value_len is not None:
        # The SDK would cut JSON anywhere.
        attributes = {name: fitted(value, max_value_len) for name, value in attributes.items()}
    is_full = maxlen is not None and len(attributes) > maxlen
    if is_full or max_value_len is not None or any(type(value) in (list, dict) for value in attributes.values()):
        replaced = BoundedAttributes(maxlen=maxlen, attributes=attributes, max_value_len=max_value_len)
    else:
        replaced = BoundedAttributes(maxlen=maxlen)
        # Scalars and tuples come from cleaned attributes or from here; to clean them again takes longer than the rest.
        replaced._dict = attributes
    replaced.dropped += getattr(original, "dropped", 0)
    return replaced


class DeferredAttributes(BoundedAttributes):
    """Attributes of an ended span that are redacted when they are first read, by an exporter on its own thread.

    Whoever reads gets the redacted ones, or waits for the thread that is at them; there is no way to the raw ones.
    What fails, or takes too long, leaves no attribute but those that say so.

    Args:
        original: The raw attributes.
        redacted: Makes their replacement; called once, on the thread of the first reader.
    """

    _dict: dict[str, Any]

    def __init__(self, original: BoundedAttributes, redacted: Callable[[BoundedAttributes], BoundedAttributes]) -> None:
        # Reentrant: a finalizer on the same thread may read the span, too.
        self._making = threading.RLock()
        self._made: dict[str, Any] | None = {}
        super().__init__(maxlen=original.maxlen, max_value_len=original.max_value_len)
        self._source: tuple[BoundedAttributes, Callable[[BoundedAttributes], BoundedAttributes]] | None
        self._source = (original, redacted)
        self.dropped = original.dropped
        self._made = None

    @property  # type: ignore[no-redef] # every method of the base class reads or sets this one
    def _dict(self) -> dict[str, Any]:
        if self._made is not None:
            return self._made
        if not self._making.acquire(timeout=_PATIENCE_SECONDS):
            return dict(FAILED)
        try:
            return self._make()
        finally:
            self._making.release()

    @_dict.setter
    def _dict(self, value: dict[str, Any]) -> None:
        self._made = value

    def _make(self) -> dict[str, Any]:
        source, self._source = self._source, None
        if source is not None:
            original, redacted = source
            try:
                replacement = redacted(original)
                self.dropped = replacement.dropped
                self._made = replacement._dict
            except Exception as error:  # noqa: BLE001 - what cannot be redacted is dropped
                health.swallow("redact.attributes", error)
                self._made = dict(FAILED)
        return self._made if self._made is not None else dict(FAILED)
