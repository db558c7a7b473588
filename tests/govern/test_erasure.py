"""One person is gone from every system, the audit chains still verify, and what failed is never called done."""

import concurrent.futures
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from fakeredis import TcpFakeServer
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Link, SpanContext

from otel_compliance import health
from otel_compliance.audit import AuditLog, from_row, read_chain_file, verify
from otel_compliance.cli.session import sql
from otel_compliance.config import Settings
from otel_compliance.errors import ConfigError, PolicyError
from otel_compliance.govern.erasure import Outcome, Subject, erase
from otel_compliance.govern.erasure.external import external_systems
from otel_compliance.govern.erasure.local import AuditFileErasure, KeyErasure, SpoolErasure, VaultErasure
from otel_compliance.govern.erasure.store import StoreErasure
from otel_compliance.keys import KeyRing
from otel_compliance.names import Event
from otel_compliance.policy import Policy
from otel_compliance.redact.vault import Vault
from otel_compliance.store.client import Store
from otel_compliance.store.drain import drain
from otel_compliance.store.exporter import ClickHouseLogExporter, ClickHouseSpanExporter
from otel_compliance.store.rows import COLUMN_TYPES, Block
from otel_compliance.store.spool import Spool
from otel_compliance.subject_keys import SubjectKeys

RING = KeyRing(bytes(range(32)))
JANE = Subject("jane", RING.pseudonym("user", "jane"))
JOHN = Subject("john", RING.pseudonym("user", "john"))
LOGS = """
version = 1
[erasure.systems]
logs = { kind = "sql", url_env = "PROMPT_LOGS_URL", table = "t", column = "c" }
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A deployment of its own."""
    return Settings.from_env({"OTEL_COMPLIANCE_DIR": str(tmp_path)})


@pytest.fixture
def recorded(settings: Settings, store: Store) -> Settings:
    """A deployment in which both people made two calls each, all delivered."""
    logs, spans = LoggerProvider(shutdown_on_exit=False), TracerProvider(shutdown_on_exit=False)
    logs.add_log_record_processor(SimpleLogRecordProcessor(ClickHouseLogExporter(settings)))
    spans.add_span_processor(SimpleSpanProcessor(ClickHouseSpanExporter(settings)))
    log = AuditLog(directory=settings.audit_log, logger_provider=logs)
    for subject in (JANE, JOHN, JANE, JOHN):
        facts = {"compliance.user.id": subject.pseudonym, "compliance.key.id": "k1:key", "gen_ai.request.model": "m"}
        span = spans.get_tracer("t").start_span("anthropic.messages.create", attributes=facts)
        span.end()
        log.record(Event.REQUEST, facts, span_context=span.get_span_context())
    log.close()
    drain(Spool.from_settings(settings), store)
    return settings


def run(*systems: Any, subject: Subject = JANE) -> Any:
    """An erasure that does not wait between attempts."""
    return erase(subject, systems, subject_digest="k1:digest", policy_digest="p", sleep=lambda _: None)


def test_rows_of_one_person_are_deleted_and_chains_still_verify(recorded: Settings, store: Store) -> None:
    """Spans and log records are gone, audit events keep their place without payload; another person's stay whole."""
    system = StoreErasure(store)
    assert (system.remaining(JANE), system.remaining(JOHN)) == (6, 6)
    certificate = run(system)
    assert certificate.complete
    assert certificate.outcomes == (Outcome("store", erased=6, remaining=0, attempts=1),)
    assert system.remaining(JOHN) == 6
    report = verify([from_row(row) for row in store.query(sql("audit"))], ordered=False)
    assert (report.problems, report.events, report.erased) == ((), 6, 2)
    models = "SELECT UserId, count() AS n FROM otel_audit WHERE GenAiRequestModel = 'm' GROUP BY UserId ORDER BY UserId"
    assert store.query(models) == [{"UserId": "", "n": 2}, {"UserId": JOHN.pseudonym, "n": 2}]


