"""The hooks on the `anthropic` SDK.

Every surface, client class and transport passes through the same few functions of ``anthropic._base_client``,
so hooking them, not the resource methods, leaves no call out:

* ``request`` opens and ends the record of a call,
* ``_build_request`` sees each attempt with its final headers and prepared body,
* ``_process_response`` and ``_make_status_error_from_response`` see the answer before the span ends,
* ``Stream.__stream__`` and ``close`` see every event of a stream and how it ended.

No hook changes an argument or a result, and none lets an exception of its own out.
"""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, closing
from typing import Any

import wrapt
from opentelemetry import baggage, trace
from opentelemetry.context import attach, detach, get_current, get_value, set_value
from opentelemetry.trace import SpanKind

from otel_compliance import health
from otel_compliance.caller import current as current_caller
from otel_compliance.capture.call import CALL_KEY, UNINSPECTED, Call, Outcome
from otel_compliance.capture.messages import request_facts, response_facts, user_id
from otel_compliance.capture.processor import stream_outcome
from otel_compliance.capture.recorder import Recorder
from otel_compliance.capture.transport import credential_facts, error_type, request_type, response_header_facts
from otel_compliance.errors import ComplianceError
from otel_compliance.names import TRACER_NAME, GenAI

_EXTENSION = "otel_compliance.call"
"""Key in ``response.extensions``, the place that httpx keeps for such notes, under which a stream finds its call."""


