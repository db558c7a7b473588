"""Writing the audit log: files, log records, forks, threads, faults."""

import logging
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
import structlog
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.trace import SpanContext, TraceFlags

from otel_compliance import health
from otel_compliance.audit import AuditLog, from_row, read_chain_file, verify
from otel_compliance.names import Event

SPAN = SpanContext(trace_id=7, span_id=9, is_remote=False, trace_flags=TraceFlags(1))


@pytest.fixture
def provider() -> tuple[LoggerProvider, InMemoryLogRecordExporter]:
    """A logger provider, and what it exports."""
    provider, exporter = LoggerProvider(shutdown_on_exit=False), InMemoryLogRecordExporter()
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    return provider, exporter


def only_file(directory: Path) -> Path:
    """The one chain of a folder."""
    [path] = directory.iterdir()
    return path


def test_file_and_log_records_have_the_same_events(tmp_path: Path, provider: Any) -> None:
    """Both copies verify, and are the same."""
    log = AuditLog(directory=tmp_path, logger_provider=provider[0], attributes={"service.name": "app"})
    log.record(
        Event.REQUEST,
        {"text": "ä", "flag": True, "count": 3, "share": 1.0, "list": ("a", "b"), "none": None},
        span_context=SPAN,
    )
    log.close()
    in_file, problems = read_chain_file(only_file(tmp_path))
    assert (problems, verify(in_file).problems) == ([], ())
    assert [event.event for event in in_file] == [
        "compliance.chain.opened",
        "claude.api.request",
        "compliance.chain.closed",
    ]
    assert in_file[0].facts["service.name"] == "app"
    assert in_file[1].facts == {"text": "ä", "flag": "true", "count": "3", "share": "1", "list": '["a","b"]'}
    assert (in_file[1].trace_id, in_file[1].span_id) == (f"{7:032x}", f"{9:016x}")
    rows = [
        {
            "ChainId": record.attributes["compliance.audit.chain.id"],
            "Seq": record.attributes["compliance.audit.sequence"],
            "PrevHash": record.attributes["compliance.audit.prev"],
            "Hash": record.attributes["compliance.audit.hash"],
            "LogAttributes": {name: str(value) for name, value in record.attributes.items()},
            "EventName": record.event_name,
            "TimestampNs": record.timestamp,
            "TraceId": f"{record.trace_id:032x}" if record.trace_id else "",
            "SpanId": f"{record.span_id:016x}" if record.span_id else "",
        }
        for record in (item.log_record for item in provider[1].get_finished_logs())
    ]
    assert [from_row(row) for row in rows] == in_file


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Nobody else can read the folder or the file."""
    AuditLog(directory=tmp_path / "audit").close()
    assert stat.S_IMODE((tmp_path / "audit").stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(tmp_path / "audit").stat().st_mode) == 0o600


def test_an_open_end_is_told_from_damage(tmp_path: Path) -> None:
    """A chain of a running process has no closing event, and is intact all the same."""
    log = AuditLog(directory=tmp_path)
    report = verify(read_chain_file(only_file(tmp_path))[0])
    assert [problem.kind for problem in report.problems] == ["open_end"]
    assert report.intact
    log.close()
    log.close()
    assert verify(read_chain_file(only_file(tmp_path))[0]).problems == ()


def test_nothing_is_recorded_after_closing(tmp_path: Path) -> None:
    """An event that comes too late is dropped, not written behind the closing event."""
    log = AuditLog(directory=tmp_path)
    log.close()
    log.record(Event.REQUEST, {})
    assert len(read_chain_file(only_file(tmp_path))[0]) == 2


def test_threads_write_one_order_without_gaps(tmp_path: Path) -> None:
    """Events of many threads form one chain."""
    log = AuditLog(directory=tmp_path)

    def work(name: int) -> None:
        for number in range(200):
            log.record(Event.REQUEST, {"thread": name, "number": number})

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    events, problems = read_chain_file(only_file(tmp_path))
    assert (len(events), problems, verify(events).problems) == (1602, [], ())


def test_an_event_from_within_recording_waits_its_turn(tmp_path: Path) -> None:
    """The garbage collector may end a dropped stream while an event is written: no deadlock, no gap."""
    log: AuditLog

    class Nested:
        def __str__(self) -> str:
            log.record(Event.REQUEST, {"nested": 1})
            return "outer"

    log = AuditLog(directory=tmp_path)
    nested: Any = Nested()
    log.record(Event.REQUEST, {"outer": nested})
    log.close()
    events, _ = read_chain_file(only_file(tmp_path))
    assert [event.facts for event in events[1:3]] == [{"outer": "outer"}, {"nested": "1"}]
    assert verify(events).problems == ()


def test_a_forked_child_has_a_chain_of_its_own(tmp_path: Path) -> None:
    """The child names its parent's chain and writes to its own file."""
    log = AuditLog(directory=tmp_path)
    parent_file = only_file(tmp_path)
    child = os.fork()
    if child == 0:
        log.record(Event.REQUEST, {"from": "child"})
        log.close()
        os._exit(0)
    os.waitpid(child, 0)
    log.record(Event.REQUEST, {"from": "parent"})
    log.close()
    [child_file] = set(tmp_path.iterdir()) - {parent_file}
    parent_events, child_events = read_chain_file(parent_file)[0], read_chain_file(child_file)[0]
    assert (verify(parent_events).problems, verify(child_events).problems) == ((), ())
    assert parent_events[1].facts == {"from": "parent"}
    assert child_events[0].facts["compliance.audit.parent"] == parent_events[0].chain
    assert child_events[1].facts == {"from": "child"}


