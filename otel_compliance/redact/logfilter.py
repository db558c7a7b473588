"""Keep prompts out of the app's own logs: with ``ANTHROPIC_LOG=debug`` the SDK logs whole requests."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from inspect import getmodulename
from pathlib import Path
from typing import Any, Final

from otel_compliance import health
from otel_compliance.redact.redactor import Redactor
from otel_compliance.redact.structure import MAX_TEXT_CHARS, tombstone

WITHHELD: Final = "[WITHHELD]"
"""What stands for an argument of a log record that may hold content."""

MAX_CHARS: Final = 256
"""Text up to here is redacted and kept: methods, ids, reasons. Longer text is withheld, as it may be a prompt."""

_SDK: Final = "anthropic"
_CACHE: Final = "__pycache__"
_WITHOUT_LOGGERS: Final = ("types", _CACHE)
"""Folders of the SDK that are not looked into. ``types`` has data classes, nine modules of ten; none of them logs."""


class RedactingFilter(logging.Filter):
    """Redacts log records in place; it lets every record pass.

    The format string and the arguments that are numbers or short text stay, redacted. Other arguments are withheld.
    Of an exception only the type's name stays, since its message and its stack may quote content. A record that
    cannot be redacted keeps nothing but a tombstone.

    Args:
        redactor: Finds and replaces.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact `record`. Always true; never raises."""
        try:
            exception = _exception_name(record)
            self._redact(record)
        except Exception as error:  # noqa: BLE001 - a record that cannot be redacted is emptied
            health.swallow("redact.logfilter", error)
            exception = None
            record.msg, record.args = tombstone("failed"), ()
        # Formatters print `exc_text` where the stack would stand.
        record.exc_info, record.exc_text, record.stack_info = None, exception, None
        return True

    def _redact(self, record: logging.LogRecord) -> None:
        template = record.msg if isinstance(record.msg, str) else WITHHELD
        record.msg, record.args = template, self._arguments(template, record.args)
        text = record.getMessage()
        redacted = self._text(text)
        # Something in the format string, in a number, or in what arguments make together.
        if redacted != text or self._text(template) != template:
            record.msg, record.args = redacted, ()

    def _arguments(self, template: str, arguments: Any) -> Any:
        if not arguments:
            return ()
        if not isinstance(arguments, Mapping):
            return tuple(map(self._argument, arguments))
        # `logging` unpacks a mapping that is the only argument, whether the format string names its keys or not.
        if "%(" not in template:
            return (WITHHELD,)
        return {key: self._argument(value) for key, value in arguments.items() if f"%({key})" in template}

    def _argument(self, value: object) -> object:
        # Exact types: a subclass may print anything.
        if value is None or type(value) in (bool, int, float):
            return value
        return self._text(value) if type(value) is str and len(value) <= MAX_CHARS else WITHHELD

    def _text(self, text: str) -> str:
        return self._redactor.redact(text).text if len(text) <= MAX_TEXT_CHARS else tombstone("size")


def install(redactor: Redactor) -> Callable[[], None]:
    """Redact what the SDK logs in this process.

    The HTTP client below it logs no bodies, and its loggers are the app's, too, so they are left alone.

    Args:
        redactor: Finds and replaces.

    Returns:
        A function that takes the filter off again.
    """
    log_filter = RedactingFilter(redactor)
    loggers = [logging.getLogger(name) for name in sorted({*_existing(), *_of_sdk_modules()})]
    for logger in loggers:
        logger.addFilter(log_filter)

    def uninstall() -> None:
        for logger in loggers:
            logger.removeFilter(log_filter)

    return uninstall


def _existing() -> Iterator[str]:
    """The SDK's loggers that exist by now."""
    for name, logger in list(logging.Logger.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and (name == _SDK or name.startswith(f"{_SDK}.")):
            yield name


def _of_sdk_modules() -> Iterator[str]:
    """The names of all modules of the SDK that may log.

    A filter sees only what is logged on its very logger, and the SDK makes some loggers late: clients for clouds,
    tools and credentials are imported on first use. All its loggers bear the name of one of its modules (a test
    looks at its source), so they are made here, before the modules are. The folder is listed instead of a list kept
    here, so that loggers of newer SDKs are covered. Bytecode and compiled modules count as much as sources: some
    images have no sources. A handler on the logger ``anthropic`` would see the records of children too, but only
    behind their own handlers, and an app without handlers would lose its warnings.
    """
    with health.contained("redact.logfilter"):
        spec = find_spec(_SDK)
        for folder in (spec and spec.submodule_search_locations) or ():
            root = Path(folder)
            packages = [item for item in root.iterdir() if item.is_dir() and item.name not in _WITHOUT_LOGGERS]
            for file in (*root.glob("*.*"), *(file for package in packages for file in package.rglob("*.*"))):
                module = getmodulename(file.name)
                if module is not None and file.parent.name != _CACHE:
                    own = () if module == "__init__" else (module,)
                    yield ".".join((_SDK, *file.parent.relative_to(root).parts, *own))


def _exception_name(record: logging.LogRecord) -> str | None:
    """The name of the type of the exception that the record carries."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind.__name__ if kind is not None else None
