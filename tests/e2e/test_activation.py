"""Every way to switch the layer on gives the same records, and no way of failing hurts the app."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.e2e import APP, ON, comparable

from otel_compliance.audit import read_chain_file, verify


def test_one_variable_and_nothing_else(run: Callable[..., Any]) -> None:
    """With OTEL_COMPLIANCE=on the app runs as before, and each of its calls is a span and an audit event."""
    without, with_layer = run(), run(variables=ON)
    assert with_layer.process.returncode == 0
    assert with_layer.answer == without.answer == {"text": "One", "streamed": "Two", "failed": 429}
    assert with_layer.process.stderr == ""
    outcomes = ["completed", "completed", "error"]
    assert [call["compliance.call.outcome"] for call in with_layer.calls()] == outcomes
    assert [event["compliance.call.outcome"] for event in with_layer.events()] == outcomes
    assert not without.home.exists()


def test_all_ways_give_the_same_records(run: Callable[..., Any]) -> None:
    """Environment variable, opentelemetry-instrument and code: the same spans and events."""
    command = str(Path(sys.executable).with_name("opentelemetry-instrument"))
    exporters = {
        "OTEL_TRACES_EXPORTER": "clickhouse",
        "OTEL_LOGS_EXPORTER": "clickhouse",
        "OTEL_METRICS_EXPORTER": "none",
    }
    key = {"OTEL_COMPLIANCE_HMAC_KEY": "A" * 43 + "="}
    in_code = f"import otel_compliance, runpy; otel_compliance.instrument(); runpy.run_path({str(APP)!r})"
    by_variable = run(variables=ON | key)
    by_command = run(command, sys.executable, str(APP), variables=exporters | key)
    by_code = run(code=in_code, variables=key)
    for way in (by_variable, by_command, by_code):
        assert way.process.returncode == 0, way.process.stderr
        assert len(way.calls()) == len(way.events()) == 3
    assert comparable(by_variable.calls()) == comparable(by_command.calls()) == comparable(by_code.calls())
    assert comparable(by_variable.events()) == comparable(by_command.events()) == comparable(by_code.events())


def test_two_ways_at_once_are_one(run: Callable[..., Any]) -> None:
    """The variable and the command together record each call once."""
    command = str(Path(sys.executable).with_name("opentelemetry-instrument"))
    both = {**ON, "OTEL_TRACES_EXPORTER": "clickhouse", "OTEL_LOGS_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}
    done = run(command, sys.executable, str(APP), variables=both)
    assert done.process.returncode == 0
    assert (len(done.calls()), len(done.events())) == (3, 3)


OWN_PROVIDER = """
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
import anthropic, runpy, sys
provider = TracerProvider(resource=Resource({"service.name": "the-apps-own"}))
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr)))
trace.set_tracer_provider(provider)
runpy.run_path(%r)
assert trace.get_tracer_provider() is provider
"""


def test_the_apps_own_provider_is_kept(run: Callable[..., Any]) -> None:
    """A provider that the app sets, after importing the SDK even, is attached to: its exporters see clean spans."""
    done = run(code=OWN_PROVIDER % str(APP), prompt="I am jane.doe@example.com", variables=ON)
    assert done.process.returncode == 0, done.process.stderr
    assert "compliance.classification" in done.process.stderr
    assert "jane.doe" not in done.process.stderr
    assert {row["ServiceName"] for row in done.rows("otel_traces")} == {"the-apps-own"}


CHILDREN = """
import multiprocessing, os, runpy, sys
def call():
    from anthropic import Anthropic
    Anthropic().messages.create(model="claude-sonnet-5", max_tokens=9, messages=[{"role": "user", "content": "hi"}])
if __name__ == "__main__":
    call()
    process = multiprocessing.get_context(%r).Process(target=call)
    process.start()
    process.join()
    sys.exit(process.exitcode)