def test_without_a_file_the_records_go_on(tmp_path: Path, provider: Any) -> None:
    """A folder that cannot be made is counted; log records are emitted, and their chain verifies."""
    blocked = tmp_path / "file"
    blocked.touch()
    before = health.swallowed().get(("audit.file", "NotADirectoryError"), 0)
    log = AuditLog(directory=blocked / "audit", logger_provider=provider[0])
    log.record(Event.REQUEST, {})
    log.close()
    assert [item.log_record.event_name for item in provider[1].get_finished_logs()] == [
        "compliance.chain.opened",
        "claude.api.request",
        "compliance.chain.closed",
    ]
    assert health.swallowed()["audit.file", "NotADirectoryError"] == before + 1


def test_a_full_disk_leaves_an_honest_gap(tmp_path: Path, provider: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that the disk refuses is missing in the file, and there in the log records."""
    log = AuditLog(directory=tmp_path, logger_provider=provider[0])

    def full(*args: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    log.record(Event.REQUEST, {"lost": 1})
    monkeypatch.undo()
    log.close()
    events = read_chain_file(only_file(tmp_path))[0]
    assert [(problem.kind, problem.seq) for problem in verify(events).problems] == [("missing", 1)]
    assert len(provider[1].get_finished_logs()) == 3


def test_a_broken_provider_leaves_the_file(tmp_path: Path) -> None:
    """If log records cannot be emitted, the file has every event."""

    class Broken:
        def get_logger(self, name: str) -> Any:
            return self

        def emit(self, record: Any) -> None:
            raise LookupError(record.body)

    log = AuditLog(directory=tmp_path, logger_provider=Broken())
    log.record(Event.REQUEST, {})
    log.close()
    assert verify(read_chain_file(only_file(tmp_path))[0]).problems == ()


def test_the_apps_logging_is_left_alone(tmp_path: Path) -> None:
    """Neither structlog's configuration nor the root logger changes."""
    configured, handlers = structlog.get_config(), list(logging.getLogger().handlers)
    AuditLog(directory=tmp_path).close()
    assert (structlog.get_config(), logging.getLogger().handlers) == (configured, handlers)
