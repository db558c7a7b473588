"""Names by a spaCy pipeline: a small one with rules, made here, stands for the user's."""

import builtins
import logging
import os
from pathlib import Path
from typing import Any

import pytest
import spacy

from otel_compliance import health, instrument, uninstrument
from otel_compliance.errors import MissingExtra, PolicyError, RedactionError
from otel_compliance.keys import KeyRing
from otel_compliance.policy import Policy
from otel_compliance.redact import Redactor, ner

KEYS = KeyRing(bytes(range(32)))


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a pipeline that knows a few names."""
    nlp = spacy.blank("en")
    rules: Any = nlp.add_pipe("entity_ruler")
    names = {"PERSON": ("Jane Doe", "Zoë Müller"), "ORG": ("Globex",), "GPE": ("Springfield",), "DATE": ("Monday",)}
    rules.add_patterns([{"label": label, "pattern": name} for label, known in names.items() for name in known])
    path = tmp_path_factory.mktemp("pipeline") / "names"
    nlp.to_disk(path)
    return str(path)


def redactor(pipeline: str) -> Redactor:
    """A redactor whose policy names the pipeline."""
    return Redactor(KEYS, policy=policy(pipeline))


def policy(pipeline: str) -> Policy:
    """A policy that asks for names."""
    return Policy.parse(f"version = 1\n[ner]\npipeline = '{pipeline}'\n")


def found(redacted: Redactor, text: str) -> list[tuple[str, str]]:
    """(type, text) of each finding."""
    return [(item.type, text[item.start : item.end]) for item in redacted.find(text)]


def test_names_are_found_beside_everything_else(pipeline: str) -> None:
    """People, organisations and places have their types and offsets; what the pipeline knows besides is left alone."""
    text = "On Monday Jane Doe of Globex (jane.doe@example.com) met Zoë Müller in Springfield."
    assert found(redactor(pipeline), text) == [
        ("PERSON", "Jane Doe"),
        ("ORGANIZATION", "Globex"),
        ("EMAIL", "jane.doe@example.com"),
        ("PERSON", "Zoë Müller"),
        ("LOCATION", "Springfield"),
    ]
    assert found(Redactor(KEYS), text) == [("EMAIL", "jane.doe@example.com")]


def test_names_are_found_throughout_a_long_text(pipeline: str) -> None:
    """A text is cut for the pipeline between words, and offsets are those of the whole."""
    text = "and then Jane Doe came home " * 400
    assert len(text) > 10_000
    assert found(redactor(pipeline), text) == [("PERSON", "Jane Doe")] * 400


def test_redacting_again_changes_nothing(pipeline: str) -> None:
    """What stands for a name is none."""
    once = redactor(pipeline).redact("Jane Doe, Springfield").text
    assert once == f"{KEYS.token('PERSON', 'Jane Doe')}, {KEYS.token('LOCATION', 'Springfield')}"
    assert redactor(pipeline).redact(once).text == once


def test_a_name_makes_its_class(pipeline: str) -> None:
    """The policy gives people a class, and places none above the default."""
    assert policy(pipeline).classify({"PERSON": 1}, set()).value == "CONFIDENTIAL"
    assert policy(pipeline).classify({"LOCATION": 1, "ORGANIZATION": 1}, set()).value == "INTERNAL"


def test_a_text_that_is_too_long_is_dropped(pipeline: str) -> None:
    """Beyond the limit nothing is known of names, so that nothing is kept."""
    before = health.swallowed().get(("redact.value", "RedactionError"), 0)
    redacted = redactor(pipeline).redact_value({"text": "Jane Doe " * (ner.MAX_CHARS // 9 + 1)})
    assert (redacted.failed, "Jane" in str(redacted.value)) == (True, False)
    assert health.swallowed()["redact.value", "RedactionError"] == before + 1


@pytest.mark.parametrize("text", ['"' * 40_000, "a" * 40_000, "🙂" * 40_000, "((((" * 10_000, '" ' * 20_000])
def test_hostile_texts_do_not_hang(pipeline: str, text: str) -> None:
    """Rows of characters that spaCy's tokenizer takes minutes for are no words."""
    assert found(redactor(pipeline), f"{text} Jane Doe")[-1] == ("PERSON", "Jane Doe")


def test_a_pipeline_that_is_not_there_is_explained(tmp_path: Path) -> None:
    """A wrong name, a pipeline that finds no entities and a wrong type are errors that name the policy's key."""
    with pytest.raises(RedactionError, match=r"'no_such' \(ner.pipeline in the policy\) cannot be loaded: OSError"):
        redactor("no_such")
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(RedactionError, match="finds no entities"):
        redactor(str(tmp_path / "blank"))
    with pytest.raises(PolicyError, match=r"key ner.pipeline has value 7: Input should be a valid string"):
        Policy.parse("version = 1\n[ner]\npipeline = 7\n")


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy that asks for names where spaCy is not installed says what to install."""
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "spacy":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingExtra) as caught:
        redactor("en_core_web_sm")
    assert caught.value.remedy == "pip install 'otel-compliance[ner]'"


def test_an_app_starts_without_content_when_the_engine_cannot_load(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A pipeline that is not there refuses content, loudly; calls are recorded all the same."""
    monkeypatch.setenv("OTEL_COMPLIANCE_STORE", "none")
    monkeypatch.setenv("OTEL_COMPLIANCE_CONTENT", "redacted")
    with caplog.at_level(logging.ERROR):
        instrument(policy=policy("no_such"))
    try:
        assert "the built-in recognisers alone, and no content" in caplog.text
    finally:
        uninstrument()
    assert "OTEL_COMPLIANCE_STORE" in os.environ