def test_no_trace_of_the_person_in_the_files_of_the_engine(recorded: Settings, store: Store) -> None:
    """The pseudonym stands in no mutation, whose statement is kept on disk, and what the mutations replaced is gone."""
    tables = "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase() ORDER BY name"
    before = store.query(tables)
    run(StoreErasure(store))
    paths = store.query("SELECT arrayJoin(data_paths) AS path FROM system.tables WHERE database = currentDatabase()")
    mutations = [path.read_text() for row in paths for path in Path(row["path"]).glob("mutation_*.txt")]
    assert any("SHA256(UserId)" in text for text in mutations)
    assert not [text for text in mutations if JANE.pseudonym in text or "jane" in text]
    changed = "'otel_traces', 'otel_logs', 'otel_audit', 'genai_content', 'detection_findings'"
    old = f"SELECT name FROM system.parts WHERE database = currentDatabase() AND NOT active AND table IN ({changed})"
    assert store.query(old) == []
    assert store.query(tables) == before


def test_rows_that_mention_the_person_anywhere_are_erased(recorded: Settings, store: Store) -> None:
    """In other attributes, events, links, names and bodies: what a search finds can be erased, and is."""
    exporter, log_exporter = ClickHouseSpanExporter(recorded), ClickHouseLogExporter(recorded)
    spans, logs = TracerProvider(shutdown_on_exit=False), LoggerProvider(shutdown_on_exit=False)
    spans.add_span_processor(SimpleSpanProcessor(exporter))
    logs.add_log_record_processor(SimpleLogRecordProcessor(log_exporter))
    tracer, mention = spans.get_tracer("t"), {"who": f"[{JANE.pseudonym}, {JOHN.pseudonym}]"}
    tracer.start_span("attribute", attributes=mention).end()
    tracer.start_span(f"name {JANE.pseudonym}").end()
    tracer.start_span("link", links=[Link(SpanContext(1, 2, is_remote=False), mention)]).end()
    with tracer.start_as_current_span("event") as span:
        span.add_event("e", mention)
    tracer.start_span("other", attributes={"who": JOHN.pseudonym}).end()
    log = AuditLog(directory=recorded.audit_log, logger_provider=logs)
    log.record(Event.REQUEST, mention)
    log.close()
    drain(Spool.from_settings(recorded), store)
    files = AuditFileErasure(recorded.audit_log)
    assert run(files, StoreErasure(store)).outcomes == (Outcome("audit files", 3, 0, 1), Outcome("store", 12, 0, 1))
    assert store.query("SELECT SpanName FROM otel_traces WHERE UserId = ''") == [{"SpanName": "other"}]
    report = verify([from_row(row) for row in store.query(sql("audit"))], ordered=False)
    assert (report.problems, report.erased) == ((), 3)
    statements = store.query("SELECT DISTINCT command FROM system.mutations WHERE database = currentDatabase()")
    assert not [row for row in statements if JANE.pseudonym in row["command"]]


def test_copies_that_cannot_be_searched_make_it_incomplete(recorded: Settings, store: Store) -> None:
    """Detached parts and snapshots keep what was deleted; the rows in the tables are gone all the same."""
    assert store._lease is not None
    system = StoreErasure(store, store._lease.path)
    store.command("ALTER TABLE otel_traces FREEZE WITH NAME 'before'")
    shadow = store._lease.path / "shadow"
    problem = f"{shadow}: snapshots of tables cannot be searched: remove them"
    assert run(system).outcomes == (Outcome("store", 6, None, 3, problem),)
    shutil.rmtree(shadow)
    store.command("ALTER TABLE otel_traces DETACH PARTITION ALL")
    problem = "1 detached parts of tables cannot be searched: attach or drop them"
    assert run(system).outcomes == (Outcome("store", 0, None, 3, problem),)
    store.command("ALTER TABLE otel_traces DROP DETACHED PARTITION ALL SETTINGS allow_drop_detached = 1")
    assert run(system).complete