"""


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_children_are_recorded_too(run: Callable[..., Any], tmp_path: Path, method: str) -> None:
    """A forked or spawned child records its own calls, in a chain of its own."""
    script = tmp_path / "parent.py"
    script.write_text(CHILDREN % method)
    done = run(sys.executable, str(script), variables=ON, replies=())
    assert done.process.returncode == 0, done.process.stderr
    chains = [read_chain_file(path)[0] for path in (done.home / "audit").iterdir()]
    assert sorted(sum(event.event == "claude.api.request" for event in chain) for chain in chains) == [1, 1]
    assert all(verify(chain).intact for chain in chains)


def test_unset_nothing_of_ours_is_loaded(run: Callable[..., Any]) -> None:
    """Without the variable a process imports nothing of the layer; with it, next to nothing until it needs the SDK."""
    code = "import sys; print(sorted(m for m in sys.modules if m.split('.')[0] in %r))"
    ours = ("otel_compliance", "opentelemetry", "pydantic", "structlog", "anthropic", "wrapt")
    assert run(code=code % (ours,)).process.stdout == "[]\n"
    assert run(code=code % (ours[1:-1],), variables=ON).process.stdout == "[]\n"
    assert (
        run(code=code % (ours[:1],), variables={"OTEL_COMPLIANCE": "off"}).process.stdout
        == "['otel_compliance', 'otel_compliance.autoload']\n"
    )


BROKEN = {
    "policy": ({"OTEL_COMPLIANCE_POLICY": "absent.toml"}, "absent.toml: the policy file cannot be read"),
    "setting": ({"OTEL_COMPLIANCE_CONTENT": "all"}, "OTEL_COMPLIANCE_CONTENT has a value that is not accepted"),
    "unknown name": ({"OTEL_COMPLIANCE_POLICI": "x"}, "did you mean OTEL_COMPLIANCE_POLICY?"),
    "key": ({"OTEL_COMPLIANCE_HMAC_KEY_FILE": "absent.key"}, "absent.key: the HMAC key file cannot be read"),
}


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_a_broken_configuration_does_not_stop_the_app(run: Callable[..., Any], what: str) -> None:
    """The app runs, its calls are recorded under safe settings without content, and one loud message says so."""
    variables, message = BROKEN[what]
    done = run(variables={"OTEL_COMPLIANCE_CONTENT": "redacted", **ON, **variables}, prompt="jane.doe@example.com")
    assert done.answer == {"text": "One", "streamed": "Two", "failed": 429}
    assert message in done.process.stderr
    assert len(done.events()) == 3
    assert not [name for call in done.calls() for name in call if name.startswith("gen_ai.input.messages")]


def test_strict_refuses_under_the_command_too(run: Callable[..., Any]) -> None:
    """opentelemetry-instrument does not start the app either, when it must not be started."""
    command = str(Path(sys.executable).with_name("opentelemetry-instrument"))
    variables = {"OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"}
    broken = {"OTEL_COMPLIANCE_STRICT": "on", "OTEL_COMPLIANCE_POLICY": "absent.toml"}
    done = run(command, sys.executable, str(APP), variables=variables | broken)
    assert (done.process.returncode, done.process.stdout) == (78, "")


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_strict_refuses_to_start(run: Callable[..., Any], what: str) -> None:
    """With OTEL_COMPLIANCE_STRICT=on the process ends before the app's first line, with the reason and exit code 78."""
    variables, message = BROKEN[what]
    done = run(variables={**ON, **variables, "OTEL_COMPLIANCE_STRICT": "on"})
    assert (done.process.returncode, done.process.stdout) == (78, "")
    assert message in done.process.stderr


@pytest.mark.parametrize(
    "variables", [{"OTEL_COMPLIANCE_SPOOL": "/dev/null/x"}, {"OTEL_COMPLIANCE_AUDIT_LOG": "/dev/null/x"}]
)
def test_a_disk_that_refuses_does_not_hurt_the_app(run: Callable[..., Any], variables: dict[str, str]) -> None:
    """If nothing can be written, the app's calls succeed all the same."""
    done = run(variables=ON | variables)
    assert done.answer == {"text": "One", "streamed": "Two", "failed": 429}
    assert "NotADirectoryError" in done.process.stderr or "SpoolError" in done.process.stderr


def test_a_store_that_is_away_does_not_hurt_the_app(run: Callable[..., Any]) -> None:
    """With a server that does not answer the calls succeed, and what they left waits in the spool."""
    done = run(variables=ON | {"OTEL_COMPLIANCE_STORE": "http://127.0.0.1:1/otel"})
    assert done.answer == {"text": "One", "streamed": "Two", "failed": 429}
    assert (len(done.calls()), len(done.events())) == (3, 3)


def test_instrument_in_code_raises(run: Callable[..., Any]) -> None:
    """In code a broken policy is an exception, not a message."""
    code = (
        "import otel_compliance\n"
        "try: otel_compliance.instrument()\n"
        "except otel_compliance.ComplianceError as error: print(type(error).__name__)"
    )
    assert run(code=code, variables={"OTEL_COMPLIANCE_POLICY": "absent.toml"}).process.stdout == "PolicyError\n"


def test_sampling_does_not_thin_out_the_audit(run: Callable[..., Any]) -> None:
    """With no span sampled every call is still an audit event."""
    done = run(variables=ON | {"OTEL_TRACES_SAMPLER": "always_off"})
    assert (len(done.calls()), len(done.events())) == (0, 3)


FIRST_CALLS = """
import threading
from anthropic import Anthropic
from opentelemetry import trace

client = Anthropic()
barrier = threading.Barrier(8)

def call():
    barrier.wait()
    client.messages.create(model="claude-sonnet-5", max_tokens=9, messages=[{"role": "user", "content": "hi"}])

threads = [threading.Thread(target=call) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(trace.get_tracer_provider()._active_span_processor._span_processors))
"""


def test_the_first_calls_of_many_threads_share_one_provider(run: Callable[..., Any]) -> None:
    """Threads whose first calls come at once make one provider, with one processor and one exporter, and one chain."""
    result = run(code=FIRST_CALLS, variables=ON, replies=())
    assert (result.process.stdout, result.process.stderr) == ("2\n", "")
    assert len(result.calls()) == len(result.events()) == 8
    assert len(list((result.home / "audit").iterdir())) == 1
