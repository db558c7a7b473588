"""``otel-compliance content``: the redacted content of a call, for who may read the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from otel_compliance.cli.answer import Answer, ExitCode, printable
from otel_compliance.cli.session import opened_store
from otel_compliance.config import Settings

if TYPE_CHECKING:
    from otel_compliance.store.content import Content

Trace = Annotated[str, typer.Argument(help="The trace's id, as `otel-compliance calls --json` and Grafana show it.")]


def content(trace_id: Trace) -> Answer:
    """Show what is kept of the prompts and answers of a trace: redacted, and decrypted with the keys of this machine.

    What was erased, or belongs to keys that are elsewhere, is shown as such. The exit code is 1 when there is nothing
    to show.

    Example: otel-compliance content 0af7651916cd43dd8448eb211c80319c
    """
    from rich.console import Group
    from rich.text import Text

    from otel_compliance.store.content import ContentReader

    settings = Settings.from_env()
    with opened_store(settings) as store:
        found = list(ContentReader.from_settings(store, settings).of_trace(trace_id))
    if not found:
        view: Any = Text("No content is kept of this trace.")
    else:
        view = Group(*(part for item in found for part in _shown(item)))
    readable = any(item.value is not None for item in found)
    return Answer(
        document={"trace_id": trace_id, "content": [_document(item) for item in found]},
        view=view,
        code=ExitCode.OK if readable else ExitCode.FOUND,
    )


def _document(item: Content) -> dict[str, Any]:
    return {
        "span_id": item.span_id,
        "user": item.user_id,
        "name": item.name,
        "erased": item.value is None,
        "value": item.value,
    }


def _shown(item: Content) -> list[Any]:
    import json

    from rich.text import Text

    title = Text(f"{item.name}  span {item.span_id}  {item.user_id}".rstrip(), style="bold")
    if item.value is None:
        return [title, Text("erased, or encrypted with a key that is not here\n", style="dim")]
    return [title, Text(printable(json.dumps(item.value, ensure_ascii=False, indent=2)) + "\n")]
