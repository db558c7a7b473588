"""How a call ended, as far as its answer tells."""

from __future__ import annotations

import sys

from otel_compliance.capture.call import Call, Outcome


def stream_outcome(call: Call) -> Outcome:
    """How an answer that did not fail ended: read to its end, closed by the app, or dropped.

    A message stream is complete with ``message_stop``. A session's events have no such mark: an app has had what it
    wanted whenever it stops reading them.
    """
    assembler = call.assembler
    if assembler is None:
        complete = call.read_to_end
    elif assembler.started or call.surface.is_message:
        complete = assembler.stopped
    else:
        complete = call.first_chunk_ns > 0 and not _interrupted()
    if complete:
        return Outcome.COMPLETED
    return Outcome.CANCELLED if call.closed_by_app or _interrupted() else Outcome.ABANDONED


def _interrupted() -> bool:
    """Whether the app is being stopped right now, as by the cancellation of a task: the native span ends on the way."""
    raised = sys.exc_info()[1]
    return raised is not None and not isinstance(raised, Exception | GeneratorExit)


def unset_outcome(call: Call) -> Outcome:
    """How a call ended whose native span has no status: the SDK leaves it out for what the app stopped."""
    if call.stream or call.read_to_end:
        return stream_outcome(call)
    # Without an inspected answer: cancelled before it came, or answered and never read.
    return Outcome.ABANDONED if call.answer_headers is not None else Outcome.CANCELLED
