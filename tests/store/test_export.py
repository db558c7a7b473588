"""Rows for other tools, whatever a producer stored."""

import io
import json

import pyarrow.parquet
import pytest

from otel_compliance.store.client import Store
from otel_compliance.store.export import SOURCES, Format, Selection, export


@pytest.mark.parametrize("output_format", [Format.JSONL, Format.PARQUET])
def test_what_is_no_unicode_is_readable_all_the_same(store: Store, output_format: Format) -> None:
    """Bytes that are no UTF-8 become the character that says so; a zero byte stays."""
    store.command("INSERT INTO otel_traces (Timestamp, SpanName) SELECT now64(9), concat('a', unhex('ff00fe'))")
    with export(store, Selection(SOURCES["spans"], columns=("SpanName",)), output_format) as pieces:
        data = b"".join(pieces)
    if output_format is Format.JSONL:
        rows = [json.loads(line) for line in data.splitlines()]
    else:
        rows = pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist()
    assert rows == [{"SpanName": "a\ufffd\0\ufffd"}]