def test_old_files_that_stay_are_never_called_done(
    recorded: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk still has what was deleted, the erasure is incomplete; a later one completes it."""
    monkeypatch.setattr("otel_compliance.govern.erasure.store._CLEANUP_SECONDS", -1.0)
    assert run(StoreErasure(store)).outcomes == (
        Outcome("store", 0, None, 3, "old files with deleted rows are still on the disk"),
    )
    monkeypatch.undo()
    assert run(StoreErasure(store)).outcomes == (Outcome("store", 0, 0, 1),)


def test_findings_about_a_person_are_deleted(store: Store) -> None:
    """A finding has its subject in a column of its own."""
    for subject in (JANE, JOHN):
        store.command(
            "INSERT INTO detection_findings (FindingId, RuleId, Subject, DetectedAt) "
            "SELECT {id:String}, 'r', {subject:String}, now64(3)",
            {"id": subject.user_id, "subject": subject.pseudonym},
        )
    assert run(StoreErasure(store)).outcomes == (Outcome("store", 1, 0, 1),)
    assert store.query("SELECT FindingId FROM detection_findings") == [{"FindingId": "john"}]


def test_calls_during_an_erasure(settings: Settings, store: Store) -> None:
    """A person who goes on calling makes it incomplete or has new records; the next erasure takes them all."""
    spans = TracerProvider(shutdown_on_exit=False)
    spans.add_span_processor(SimpleSpanProcessor(ClickHouseSpanExporter(settings)))
    spool, keys = Spool.from_settings(settings), SubjectKeys.from_settings(settings, KeyRing.from_settings(settings))

    def call() -> None:
        for _ in range(20):
            for subject in (JANE, JOHN):
                facts = {"compliance.user.id": subject.pseudonym, "gen_ai.input.messages": "[]"}
                spans.get_tracer("t").start_span("anthropic.messages.create", attributes=facts).end()

    systems = (KeyErasure(keys), SpoolErasure(spool), StoreErasure(store))
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        calling = pool.submit(call)
        for _ in range(3):
            drain(spool, store)
            run(*systems)
        calling.result()
    drain(spool, store)
    assert run(*systems).complete
    assert StoreErasure(store).remaining(JOHN) == 2 * 20
    assert (keys.find(JANE.pseudonym), keys.find(JOHN.pseudonym) is not None) == (None, True)


def test_a_segment_that_is_delivered_again_brings_nothing_back(settings: Settings, store: Store) -> None:
    """A copy of a delivered segment, as a crash leaves it, does not resurrect a person."""
    spans = TracerProvider(shutdown_on_exit=False)
    spans.add_span_processor(SimpleSpanProcessor(ClickHouseSpanExporter(settings)))
    spans.get_tracer("t").start_span("s", attributes={"compliance.user.id": JANE.pseudonym}).end()
    spool = Spool.from_settings(settings)
    [segment] = spool.segments()
    copy = segment.read_bytes()
    drain(spool, store)
    assert run(StoreErasure(store)).complete
    segment.parent.mkdir(exist_ok=True)
    segment.write_bytes(copy)
    drain(spool, store)
    assert StoreErasure(store).remaining(JANE) == 0


def test_audit_files_keep_their_chain(recorded: Settings) -> None:
    """Payload and salt of the person's events are overwritten in place, and the file verifies with the rest whole."""
    assert recorded.audit_log is not None
    [path] = recorded.audit_log.glob("*.jsonl")
    size = path.stat().st_size
    assert run(AuditFileErasure(recorded.audit_log)).outcomes == (Outcome("audit files", 2, 0, 1),)
    events, malformed = read_chain_file(path)
    report = verify(events)
    assert (malformed, report.problems, report.events, report.erased) == ([], (), 6, 2)
    assert path.stat().st_size == size
    assert AuditFileErasure(recorded.audit_log).remaining(JOHN) == 2


def test_audit_files_are_erased_while_they_are_written(settings: Settings) -> None:
    """A process that appends to its chain meanwhile loses no event."""
    assert settings.audit_log is not None
    log = AuditLog(directory=settings.audit_log)
    done = threading.Event()

    def write() -> None:
        for number in range(400):
            subject = JANE if number < 200 else JOHN
            log.record(Event.REQUEST, {"compliance.user.id": subject.pseudonym, "n": number})
        done.set()

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not done.is_set():
            AuditFileErasure(settings.audit_log).erase(JANE)
        writing.result()
    AuditFileErasure(settings.audit_log).erase(JANE)
    log.close()
    [path] = settings.audit_log.glob("*.jsonl")
    events, malformed = read_chain_file(path)
    report = verify(events)
    assert (malformed, report.problems, report.events, report.erased) == ([], (), 402, 200)


def test_the_key_goes_and_with_it_the_vault(settings: Settings) -> None:
    """What the vault has of the person is noise, in every copy of it; another person's values can be restored."""
    ring, vault = KeyRing.from_settings(settings), Vault.from_settings(settings)
    keys = SubjectKeys.from_settings(settings, ring)
    jane = Subject("jane", ring.pseudonym("user", "jane"))
    token = ring.token("EMAIL", "jane@example.com")
    for user in ("jane", "john"):
        vault.put(user, {token: "jane@example.com"})
    certificate = run(KeyErasure(keys), VaultErasure(vault), subject=jane)
    assert certificate.outcomes == (Outcome("subject key", 1, 0, 1), Outcome("vault", 1, 0, 1))
    assert vault.restore(token, "jane") == token
    assert vault.restore(token, "john") == "jane@example.com"


def test_an_erasure_that_crashed_is_completed_by_the_next_one(settings: Settings) -> None:
    """A key that was overwritten and not removed, and values whose key is gone, are found and erased."""
    ring, vault = KeyRing.from_settings(settings), Vault.from_settings(settings)
    keys = SubjectKeys.from_settings(settings, ring)
    jane = Subject("jane", ring.pseudonym("user", "jane"))
    vault.put("jane", {ring.token("EMAIL", "jane@example.com"): "jane@example.com"})
    [file] = (path for path in settings.subject_keys.rglob("*") if path.is_file())
    file.write_bytes(bytes(file.stat().st_size))
    assert run(KeyErasure(keys), subject=jane).outcomes == (Outcome("subject key", 1, 0, 1),)
    assert run(VaultErasure(vault), subject=jane).outcomes == (Outcome("vault", 1, 0, 1),)
    assert not file.exists()


def test_segments_set_aside_make_it_incomplete(settings: Settings) -> None:
    """Nobody knows whether a segment that the store refused will be replayed, so that somebody has to decide."""
    spans = TracerProvider(shutdown_on_exit=False)
    spans.add_span_processor(SimpleSpanProcessor(ClickHouseSpanExporter(settings)))
    spans.get_tracer("t").start_span("s", attributes={"compliance.user.id": JANE.pseudonym}).end()
    spool = Spool.from_settings(settings)
    aside = spool.quarantine(spool.segments()[0])
    before = health.swallowed()
    certificate = run(SpoolErasure(spool))
    assert not certificate.complete
    assert certificate.outcomes == (
        Outcome(
            "spool", 0, None, 3, "1 segments that wait or were set aside hold rows of the person, or cannot be read"
        ),
    )
    assert health.swallowed() != before
    spool.remove(aside)
    assert run(SpoolErasure(spool)).complete


@pytest.mark.parametrize("damaged", [True, False])
def test_segments_that_cannot_be_read_make_it_incomplete(settings: Settings, damaged: bool) -> None:
    """Nobody knows who is in a damaged segment, or in one whose key may come back."""
    writer = Spool.from_settings(settings) if damaged else Spool(settings.spool, RING)
    segment = writer.append(Block("otel_traces", {name: [] for name in COLUMN_TYPES["otel_traces"]}, 0))
    if damaged:
        segment.write_bytes(segment.read_bytes()[:-1])
    spool = Spool.from_settings(settings)
    assert not run(SpoolErasure(spool)).complete
    spool.drop(segment)
    assert run(SpoolErasure(spool)).complete


class Flaky:
    """A system that fails a number of times, with the id in its message."""

    name = "flaky"

    def __init__(self, failures: int, *, leaves: int = 0) -> None:
        self.failures, self.leaves = failures, leaves

    def erase(self, subject: Subject) -> int:
        if self.failures:
            self.failures -= 1
            raise LookupError(f"cannot find {subject.user_id}")
        return 1

    def remaining(self, subject: Subject) -> int:
        return self.leaves


@pytest.mark.parametrize(
    ("system", "outcome", "complete"),
    [
        (Flaky(0), Outcome("flaky", 1, 0, 1), True),
        (Flaky(2), Outcome("flaky", 1, 0, 3), True),
        (Flaky(3), Outcome("flaky", 0, None, 3, "LookupError"), False),
        (Flaky(0, leaves=2), Outcome("flaky", 3, 2, 3, "2 records are still found"), False),
    ],
)
def test_a_system_that_fails_is_tried_again_and_never_called_done(
    system: Flaky, outcome: Outcome, complete: bool
) -> None:
    """It is reported without the id, and does not keep the others from being erased."""
    certificate = run(system, Flaky(0))
    assert certificate.outcomes == (outcome, Outcome("flaky", 1, 0, 1))
    assert certificate.complete is complete
    document = certificate.document()
    assert document["status"] == ("complete" if complete else "incomplete")
    assert "jane" not in str(document)
    assert "jane" not in str(dict(certificate.facts()))


@pytest.fixture
def redis_server() -> Iterator[str]:
    """A Redis on a socket."""
    server = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("user", ["jane", "*", "[a-z]*", "j?ne"])
def test_keys_of_one_person_in_redis(redis_server: str, monkeypatch: pytest.MonkeyPatch, user: str) -> None:
    """Only keys of that id are deleted, whatever characters it is made of."""
    monkeypatch.setenv("SESSIONS_URL", redis_server)
    policy = Policy.parse(
        'version = 1\n[erasure.systems]\nsessions = { kind = "redis", url_env = "SESSIONS_URL", '
        'patterns = ["session:{user}:*", "cache:{user}"] }\n'
    )
    with redis.Redis.from_url(redis_server) as client:
        for key in (f"session:{user}:1", f"session:{user}:2", f"cache:{user}", "session:john:1", "session:jane2:1"):
            client.set(key, "x")
        [system] = external_systems(policy)
        subject = Subject(user, "k1:" + "a" * 16)
        assert run(system, subject=subject).outcomes == (Outcome("sessions", 3, 0, 1),)
        assert sorted(client.keys("*")) == [b"session:jane2:1", b"session:john:1"]
    system._client.close()  # type: ignore[attr-defined]


def test_rows_of_one_person_in_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of the id are deleted, by value and not by pattern; a name of a table is never SQL."""
    with sqlite3.connect(tmp_path / "app.db") as database:
        database.execute('CREATE TABLE "prompt logs" (user_id TEXT, prompt TEXT)')
        rows = [("jane", "a"), ("jane", "b"), ("john", "c"), ("jane' OR '1'='1", "d")]
        database.executemany('INSERT INTO "prompt logs" VALUES (?, ?)', rows)
    monkeypatch.setenv("PROMPT_LOGS_URL", f"sqlite:///{tmp_path}/app.db")
    policy = Policy.parse(
        'version = 1\n[erasure.systems.prompt_logs]\nkind = "sql"\nurl_env = "PROMPT_LOGS_URL"\n'
        'table = "prompt logs"\ncolumn = "user_id"\n'
    )
    [system] = external_systems(policy)
    assert run(system).outcomes == (Outcome("prompt_logs", 2, 0, 1),)
    with sqlite3.connect(tmp_path / "app.db") as database:
        assert database.execute('SELECT prompt FROM "prompt logs" ORDER BY prompt').fetchall() == [("c",), ("d",)]
    database.close()


def test_a_database_that_is_away_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error is named by type, since its message may quote the statement."""
    monkeypatch.setenv("PROMPT_LOGS_URL", "sqlite:////no/such/folder/app.db")
    policy = Policy.parse(LOGS)
    assert run(*external_systems(policy)).outcomes == (Outcome("logs", 0, None, 3, "OperationalError"),)


def test_an_address_that_is_not_set_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable and the key of the policy."""
    monkeypatch.delenv("PROMPT_LOGS_URL", raising=False)
    policy = Policy.parse(LOGS)
    with pytest.raises(ConfigError, match=r"PROMPT_LOGS_URL is not set; erasure.systems.logs.url_env"):
        external_systems(policy)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('kind = "redis", url_env = "U", patterns = ["session:*"]', "the pattern has no {user}"),
        ('kind = "redis", url_env = "U", patterns = []', "at least 1 item"),
        ('kind = "sql", url_env = "U", table = "t"', "column is missing"),
        ('kind = "mail", url_env = "U"', "expected tags: 'sql', 'redis'"),
    ],
)
def test_a_wrong_system_is_an_error_of_the_policy(table: str, problem: str) -> None:
    """A pattern that would match everybody's keys, an unknown kind and a missing key are refused."""
    with pytest.raises(PolicyError) as caught:
        Policy.parse(f"version = 1\n[erasure.systems]\nx = {{ {table} }}\n")
    assert problem in caught.value.problem
    assert "erasure.systems.x" in caught.value.problem
