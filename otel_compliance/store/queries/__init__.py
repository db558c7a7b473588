"""Statements that are more than a line, by name."""

from importlib import resources


def statement(name: str) -> str:
    """The text of one statement."""
    return resources.files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