class Hooks:
    """The hooks, installed at most once.

    Args:
        recorder: Makes the record of each call.
        before_call: Called with the client before each call; attaches processors to the tracer provider that this
            client uses, and returns it.
    """

    def __init__(self, recorder: Recorder, before_call: Callable[[Any], Any]) -> None:
        self._recorder = recorder
        self._before_call = before_call
        self._installed: list[tuple[Any, str]] = []
        self._wrappers: list[Callable[..., Any]] = []
        self._active = True

    def install(self) -> None:
        """Wrap the SDK's functions.

        Raises:
            ComplianceError: The installed SDK lacks one of them; nothing stays wrapped then.
        """
        from anthropic import _base_client, _streaming

        try:
            self._wrap(_base_client.SyncAPIClient, "request", self._request)
            self._wrap(_base_client.AsyncAPIClient, "request", self._async_request)
            self._wrap(_base_client.BaseClient, "_build_request", self._build_request)
            self._wrap(_base_client.SyncAPIClient, "_process_response", self._process_response)
            self._wrap(_base_client.AsyncAPIClient, "_process_response", self._async_process_response)
            self._wrap(_base_client.BaseClient, "_make_status_error_from_response", self._status_error)
            self._wrap(_streaming.Stream, "__stream__", self._stream)
            self._wrap(_streaming.AsyncStream, "__stream__", self._async_stream)
            self._wrap(_streaming.Stream, "close", self._close)
            self._wrap(_streaming.AsyncStream, "close", self._close)
        except ComplianceError:
            self.uninstall()
            raise

    def uninstall(self) -> None:
        """Put the SDK's functions back. One that somebody else wrapped after us keeps ours below theirs, idle."""
        self._active = False
        for owner, name in reversed(self._installed):
            function = owner.__dict__[name]
            if getattr(function, "_self_wrapper", None) in self._wrappers:
                setattr(owner, name, function.__wrapped__)
        self._installed.clear()

    def _wrap(self, owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
        if name not in owner.__dict__:
            raise ComplianceError(
                f"{owner.__name__}.{name} does not exist in this version of the anthropic SDK",
                remedy="use a version of the SDK that this release supports, or a newer otel-compliance",
            )
        wrapt.wrap_function_wrapper(owner, name, wrapper)
        self._wrappers.append(wrapper)
        self._installed.append((owner, name))

    # The call: opened, and ended unless a body is still to be read.

    def _request(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        call = self._open(client, args, kwargs)
        if call is None:
            return wrapped(*args, **kwargs)
        token = attach(_call_context(call))
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            self._failed(call, error)
            raise
        finally:
            detach(token)
        self._returned(call)
        return result

    async def _async_request(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        call = self._open(client, args, kwargs)
        if call is None:
            return await wrapped(*args, **kwargs)
        token = attach(_call_context(call))
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            self._failed(call, error)
            raise
        finally:
            detach(token)
        self._returned(call)
        return result

    def _open(self, client: Any, args: Any, kwargs: Any) -> Call | None:
        if not self._active:
            return None
        try:
            provider = self._before_call(client)
            options = kwargs["options"] if "options" in kwargs else args[1]
            span_name = getattr(options, "span_name", None)
            call = Call(
                caller=current_caller(),
                request_type=request_type(span_name=span_name, method=options.method, url=options.url),
                stream=bool(kwargs.get("stream", False)),
            )
            if span_name is None or getattr(client, "_tracer", None) is None:
                _start_own_span(call, client, provider)
        except Exception as error:  # noqa: BLE001 - the app's call goes on, unrecorded and counted
            health.swallow("capture.open", error)
            return None
        return call

    def _failed(self, call: Call, error: BaseException) -> None:
        """End a call that raised. Anything but an `Exception`, such as a `CancelledError`, is the app stopping it."""
        with health.contained("capture.failed"):
            if isinstance(error, Exception):
                self._recorder.finish(call, Outcome.ERROR, error_type(error))
            else:
                self._recorder.finish(call, Outcome.CANCELLED)

    def _returned(self, call: Call) -> None:
        with health.contained("capture.returned"):
            if not call.body_open:
                self._recorder.finish(call, Outcome.COMPLETED)

    # The attempts and the answer.

    def _build_request(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        request = wrapped(*args, **kwargs)
        with health.contained("capture.request"):
            call = _running_call()
            if call is not None:
                call.transport |= credential_facts(request.headers, self._recorder.keys)
                if call.input is None:
                    self._read_request(call, kwargs["options"] if "options" in kwargs else args[0])
        return request

    def _read_request(self, call: Call, options: Any) -> None:
        """Inspect the body of the first attempt; further attempts send the same."""
        call.input = UNINSPECTED
        if call.span_context is None:
            call.span_context = trace.get_current_span().get_span_context()
        body = options.json_data if isinstance(options.json_data, dict) else {}
        if isinstance(extra := getattr(options, "extra_json", None), dict):
            body = {**body, **extra}
        call.request = request_facts(body)
        call.user_id = user_id(body)
        call.input = self._recorder.inspect(body)

    def _process_response(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        self._answered(kwargs.get("response"))
        return wrapped(*args, **kwargs)

    async def _async_process_response(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        self._answered(kwargs.get("response"))
        return await wrapped(*args, **kwargs)

    def _answered(self, response: Any) -> None:
        with health.contained("capture.response"):
            call = _running_call()
            if call is None:
                return
            self._read_headers(call, response)
            call.body_open = not response.is_closed
            if call.body_open:
                # For an app that drops the body unread, where no native span would tell.
                weakref.finalize(response, self._recorder.finish, call, Outcome.ABANDONED)
                response.extensions[_EXTENSION] = call
            elif "json" in response.headers.get("content-type", ""):
                call.output = UNINSPECTED
                body = response.json()
                call.response = response_facts(body) if isinstance(body, dict) else {}
                call.output = self._recorder.inspect(body)

    def _status_error(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        with health.contained("capture.status_error"):
            call = _running_call()
            if call is not None:
                self._read_headers(call, kwargs["response"] if "response" in kwargs else args[0])
        return wrapped(*args, **kwargs)

    def _read_headers(self, call: Call, response: Any) -> None:
        call.transport |= response_header_facts(response)
        # An auth flow (OAuth, workload identity) sets the credential only as the request is sent.
        call.transport |= credential_facts(response.request.headers, self._recorder.keys)

    # Streams: every event is seen, and every way to end.

    def _stream(self, wrapped: Any, stream: Any, args: Any, kwargs: Any) -> Any:
        events = wrapped(*args, **kwargs)
        call = _call_of(stream)
        return events if call is None else self._observed(events, call)

    def _observed(self, events: Any, call: Call) -> Iterator[Any]:
        with closing(events):
            try:
                for event in events:
                    with health.contained("capture.event"):
                        call.assembler.observe(event)
                    yield event
            except BaseException as error:
                self._stream_raised(call, error)
                raise
        self._stream_ended(call)

    def _async_stream(self, wrapped: Any, stream: Any, args: Any, kwargs: Any) -> Any:
        events = wrapped(*args, **kwargs)
        call = _call_of(stream)
        return events if call is None else self._async_observed(events, call)

    async def _async_observed(self, events: Any, call: Call) -> AsyncIterator[Any]:
        async with aclosing(events):
            try:
                async for event in events:
                    with health.contained("capture.event"):
                        call.assembler.observe(event)
                    yield event
            except BaseException as error:
                self._stream_raised(call, error)
                raise
        self._stream_ended(call)

    def _stream_raised(self, call: Call, error: BaseException) -> None:
        if isinstance(error, GeneratorExit):
            self._stream_ended(call)
        else:
            call.closed_by_app = True
            self._failed(call, error)

    def _close(self, wrapped: Any, stream: Any, args: Any, kwargs: Any) -> Any:
        call = _call_of(stream)
        if call is not None:
            call.closed_by_app = True
            self._stream_ended(call)
        return wrapped(*args, **kwargs)

    def _stream_ended(self, call: Call) -> None:
        with health.contained("capture.stream"):
            self._recorder.finish(call, stream_outcome(call))


def _running_call() -> Call | None:
    call = get_value(CALL_KEY)
    return call if isinstance(call, Call) else None


def _call_of(stream: Any) -> Call | None:
    """The call whose answer a stream reads; `None` for a stream of nobody's call, or of a mock without extensions."""
    extensions = getattr(getattr(stream, "response", None), "extensions", None)
    call = extensions.get(_EXTENSION) if isinstance(extensions, dict) else None
    return call if isinstance(call, Call) else None


def _call_context(call: Call) -> Any:
    """The context that a call runs in: with its record and its own span, and without the app's baggage.

    The SDK propagates context to the provider, so baggage would leave the company with the request.
    """
    context = set_value(CALL_KEY, call, baggage.clear(get_current()))
    return trace.set_span_in_context(call.span, context) if call.owns_span and call.span else context


def _start_own_span(call: Call, client: Any, provider: Any) -> None:
    """Start the span of a call for which the SDK makes none, with the name and scope-free attributes it would have."""
    name = call.request_type if " " in call.request_type else f"anthropic.{call.request_type}"
    span = provider.get_tracer(TRACER_NAME).start_span(
        name,
        kind=SpanKind.CLIENT,
        attributes={GenAI.PROVIDER: "anthropic", GenAI.OPERATION: "chat", "server.address": client.base_url.host},
    )
    call.span_context = span.get_span_context()
    if span.is_recording():
        call.span, call.owns_span = span, True
