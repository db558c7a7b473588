"""What the SDK logs has no prompts, no personal data and no keys, at any level and on any path."""

import asyncio
import io
import logging
import os
import py_compile
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anthropic
import pytest

from otel_compliance import health
from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redacted, Redactor
from otel_compliance.redact.logfilter import RedactingFilter, install
from otel_compliance.testing import ApiError, ClaudeAPI, Drop, Reply

KEYS = KeyRing(bytes(range(32)))
MAIL = "jane.doe@example.com"
TOKEN = KEYS.token("EMAIL", MAIL)
API_KEY = "sk-ant-api03-" + "k" * 91 + "igAA"
PROMPT = "the merger is announced on Friday"
REQUEST: dict[str, Any] = {
    "model": "claude-sonnet-5",
    "max_tokens": 16,
    "messages": [{"role": "user", "content": f"{PROMPT}, tell {MAIL}"}],
}
LOGGERS = ("anthropic", "httpx", "httpx2")


@pytest.fixture
def printed() -> Iterator[io.StringIO]:
    """What an app prints of all records, with everything switched on as by ``ANTHROPIC_LOG=debug``, and more."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    root.addHandler(handler)
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@pytest.fixture
def installed() -> Iterator[None]:
    """The filter on all loggers of the SDK."""
    uninstall = install(Redactor(KEYS))
    yield
    uninstall()


def client_of(claude: ClaudeAPI, **options: Any) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=claude.base_url, api_key=API_KEY, **{"max_retries": 0, **options})


def assert_clean(text: str, *lines: str) -> None:
    """No content, but these lines, which say that something was logged at all."""
    assert [content for content in (PROMPT, MAIL, API_KEY, "k" * 20) if content in text] == []
    assert [line for line in lines if line not in text.splitlines()] == []


def test_without_the_filter_the_sdk_logs_prompts(claude: ClaudeAPI, printed: io.StringIO) -> None:
    """The reason for all this; once it is taken off, the filter is gone from every logger."""
    install(Redactor(KEYS))()
    with client_of(claude) as client:
        client.messages.create(**REQUEST)
    assert PROMPT in printed.getvalue()
    assert MAIL in printed.getvalue()


@pytest.mark.usefixtures("installed")
def test_a_call(claude: ClaudeAPI, printed: io.StringIO) -> None:
    """Method, status and identifiers stay; the request and headers do not. The HTTP client's own line is the app's."""
    claude.enqueue(Reply(text=f"I told {MAIL}", headers={"request-id": "req_1", "x-note": MAIL}))
    with client_of(claude) as client:
        client.messages.create(**REQUEST)
    assert_clean(
        printed.getvalue(),
        "anthropic._base_client DEBUG Request options: [WITHHELD]",
        "anthropic._base_client DEBUG Sending HTTP Request: POST [WITHHELD]",
        'anthropic._base_client DEBUG HTTP Response: POST [WITHHELD] "200 OK" [WITHHELD]',
        "anthropic._base_client DEBUG request_id: req_1",
    )
    assert re.search(r'INFO HTTP Request: POST http://\S+/v1/messages "HTTP/1.1 200 OK"', printed.getvalue())


@pytest.mark.usefixtures("installed")
def test_a_stream(claude: ClaudeAPI, printed: io.StringIO) -> None:
    """Streams are logged by the same code, and by some more."""
    claude.enqueue(Reply(text=f"I told {MAIL}"))
    with client_of(claude) as client, client.messages.stream(**REQUEST) as stream:
        assert stream.get_final_text() == f"I told {MAIL}"
    assert_clean(printed.getvalue(), "anthropic._base_client DEBUG Request options: [WITHHELD]")


@pytest.mark.usefixtures("installed")
def test_retries_and_the_error_at_their_end(claude: ClaudeAPI, printed: io.StringIO) -> None:
    """Each attempt is logged; the message of the error, which quotes the prompt, is not."""
    claude.enqueue(*[Reply(fault=ApiError(429, message=f"{PROMPT} {MAIL}", retry_after=0))] * 2)
    with client_of(claude, max_retries=1) as client, pytest.raises(anthropic.RateLimitError, match=MAIL):
        client.messages.create(**REQUEST)
    assert_clean(printed.getvalue(), "anthropic._base_client DEBUG Retrying due to status code 429")
    assert re.search(r"INFO Retrying request to /v1/messages in \d\.\d+ seconds", printed.getvalue())


@pytest.mark.usefixtures("installed")
def test_a_dropped_connection(claude: ClaudeAPI, printed: io.StringIO) -> None:
    """Of the exception and its stack the type's name stays."""
    claude.enqueue(Reply(fault=Drop()))
    with client_of(claude) as client, pytest.raises(anthropic.APIConnectionError):
        client.messages.create(**REQUEST)
    assert_clean(printed.getvalue(), "anthropic._base_client DEBUG Encountered Exception")
    assert re.search(r"Encountered Exception\n\w+Error\n", printed.getvalue())
    assert "Traceback" not in printed.getvalue()


