"""Where the parts are put together: `instrument` and `uninstrument`, for code, environment and entry point.

All three ways build the same thing. Providers are attached to, never replaced; only when the app has none by
its first Claude call is one made.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # type: ignore[attr-defined] # untyped

from otel_compliance import health
from otel_compliance.audit import AuditLog
from otel_compliance.capture.facts import Deployment
from otel_compliance.capture.hooks import Hooks
from otel_compliance.capture.processor import ComplianceLogRecordProcessor, ComplianceSpanProcessor
from otel_compliance.capture.recorder import Recorder
from otel_compliance.config import TRUE, ContentMode
from otel_compliance.errors import ComplianceError, RedactionError
from otel_compliance.instrumentation import sdk
from otel_compliance.instrumentation.configuration import Configuration
from otel_compliance.instrumentation.peers import active_peers, consequence
from otel_compliance.instrumentation.providers import Providers
from otel_compliance.instrumentation.watch import Watch
from otel_compliance.names import Attr
from otel_compliance.policy import Policy
from otel_compliance.redact import (
    TRUSTED_KEY,
    MetricsRedactor,
    RedactingSpanProcessor,
    Redactor,
    built_in_recognizers,
    logfilter,
    verify,
)

__all__ = [
    "AnthropicComplianceInstrumentor",
    "activate",
    "force_flush",
    "instrument",
    "refuse_broken_configuration",
    "uninstrument",
]

logger = logging.getLogger("otel_compliance")

_EX_CONFIG: Final = 78
"""Exit status for a configuration error, from sysexits.h."""

_FLUSH_SECONDS: Final = 10.0
"""How long the end of the instrumentation waits for calls that are still to be recorded."""

_MASKED_HEADERS: Final = "authorization,x-api-key,proxy-authorization,cookie,set-cookie"
_SANITIZE_FIELDS: Final = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS"

_lock = threading.RLock()
_active: Instrumentation | None = None


def instrument(
    *,
    policy: Policy | Path | None = None,
    tracer_provider: Any = None,
    logger_provider: Any = None,
    meter_provider: Any = None,
) -> None:
    """Instrument the `anthropic` SDK in this process. Calling it again changes nothing.

    Args:
        policy: A policy or the path of one; ``OTEL_COMPLIANCE_POLICY`` or the built-in policy when left out.
        tracer_provider: Provider whose spans are redacted and completed; the global one when left out.
        logger_provider: Provider that carries audit events; the global one, or a private one, when left out.
        meter_provider: Provider of our metrics; the global one when left out.

    Raises:
        ComplianceError: The configuration is wrong, the SDK is absent or lacks what is hooked, or redaction cannot be
            trusted.
    """
    configuration = Configuration.load(policy)
    _start(
        configuration,
        tracer_provider=tracer_provider,
        logger_provider=logger_provider,
        meter_provider=meter_provider,
        with_http_spans=True,
    )


def uninstrument() -> None:
    """Take the hooks off the SDK and close the audit chain.

    Our span processor stays on the providers, since they have no way to remove one; it goes on redacting.
    """
    global _active
    with _lock:
        if _active is not None:
            _active.stop()
            _active = None


def force_flush(timeout_millis: int = 30_000) -> bool:
    """Wait until every call that has ended is recorded: its audit event is written, its metrics are counted.

    Flushing the tracer provider or the logger provider of the calls does the same first. At the end of the process it
    happens by itself.

    Args:
        timeout_millis: Milliseconds to wait at most.

    Returns:
        Whether all of them are recorded; so it is where nothing is instrumented.
    """
    active = _active
    return active is None or active.force_flush(timeout_millis)


def activate(module: Any = None, *, with_http_spans: bool = True) -> None:
    """Instrument as the environment says, never raising: what is broken is replaced by something safe.

    Args:
        module: The `anthropic` module, as import hooks pass it; not used.
        with_http_spans: Whether to turn on the instrumentation of the HTTP client, too.
    """
    del module
    try:
        configuration, problems = Configuration.load_or_fall_back()
        for problem in problems:
            _announce(f"{problem.diagnostics()}\n  Until then: built-in policy where it is broken, and no content.")
        _start(configuration, with_http_spans=with_http_spans)
    except ComplianceError as error:
        _announce(f"{error.diagnostics()}\n  Claude calls of this process are NOT recorded.")
    except Exception as error:  # noqa: BLE001 - the app starts, whatever happens here
        health.swallow("instrumentation.activate", error)


def refuse_broken_configuration() -> None:
    """End the process now when the configuration is wrong: that is what ``OTEL_COMPLIANCE_STRICT=on`` means."""
    try:
        Configuration.load()
    except ComplianceError as error:
        sys.stderr.write(f"otel-compliance refuses to start (OTEL_COMPLIANCE_STRICT=on): {error.diagnostics()}\n")
        sys.stderr.flush()
        # At interpreter start an exception would only be printed, and the app would start all the same.
        os._exit(_EX_CONFIG)


class AnthropicComplianceInstrumentor(BaseInstrumentor):  # type: ignore[misc] # untyped base class
    """The entry point of ``opentelemetry-instrument``."""

    def instrumentation_dependencies(self) -> Collection[str]:
        """The SDK, of any version: one that the tests do not run with is tried, with a warning."""
        return ("anthropic",)

    def _instrument(self, **kwargs: Any) -> None:
        if kwargs:
            instrument(**kwargs)
            return
        if os.environ.get("OTEL_COMPLIANCE_STRICT", "").strip().lower() in TRUE:
            refuse_broken_configuration()
        # The command loads the HTTP client's own entry point itself.
        activate(with_http_spans=False)

    def _uninstrument(self, **kwargs: Any) -> None:
        uninstrument()


class Instrumentation:
    """One running instrumentation of this process."""

    def __init__(
        self, configuration: Configuration, *, tracer_provider: Any, logger_provider: Any, meter_provider: Any
    ) -> None:
        settings = configuration.settings
        redactor, trusted = _redactor(configuration)
        self._settings = settings
        self._redactor = redactor
        self._recorder = Recorder(
            policy=configuration.policy,
            redactor=redactor,
            keys=configuration.keys,
            captures_content=settings.content is ContentMode.REDACTED and trusted and _redaction_works(),
            meter_provider=meter_provider,
        )
        self._span_processor = ComplianceSpanProcessor(RedactingSpanProcessor(redactor), self._recorder)
        self._providers = Providers(
            settings,
            tracer_provider=tracer_provider,
            logger_provider=logger_provider,
            meter_provider=meter_provider,
            span_processor=self._span_processor,
            log_processor=ComplianceLogRecordProcessor(redactor, self._recorder),
            metrics_redactor=MetricsRedactor(redactor),
        )
        self._watch = Watch(self._providers.redact_traces, self._providers.redact_logs, self._providers.redact_metrics)
        self._hooks = Hooks(self._recorder, self._providers.give_to, self._before_call)
        self._audit: AuditLog | None = None
        self._policy_digest = configuration.policy.digest
        self._http_instrumentor: Any = None
        self._remove_log_filter: Callable[[], None] | None = None

    def start(self, *, with_http_spans: bool) -> None:
        """Install the hooks and attach to what is there."""
        self._hooks.install()
        self._remove_log_filter = logfilter.install(self._redactor)
        self._providers.attach_existing()
        self._watch.start()
        if with_http_spans:
            with health.contained("instrumentation.http"):
                self._http_instrumentor = _instrument_http()

    def force_flush(self, timeout_millis: int) -> bool:
        """Wait until every call that has ended is recorded; see the function of this name."""
        return self._recorder.flush(timeout_millis / 1000)

    def stop(self) -> None:
        """Take the hooks off, record what has ended, and close the audit chain."""
        self._hooks.uninstall()
        self._watch.stop()
        if self._remove_log_filter is not None:
            self._remove_log_filter()
        self._span_processor.complete_calls = False
        self._recorder.flush(_FLUSH_SECONDS)
        if self._audit is not None:
            self._audit.close()
        if self._http_instrumentor is not None:
            self._http_instrumentor.uninstrument()

    def _before_call(self, client: Any) -> Any:
        """The provider that this client uses, attached; on the first call, open the audit chain.

        Both wait for the first call because an app may set its providers after importing the SDK.
        """
        provider = self._providers.of_client(client)
        if self._audit is None:
            with _lock:
                if self._audit is None:
                    self._open_audit(provider)
        return provider

    def _open_audit(self, provider: Any) -> None:
        resource = getattr(getattr(provider, "resource", None), "attributes", {})
        clean = self._redactor.redact_value
        self._recorder.deployment = Deployment.from_resource(resource)
        audit = AuditLog(
            directory=self._settings.audit_log,
            logger_provider=self._providers.for_logs(),
            attributes={
                "service.name": clean(str(resource.get("service.name", ""))).value,
                Attr.ENVIRONMENT: clean(self._recorder.deployment.environment).value,
                Attr.POLICY_DIGEST: self._policy_digest,
            },
            trusted_key=TRUSTED_KEY,
        )
        self._recorder.audit = audit
        self._audit = audit
        if peers := active_peers():
            logger.warning("otel-compliance: %s", consequence(peers))


def _start(configuration: Configuration, *, with_http_spans: bool, **providers: Any) -> None:
    global _active
    # Importing the SDK may run `activate` through the import hook, so it comes before the look at `_active`.
    level = sdk.require()
    if level in (sdk.Support.OLDER, sdk.Support.UNTESTED):
        logger.warning("otel-compliance: anthropic SDK %s: %s", sdk.installed_version(), level.value)
    with _lock:
        if _active is not None:
            if any(providers.values()):
                logger.warning("otel-compliance: already active in this process, so the given providers are not used")
            return
        given = {name: providers.get(name) for name in ("tracer_provider", "logger_provider", "meter_provider")}
        instrumentation = Instrumentation(configuration, **given)
        instrumentation.start(with_http_spans=with_http_spans)
        _active = instrumentation


def _redactor(configuration: Configuration) -> tuple[Redactor, bool]:
    """(the redactor that the policy asks for, whether it is that): else one with the built-in recognisers alone."""
    keys, policy = configuration.keys, configuration.policy
    try:
        return Redactor(keys, policy=policy), True
    except ComplianceError as error:
        _announce(f"{error.diagnostics()}\n  Until then: the built-in recognisers alone, and no content.")
        return Redactor(keys, built_in_recognizers(), policy=policy), False


def _redaction_works() -> bool:
    """Whether a canary is redacted on the installed OpenTelemetry SDK; if not, content capture stays off."""
    try:
        verify()
    except RedactionError as error:
        _announce(f"{error.diagnostics()}\n  Content capture is off.")
        return False
    return True


def _instrument_http() -> Any:
    """Turn on the instrumentation of the HTTP client below the SDK, with credentials in headers masked."""
    from anthropic import _base_client
    from opentelemetry.instrumentation import httpx

    name = "HTTPX2ClientInstrumentor" if hasattr(_base_client, "httpx2") else "HTTPXClientInstrumentor"
    instrumentor = getattr(httpx, name)()
    if instrumentor.is_instrumented_by_opentelemetry:
        return None
    fields = os.environ.get(_SANITIZE_FIELDS, "")
    os.environ[_SANITIZE_FIELDS] = f"{fields},{_MASKED_HEADERS}" if fields else _MASKED_HEADERS
    instrumentor.instrument()
    return instrumentor


def _announce(message: str) -> None:
    """One loud message, through logging and on standard error: the app's logging may not be set up yet."""
    logger.error("otel-compliance: %s", message)
    if not logging.getLogger().handlers:
        return
    sys.stderr.write(f"otel-compliance: {message}\n")
