"""The hooks on the `anthropic` SDK.

Every surface, client class and transport passes through the same few functions of ``anthropic._base_client``,
so hooking them, not the resource methods, leaves no call out:

* ``request`` opens and ends the record of a call,
* ``_build_request`` sees each attempt with its final headers and prepared body,
* ``_should_retry`` sees each answer that is tried again,
* ``_process_response`` and ``_make_status_error_from_response`` see the answer before the span ends,
* ``Stream.__stream__`` and ``close`` see every event of a stream and how it ended.

No hook changes an argument or a result, and none lets an exception of its own out, but for what the policy asks for:
`capture.verdict` may set a region and raise `PolicyViolation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from opentelemetry import baggage, trace
from opentelemetry.context import Context, attach, detach, get_current, get_value, set_value
from opentelemetry.trace import SpanKind
from opentelemetry.util.types import AttributeValue

from otel_compliance import health
from otel_compliance.caller import current as current_caller
from otel_compliance.capture.answers import Answers
from otel_compliance.capture.call import CALL_KEY, Call, Outcome
from otel_compliance.capture.client import provider_name, url_of
from otel_compliance.capture.outcome import stream_outcome
from otel_compliance.capture.recorder import Recorder
from otel_compliance.capture.request import keep_request
from otel_compliance.capture.surface import Surface
from otel_compliance.capture.transport import error_type, retry_after_seconds
from otel_compliance.capture.verdict import decide
from otel_compliance.capture.wrapping import Wrappings
from otel_compliance.errors import ComplianceError
from otel_compliance.names import TRACER_NAME, Attr, GenAI


class Hooks:
    """The hooks, installed at most once.

    Args:
        recorder: Makes the record of each call.
        client_made: Called with each new client; gives it the tracer provider to use.
        before_call: Called with the client before each call; attaches processors to the tracer provider that this
            client uses, and returns it.
    """

    def __init__(
        self, recorder: Recorder, client_made: Callable[[Any], None], before_call: Callable[[Any], Any]
    ) -> None:
        self._recorder = recorder
        self._client_made = client_made
        self._before_call = before_call
        self._answers = Answers(recorder, self._failed)
        self._wrappings = Wrappings()
        self._tracers: WeakKeyDictionary[Any, trace.Tracer] = WeakKeyDictionary()
        residency = recorder.policy.residency
        self._decides = bool(residency.inject) or residency.on_violation == "block"
        self._active = True

    def install(self) -> None:
        """Wrap the SDK's functions.

        Raises:
            ComplianceError: The installed SDK lacks one of them; nothing stays wrapped then.
        """
        from anthropic import _base_client, _streaming

        try:
            self._wrap(_base_client.BaseClient, "__init__", self._init)
            self._wrap(_base_client.SyncAPIClient, "request", self._request)
            self._wrap(_base_client.AsyncAPIClient, "request", self._async_request)
            self._wrap(_base_client.BaseClient, "_build_request", self._build_request)
            self._wrap(_base_client.SyncAPIClient, "_process_response", self._process_response)
            self._wrap(_base_client.AsyncAPIClient, "_process_response", self._async_process_response)
            self._wrap(_base_client.BaseClient, "_make_status_error_from_response", self._status_error)
            self._wrap(_base_client.BaseClient, "_should_retry", self._should_retry)
            self._wrap(_streaming.Stream, "__stream__", self._answers.stream)
            self._wrap(_streaming.AsyncStream, "__stream__", self._answers.async_stream)
            self._wrap(_streaming.Stream, "close", self._answers.close)
            self._wrap(_streaming.AsyncStream, "close", self._answers.close)
        except ComplianceError:
            self.uninstall()
            raise

    def uninstall(self) -> None:
        """Put the SDK's functions back. One that somebody else wrapped after us keeps ours below theirs, idle."""
        self._active = False
        self._wrappings.undo()

    def _wrap(self, owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
        if name not in owner.__dict__:
            raise ComplianceError(
                f"{owner.__name__}.{name} does not exist in this version of the anthropic SDK",
                remedy="use a version of the SDK that this release supports, or a newer otel-compliance",
            )
        self._wrappings.wrap(owner, name, wrapper)

    def _init(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> None:
        wrapped(*args, **kwargs)
        with health.contained("capture.client"):
            if self._active:
                self._client_made(client)

    # The call: opened, and ended unless a body is still to be read.

    def _request(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        call = self._open(client, args, kwargs)
        if call is None:
            return wrapped(*args, **kwargs)
        context = _call_context(call)
        token = attach(context)
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            self._failed(call, error)
            raise
        finally:
            detach(token)
        self._returned(call, client, result, context)
        return result

    async def _async_request(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        call = self._open(client, args, kwargs)
        if call is None:
            return await wrapped(*args, **kwargs)
        context = _call_context(call)
        token = attach(context)
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            self._failed(call, error)
            raise
        finally:
            detach(token)
        self._returned(call, client, result, context)
        return result

    def _open(self, client: Any, args: Any, kwargs: Any) -> Call | None:
        if not self._active:
            return None
        try:
            provider = self._before_call(client)
            options = kwargs["options"] if "options" in kwargs else args[1]
            span_name = getattr(options, "span_name", None)
            url = options.url if span_name else url_of(client, options.url)
            call = Call(
                caller=current_caller(),
                surface=Surface.of(span_name=span_name, method=options.method, url=url),
                stream=bool(kwargs.get("stream", False)),
                model=_model(options),
                client=client,
            )
            if span_name is None or getattr(client, "_tracer", None) is None:
                _start_own_span(call, client, self._tracer(provider))
        except Exception as error:  # noqa: BLE001 - the app's call goes on, unrecorded and counted
            health.swallow("capture.open", error)
            return None
        return call

    def _tracer(self, provider: Any) -> trace.Tracer:
        """Our tracer, asked for once: each time the SDK changes the process's warning filters."""
        tracer = self._tracers.get(provider)
        if tracer is None:
            tracer = self._tracers[provider] = provider.get_tracer(TRACER_NAME)
        return tracer

    def _failed(self, call: Call, error: BaseException) -> None:
        """End a call that raised. Anything but an `Exception`, such as a `CancelledError`, is the app stopping it."""
        with health.contained("capture.failed"):
            call.running = False
            if isinstance(error, Exception):
                self._recorder.finish(call, Outcome.ERROR, error_type(error))
            else:
                self._recorder.finish(call, Outcome.CANCELLED)

    def _returned(self, call: Call, client: Any, result: Any, context: Context) -> None:
        try:
            if getattr(client, "_middleware", None):
                self._answers.returned(call, result, context)
            call.running = False
            if not call.body_open:
                self._recorder.finish(call, Outcome.COMPLETED)
            elif call.read_to_end or call.closed_by_app or (call.answer is not None and call.answer() is None):
                # By middleware: the app itself has had nothing to read yet.
                self._recorder.finish(call, stream_outcome(call))
        except Exception as error:  # noqa: BLE001 - the app has its answer all the same
            health.swallow("capture.returned", error)

    # The attempts and the answer.

    def _build_request(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        call = _running_call()
        if call is None:
            return wrapped(*args, **kwargs)
        options = kwargs["options"] if "options" in kwargs else args[0]
        if self._decides:
            decide(self._recorder.policy.residency, call, client, options)
        request = wrapped(*args, **kwargs)
        try:
            call.sent_headers = request.headers
            if call.span_context is None:
                call.span_context = trace.get_current_span().get_span_context()
            keep_request(call, request, options, self._recorder.keys)
        except Exception as error:  # noqa: BLE001 - what could not be kept stays uninspected
            health.swallow("capture.request", error)
        return request

    def _process_response(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        self._answered(kwargs.get("response"))
        return wrapped(*args, **kwargs)

    async def _async_process_response(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        self._answered(kwargs.get("response"))
        return await wrapped(*args, **kwargs)

    def _answered(self, response: Any) -> None:
        try:
            call = _running_call()
            if call is not None:
                self._read_headers(call, response)
                if call.spliced is None:
                    self._answers.arrived(call, response)
        except Exception as error:  # noqa: BLE001 - the app gets its answer all the same
            health.swallow("capture.response", error)

    def _status_error(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        with health.contained("capture.status_error"):
            call = _running_call()
            if call is not None:
                self._read_headers(call, kwargs["response"] if "response" in kwargs else args[0])
        return wrapped(*args, **kwargs)

    def _should_retry(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        retry = wrapped(*args, **kwargs)
        with health.contained("capture.retry"):
            call = _running_call()
            if call is not None and retry:
                self._read_status(call, kwargs["response"] if "response" in kwargs else args[0])
        return retry

    def _read_headers(self, call: Call, response: Any) -> None:
        self._read_status(call, response)
        call.answer_headers = response.headers
        # An auth flow (OAuth, workload identity) and a signature are set only as the request is sent.
        call.sent_headers = response.request.headers

    @staticmethod
    def _read_status(call: Call, response: Any) -> None:
        status = response.status_code
        call.statuses.append(status)
        if status >= 400 and (seconds := retry_after_seconds(response)) is not None:
            call.transport[Attr.RATELIMIT_RETRY_AFTER] = seconds


def _running_call() -> Call | None:
    call = get_value(CALL_KEY)
    return call if isinstance(call, Call) else None


def _model(options: Any) -> str:
    """The model that is asked for; the clients of clouds move it from the body into the URL."""
    body = options.json_data
    model = body.get("model") if isinstance(body, Mapping) else None
    return model if isinstance(model, str) else ""


def _call_context(call: Call) -> Context:
    """The context that a call runs in: with its record and its own span, and without the app's baggage.

    The SDK propagates context to the provider, so baggage would leave the company with the request.
    """
    context = set_value(CALL_KEY, call, baggage.clear(get_current()))
    return trace.set_span_in_context(call.span, context) if call.owns_span and call.span else context


def _start_own_span(call: Call, client: Any, tracer: trace.Tracer) -> None:
    """Start the span of a call for which the SDK makes none, with the name and scope-free attributes it would have."""
    request_type = call.surface.request_type
    operation: dict[str, AttributeValue] = {GenAI.OPERATION: "chat"} if call.surface.is_message else {}
    span = tracer.start_span(
        request_type if " " in request_type else f"anthropic.{request_type}",
        # Tells our span processor whose span it is.
        context=set_value(CALL_KEY, call),
        kind=SpanKind.CLIENT,
        attributes={GenAI.PROVIDER: provider_name(client), "server.address": client.base_url.host, **operation},
    )
    call.span_context = span.get_span_context()
    if span.is_recording():
        call.span, call.owns_span = span, True