@pytest.mark.usefixtures("installed")
def test_a_tool_that_fails(claude: ClaudeAPI, printed: io.StringIO) -> None:
    """The tool runner logs the exceptions of the app's tools, at a level that is on everywhere."""

    @anthropic.beta_tool
    def look_up(name: str) -> str:
        """Look up a customer."""
        raise ValueError(f"{PROMPT}: {name}")

    block = {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"name": MAIL}}
    claude.enqueue(Reply(content=[block]), Reply(text="done"))
    with client_of(claude) as client:
        client.beta.messages.tool_runner(**REQUEST, tools=[look_up]).until_done()
    assert_clean(
        printed.getvalue(),
        "anthropic.lib.tools._beta_runner ERROR Error occurred while calling tool: look_up",
        "ValueError",
    )


@pytest.mark.usefixtures("installed")
async def test_the_async_client(claude: ClaudeAPI, printed: io.StringIO) -> None:
    """It logs by code of its own, and many calls at once."""
    claude.enqueue(Reply(fault=ApiError(529, message=MAIL, retry_after=0)), Reply(fault=Drop()))
    options: dict[str, Any] = {"base_url": claude.base_url, "api_key": API_KEY, "max_retries": 2}
    async with anthropic.AsyncAnthropic(**options) as client:
        await asyncio.gather(*(client.messages.create(**REQUEST) for _ in range(4)))
    assert_clean(
        printed.getvalue(),
        "anthropic._base_client DEBUG Request options: [WITHHELD]",
        "anthropic._base_client DEBUG Retrying due to status code 529",
        "anthropic._base_client DEBUG Encountered Exception",
    )


@pytest.mark.usefixtures("installed")
def test_other_loggers_are_untouched(printed: io.StringIO) -> None:
    """What the app itself logs is the app's, also where a name only begins alike."""
    for name in ("app", "anthropic_app"):
        logging.getLogger(name).warning("to %s: %s", MAIL, {"prompt": PROMPT})
    assert printed.getvalue().splitlines() == [
        f"{name} WARNING to {MAIL}: {{'prompt': '{PROMPT}'}}" for name in ("app", "anthropic_app")
    ]


def test_every_logger_of_the_sdk_is_covered() -> None:
    """Each logger of its own that the installed SDK makes has the filter, whether its module was imported or not."""
    spec = find_spec("anthropic")
    assert spec is not None
    root = Path((spec.submodule_search_locations or [""])[0])
    made = set()
    for file in root.rglob("*.py"):
        for argument in re.findall(r"getLogger\(([^)]*)\)", file.read_text("utf-8")):
            module = ".".join(("anthropic", *file.relative_to(root).with_suffix("").parts)).removesuffix(".__init__")
            made.add(module if argument == "__name__" else argument.strip("\"'"))
    # The SDK also sets the level of the HTTP client's logger.
    made = {name for name in made if name.partition(".")[0] == "anthropic"}
    uninstall = install(Redactor(KEYS))
    covered = {name for name in made if any(isinstance(f, RedactingFilter) for f in logging.getLogger(name).filters)}
    uninstall()
    assert "anthropic._base_client" in made
    assert covered == made
    assert not any(isinstance(item, RedactingFilter) for name in made for item in logging.getLogger(name).filters)


def test_modules_that_are_imported_later_are_covered() -> None:
    """The filter may come before the SDK itself."""
    program = """
import logging
from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor
from otel_compliance.redact.logfilter import install
install(Redactor(KeyRing(bytes(32))))
from anthropic import _base_client
_base_client.log.warning("Request options: %s", {"prompt": "x"})
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert result.stderr == "Request options: [WITHHELD]\n"


def test_an_sdk_without_sources_is_covered(tmp_path: Path) -> None:
    """Some images hold bytecode only; what is imported late is redacted there, too."""
    package = tmp_path / "anthropic"
    (package / "lib").mkdir(parents=True)
    for name in ("__init__", "lib/__init__", "lib/late"):
        source = package / f"{name}.py"
        source.write_text("import logging\nlog = logging.getLogger(__name__)\n")
        py_compile.compile(str(source), cfile=str(source.with_suffix(".pyc")), doraise=True)
        source.unlink()
    program = """
from otel_compliance import health
from otel_compliance.keys import KeyRing
from otel_compliance.redact import Redactor
from otel_compliance.redact.logfilter import install
install(Redactor(KeyRing(bytes(32))))
import anthropic.lib.late
for module in (anthropic, anthropic.lib, anthropic.lib.late):
    module.log.warning("%s", {"prompt": "x"})
