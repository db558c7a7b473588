"""Steps of something that takes a while, shown on standard error as they end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from otel_compliance.cli.answer import progress


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done.

    Attributes:
        title: What it was.
        detail: How it went.
        seconds: How long it took.
    """

    title: str
    detail: str
    seconds: float


@dataclass(slots=True)
class Steps:
    """Runs steps, and shows each as it ends; on a terminal, the running one, too.

    Attributes:
        done: The steps so far.
    """

    done: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, title: str) -> Iterator[list[str]]:
        """One step. What is appended to the list says how it went."""
        from rich.padding import Padding

        console = progress()
        started = time.monotonic()
        detail: list[str] = []
        with console.status(title) if console.is_terminal else nullcontext():
            yield detail
        step = Step(title, " ".join(detail), round(time.monotonic() - started, 2))
        self.done.append(step)
        console.print("✓", style="green", end=" ")
        console.print(title, style="bold", end=" ")
        console.print(f"{step.seconds:.1f} s", style="dim")
        if step.detail:
            console.print(Padding(step.detail, (0, 0, 0, 2), expand=False))
