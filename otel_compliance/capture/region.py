"""Where a request asks for inference to run: ``inference_geo`` of its messages, or of the models of agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from otel_compliance.capture.messages import message_bodies
from otel_compliance.capture.surface import Surface


def requested_regions(surface: Surface, body: Mapping[str, Any]) -> Sequence[str | None]:
    """``inference_geo`` of each message or agent in a request, `None` where it is unset.

    Args:
        surface: The API method.
        body: The body of the request; nothing of it stands for inference on other surfaces than these.
    """
    if surface.is_message or surface.is_batch:
        return [_geo(part) for part in message_bodies(body)]
    return [_geo(_settings(agent["model"])) for agent in _agents(surface, body)]


def with_region(surface: Surface, body: Mapping[str, Any], geo: str) -> Mapping[str, Any]:
    """The body with `geo` wherever it is unset. What belongs to the app is copied, never changed."""
    if surface.is_batch:
        return {**body, "requests": [_batch_item(item, geo) for item in body.get("requests", ())]}
    if surface.is_message:
        return _placed(body, geo)
    for agent in _agents(surface, body):
        placed = {**agent, "model": _placed(_settings(agent["model"]), geo)}
        return placed if agent is body else {**body, "agent": placed}
    return body


def _agents(surface: Surface, body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The agent whose model the request sets: the one that it makes or changes, or that a session overrides."""
    agent = body.get("agent") if surface.is_session else body
    return [agent] if surface.is_agent and isinstance(agent, Mapping) and agent.get("model") else []


def _settings(model: Any) -> Mapping[str, Any]:
    """The settings of an agent's model, which may be its name alone."""
    return model if isinstance(model, Mapping) else {"id": model}


def _geo(part: Mapping[str, Any]) -> str | None:
    value = part.get("inference_geo")
    return value if isinstance(value, str) else None


def _placed(part: Mapping[str, Any], geo: str) -> Mapping[str, Any]:
    return part if _geo(part) is not None else {**part, "inference_geo": geo}


def _batch_item(item: Any, geo: str) -> Any:
    params = item.get("params") if isinstance(item, Mapping) else None
    return {**item, "params": _placed(params, geo)} if isinstance(params, Mapping) else item