assert health.swallowed() == {}
"""
    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stderr == "[WITHHELD]\n" * 3


# --- single records ---


@pytest.fixture
def log(printed: io.StringIO) -> logging.Logger:
    """A logger of its own, with the filter."""
    logger = logging.Logger("sdk")
    logger.parent = logging.getLogger()
    logger.addFilter(RedactingFilter(Redactor(KEYS)))
    return logger


class Loud:
    """An object that prints content."""

    def __str__(self) -> str:
        return PROMPT


class LoudText(str):
    """Text that prints other text."""

    __slots__ = ()

    def __str__(self) -> str:
        return PROMPT


@pytest.mark.parametrize(
    ("message", "arguments", "expected"),
    [
        ("plain", (), "plain"),
        ("100%", (), "100%"),
        ("%s %d %.1f %s", (None, 3, 0.5, True), "None 3 0.5 True"),
        ("%s", ("x" * 256,), "x" * 256),
        ("%s", ("x" * 257,), "[WITHHELD]"),
        ("%s %s %s", ([PROMPT], PROMPT.encode(), Loud()), "[WITHHELD] [WITHHELD] [WITHHELD]"),
        ("%s", (LoudText("short"),), "[WITHHELD]"),
        ("%s", ({"prompt": PROMPT},), "[WITHHELD]"),
        ("%(status)d %(body)s", ({"status": 429, "body": [PROMPT], "unused": PROMPT},), "429 [WITHHELD]"),
        ("to %s", (MAIL,), f"to {TOKEN}"),
        (f"to {MAIL}", (), f"to {TOKEN}"),
        (f"to {MAIL}: %s", ("100%",), f"to {TOKEN}: 100%"),
        ("to %s@%s", ("jane.doe", "example.com"), f"to {TOKEN}"),
        ("%s", (4111111111111111,), KEYS.token("CREDIT_CARD", "4111111111111111")),
        (Loud(), (), "[WITHHELD]"),
        (ValueError(PROMPT), (), "[WITHHELD]"),
    ],
)
def test_what_stays_of_a_record(
    log: logging.Logger, printed: io.StringIO, message: Any, arguments: tuple[Any, ...], expected: str
) -> None:
    """Format strings, numbers and short text; entities in them are tokens."""
    before = health.swallowed()
    log.warning(message, *arguments)
    assert printed.getvalue() == f"sdk WARNING {expected}\n"
    assert health.swallowed() == before


def test_arguments_are_clean_for_formatters_that_read_them(log: logging.Logger) -> None:
    """Some formatters and error trackers take the format string and the arguments apart."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    log.addHandler(handler)
    log.warning("sent %s to %.4s", {"prompt": PROMPT}, MAIL)
    assert [(record.msg, record.args) for record in records] == [("sent %s to %.4s", ("[WITHHELD]", TOKEN))]


def test_an_exception_and_a_stack_are_its_name(log: logging.Logger, printed: io.StringIO) -> None:
    """Messages, notes, causes and lines of source are dropped."""
    try:
        raise KeyError(PROMPT)
    except KeyError:
        log.exception("failed", stack_info=True)
    log.warning("no exception", exc_info=True)
    assert printed.getvalue() == "sdk ERROR failed\nKeyError\nsdk WARNING no exception\n"


@pytest.mark.parametrize(("message", "arguments"), [("%d", (Loud(),)), ("%s %s", (PROMPT,)), ("%", (PROMPT,))])
def test_a_record_that_cannot_be_formatted_is_a_tombstone(
    log: logging.Logger, printed: io.StringIO, message: str, arguments: tuple[Any, ...]
) -> None:
    """It is kept, empty, and counted."""
    before = sum(health.swallowed().values())
    log.warning(message, *arguments, exc_info=KeyError(PROMPT))
    assert "sdk WARNING [REDACTED:failed]" in printed.getvalue().splitlines()
    assert PROMPT not in printed.getvalue()
    assert sum(health.swallowed().values()) == before + 1


def test_huge_messages_are_not_inspected(log: logging.Logger, printed: io.StringIO) -> None:
    """Beyond a megabyte nothing stays."""
    log.warning("x" * (1 << 20) + MAIL)
    assert printed.getvalue() == "sdk WARNING [REDACTED:size]\n"


def test_a_broken_redactor_lets_nothing_through(printed: io.StringIO) -> None:
    """The record stays, as a tombstone; the app does not notice."""

    class Broken(Redactor):
        def redact(self, text: str) -> Redacted:
            raise LookupError(text)

    before = health.swallowed().get(("redact.logfilter", "LookupError"), 0)
    uninstall = install(Broken(KEYS))
    logging.getLogger("anthropic._base_client").info("to %s", MAIL)
    uninstall()
    assert "anthropic._base_client INFO [REDACTED:failed]" in printed.getvalue().splitlines()
    assert MAIL not in printed.getvalue()
    assert health.swallowed()["redact.logfilter", "LookupError"] == before + 1
