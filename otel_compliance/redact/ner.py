"""Names of people, organisations and places, found by a spaCy pipeline that the user supplies (the extra ``ner``).

A model guesses: it misses names, and takes other words for one. It is also a thousand times slower than the other
recognisers, so it is off unless the policy names a pipeline.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from threading import RLock
from typing import Any, Final

from otel_compliance.errors import MissingExtra, RedactionError
from otel_compliance.redact.recognize import Finding, Folded

MAX_CHARS: Final = 50_000
"""About a second of a small pipeline. A longer text is not inspected, so that it is not kept either."""

_TYPES: Final = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "ORG": "ORGANIZATION",
    "ORGANIZATION": "ORGANIZATION",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "LOCATION": "LOCATION",
    "FAC": "LOCATION",
}
"""Labels of OntoNotes 5 and of WikiNER, on which spaCy's pipelines are trained."""

_UNUSED: Final = ("tagger", "parser", "attribute_ruler", "lemmatizer", "morphologizer")
"""Parts of a pipeline that names do not need."""

# spaCy's tokenizer takes quadratic time for a row of characters without a blank, such as quotation marks.
_LONG_WORD: Final = re.compile(r"\S{65,}")
_CHUNK: Final = re.compile(r".{1,1000}(?=\s|\Z)|.{1,1000}", re.DOTALL)
_REDACTED: Final = re.compile(rb"\x82+")
_CONFIDENCE: Final = 0.6


# Not every component of a pipeline may be used by several threads at once. Reentrant, since a finalizer may end a span
# wherever the garbage collector runs it; new in a forked child, in which nobody would release that of the parent.
_lock = RLock()
os.register_at_fork(after_in_child=lambda: globals().update(_lock=RLock()))


class NamedEntityRecognizer:
    """``PERSON``, ``ORGANIZATION`` and ``LOCATION``.

    Args:
        pipeline: Name of an installed spaCy pipeline, such as ``en_core_web_sm``, or the path of one.

    Raises:
        MissingExtra: spaCy is not installed.
        RedactionError: There is no such pipeline, or it does not find entities.
    """

    entity_types = frozenset({"PERSON", "ORGANIZATION", "LOCATION"})
    hint = r"[A-Z][a-z]"

    def __init__(self, pipeline: str) -> None:
        self._pipeline = _load(pipeline)

    def find(self, folded: Folded) -> Iterator[Finding]:
        """The names.

        Raises:
            RedactionError: The text is too long.
        """
        if len(folded.text) > MAX_CHARS:
            raise RedactionError(f"a text of more than {MAX_CHARS} characters is not searched for names")
        chunks = [(match[0], match.start()) for match in _CHUNK.finditer(_readable(folded))]
        with _lock:
            for document, start in self._pipeline.pipe(chunks, as_tuples=True):
                for entity in document.ents:
                    if entity_type := _TYPES.get(entity.label_):
                        yield Finding(entity_type, start + entity.start_char, start + entity.end_char, _CONFIDENCE)


def _readable(folded: Folded) -> str:
    """The text with blanks for what stands for a value already, and nothing that the tokenizer is slow with."""
    text = folded.text
    for match in reversed(list(_REDACTED.finditer(folded.ascii))):
        text = f"{text[: match.start()]}{' ' * len(match[0])}{text[match.end() :]}"
    return _LONG_WORD.sub(lambda match: "x" * len(match[0]), text)


def _load(pipeline: str) -> Any:
    try:
        import spacy
    except ImportError:
        raise MissingExtra("names in texts (ner.pipeline in the policy)", extra="ner") from None
    try:
        loaded = spacy.load(pipeline, exclude=_UNUSED)
    except Exception as error:
        raise RedactionError(
            f"the spaCy pipeline {pipeline!r} (ner.pipeline in the policy) cannot be loaded: {type(error).__name__}",
            remedy="install it (python -m spacy download NAME), or give the path of one",
        ) from error
    if not {"ner", "entity_ruler", "span_ruler"} & set(loaded.pipe_names):
        raise RedactionError(
            f"the spaCy pipeline {pipeline!r} (ner.pipeline in the policy) finds no entities",
            remedy="use one with a component ner or entity_ruler",
        )
    return loaded
