"""What tests need that start interpreters of their own."""

import sys
from importlib import metadata

import pytest


def require_installed() -> None:
    """Fail unless the package is installed: activation works by a file in site-packages, not by an import."""
    try:
        metadata.version("otel-compliance")
    except metadata.PackageNotFoundError:
        pytest.fail(f"otel-compliance is not installed in {sys.executable}: run pip install -e '.[dev]'", pytrace=False)
