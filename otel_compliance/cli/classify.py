"""``otel-compliance classify``: what the engine finds in a text, and which class that makes."""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from otel_compliance.classification import Classification
from otel_compliance.cli.answer import Answer, ExitCode, plain_table, printable
from otel_compliance.errors import ComplianceError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from otel_compliance.policy import Policy
    from otel_compliance.redact import Finding, Redacted, Redactor

_STYLES: Final = {
    Classification.PUBLIC: "",
    Classification.INTERNAL: "",
    Classification.CONFIDENTIAL: "black on yellow",
    Classification.RESTRICTED: "bold white on red",
}

_REFUSED: Final[dict[str, Any]] = {
    "classification": Classification.RESTRICTED.value,
    "findings": [],
    "redacted": "[REDACTED:failed]",
}
"""The answer to a text that could not be inspected."""

File = Annotated[
    Path | None, typer.Argument(help="A text file; standard input when left out or '-'.", show_default=False)
]
JsonLines = Annotated[
    bool, typer.Option("--jsonl", help='Read {"id", "text"} on each line of standard input, and answer each with one.')
]


def classify(file: File = None, jsonl: JsonLines = False) -> Answer:
    """Show what is found in a text, what it is replaced by, and the class that the policy gives it.

    The policy of OTEL_COMPLIANCE_POLICY applies, or the built-in one. Nothing is stored. With --jsonl each line of
    standard input is a JSON object with "id" and "text", and each line of standard output one with "id",
    "classification", "findings" (type, start, end, confidence; offsets in characters) and "redacted"; a line that is no
    such object is answered with "error", and so is a text that cannot be inspected, which counts as RESTRICTED.

    Example: echo 'Write to jane.doe@example.com' | otel-compliance classify
    """
    inspector = _Inspector.from_environment()
    if jsonl:
        if file is not None:
            raise typer.BadParameter("--jsonl reads standard input; leave out FILE")
        raise typer.Exit(_answer_lines(inspector))
    source = str(file) if file is not None and str(file) != "-" else "standard input"
    result = inspector.inspect(_read(file, source))
    return Answer(document={"source": source, **result.document()}, view=result.view())


@dataclass(frozen=True, slots=True)
class _Result:
    """What was found in one text, and what that makes it."""

    text: str
    redacted: Redacted
    classification: Classification
    classes: dict[str, Classification]

    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "classification": self.classification.value,
            "findings": [_finding(item) for item in self.redacted.findings],
            "redacted": self.redacted.text,
        }

    def view(self) -> RenderableType:
        """The text with its findings highlighted, and why it has its class."""
        from rich.console import Group
        from rich.text import Text

        shown = Text(printable(self.text))
        for finding in self.redacted.findings:
            shown.stylize(_STYLES[self.classes[finding.type]], finding.start, finding.end)
        table = plain_table("type", "found", "class", "example replaced by", right=("found",))
        examples: dict[str, str] = {}
        for finding, stand_in in zip(self.redacted.findings, self.redacted.stand_ins, strict=True):
            examples.setdefault(finding.type, stand_in)
        for name, count in sorted(Counter(item.type for item in self.redacted.findings).items()):
            table.add_row(name, str(count), self.classes[name].value, examples[name])
        verdict = Text.assemble("Class: ", (self.classification.value, _STYLES[self.classification] or "bold"))
        if not self.redacted.findings:
            verdict.append(" (nothing was found; the policy's default)")
        return Group(shown, Text(), table, Text(), verdict) if self.redacted.findings else Group(shown, Text(), verdict)


@dataclass(frozen=True, slots=True)
class _Inspector:
    """The engine with the policy in force."""

    redactor: Redactor
    policy: Policy

    @classmethod
    def from_environment(cls) -> _Inspector:
        """As the variables of the environment say.

        Raises:
            ComplianceError: One of them, the policy or the key is wrong.
        """
        from otel_compliance.instrumentation.configuration import Configuration
        from otel_compliance.redact import Redactor

        configuration = Configuration.load()
        return cls(Redactor(configuration.keys, policy=configuration.policy), configuration.policy)

    def inspect(self, text: str) -> _Result:
        """Look into `text`."""
        from otel_compliance.redact import SECRET_TYPES

        redacted = self.redactor.redact(text)
        counts = Counter(item.type for item in redacted.findings)
        classes = {name: self.policy.classify_type(name, count, SECRET_TYPES) for name, count in counts.items()}
        return _Result(text, redacted, self.policy.classify(counts, SECRET_TYPES), classes)


def _finding(item: Finding) -> dict[str, Any]:
    return {"type": item.type, "start": item.start, "end": item.end, "confidence": item.confidence}


def _read(file: Path | None, source: str) -> str:
    """The text, with what is not UTF-8 kept as surrogates.

    Raises:
        ComplianceError: The file cannot be read.
    """
    try:
        data = sys.stdin.buffer.read() if file is None or str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise ComplianceError(f"{source}: cannot be read: {error.strerror}", remedy="name a readable file") from error
    return data.decode("utf-8", "surrogateescape")


def _answer_lines(inspector: _Inspector) -> ExitCode:
    """Answer each line as it comes, in order; whether all of them could be."""
    code = ExitCode.OK
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        answer, problem = _answer(inspector, line)
        if problem:
            code = ExitCode.FOUND
            answer["error"] = f"line {number}: {problem}"
            sys.stderr.write(f"otel-compliance classify: line {number}: {problem}\n")
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return code


def _answer(inspector: _Inspector, line: bytes) -> tuple[dict[str, Any], str]:
    """(the answer to a line, what is wrong with it or nothing)."""
    try:
        document = json.loads(line, parse_constant=_no_json, parse_float=_finite)
    except (ValueError, RecursionError):
        return {"id": None}, "not a JSON document"
    if not isinstance(document, dict):
        return {"id": None}, 'not a JSON object with "id" and "text"'
    name, text = document.get("id"), document.get("text")
    if not isinstance(text, str):
        return {"id": name}, 'the key "text" is missing or not a string'
    try:
        return {"id": name, **inspector.inspect(text).document()}, ""
    except Exception as error:  # noqa: BLE001 - the other texts are answered all the same
        return {"id": name, **_REFUSED}, f"the text could not be inspected: {type(error).__name__}"


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_json(text)


def _no_json(_: str) -> float:
    """What Python reads and writes, and JSON does not have, such as ``NaN``."""
    raise ValueError
