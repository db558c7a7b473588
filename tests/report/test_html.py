"""The report: whole, escaped, self-contained, deterministic, and readable in a real browser."""

import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from support.store import NOW, audit_row, insert_calls

from otel_compliance.audit import VerifyReport
from otel_compliance.report.html import render
from otel_compliance.store.client import Store

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
INTACT = VerifyReport(chains=1, events=61, erased=0, problems=())


def test_the_same_data_gives_the_same_bytes(busy: Store) -> None:
    """The report can be hashed as evidence."""
    assert render(busy, generated_at=NOW, audit=INTACT) == render(busy, generated_at=NOW, audit=INTACT)


def test_it_shows_findings_classes_and_the_chain(busy: Store) -> None:
    """Verdicts, findings with their runbooks, charts and the state of the audit chain are there."""
    page = render(busy, generated_at=NOW, audit=INTACT)
    for text in (
        "A key used a model for the first time",
        "A credential was sent to the model",
        "in a region that the policy forbids",
        "CC7.2",
        "RESTRICTED",
        "EMAIL",
        "intact",
        "61",
        "0123456789abcdef",
    ):
        assert text in page
    assert page.count("<svg") == 7


def test_what_has_just_happened_is_in_the_charts(store: Store) -> None:
    """A single call a minute ago is drawn: the bucket that is still open on a live board has ended here."""
    insert_calls(store, [audit_row(at=NOW - timedelta(minutes=1))])
    assert render(store, generated_at=NOW, audit=INTACT).count("<polyline") == 3


def test_it_is_self_contained_and_escaped(busy: Store) -> None:
    """No script, no address that a browser would load, and a hostile team name is text."""
    page = render(busy, generated_at=NOW, audit=INTACT)
    assert "<script" not in page
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;" in page
    assert not re.search(r"(?:src|href|url\()\s*=?", page)


def test_an_empty_store_says_so(store: Store) -> None:
    """Nothing recorded is shown as no data, never as fine."""
    page = render(store, generated_at=NOW)
    assert page.count("No data in this period.") == 9
    assert "not verified" in page
    assert "The rules found nothing in this period." in page


@pytest.mark.skipif(not BROWSER, reason="NO BROWSER: install chromium to test the report as a person sees it")
@pytest.mark.parametrize("width", [1280, 380])
def test_a_browser_renders_it(busy: Store, tmp_path: Path, width: int) -> None:
    """A real browser draws the page, without errors and without a horizontal scroll bar for the page."""
    page = tmp_path / "report.html"
    probe = (
        "<script>document.title = document.documentElement.scrollWidth <= innerWidth ? 'fits' : 'overflows'</script>"
    )
    page.write_text(
        render(busy, generated_at=NOW, audit=INTACT).replace("</body>", f"{probe}</body>"), encoding="utf-8"
    )
    picture = tmp_path / "report.png"
    command = [
        BROWSER,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},2400",
        f"--screenshot={picture}",
        "--dump-dom",
        page.as_uri(),
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    assert picture.stat().st_size > 20_000
    assert "<title>fits</title>" in result.stdout
    assert "ERROR:CONSOLE" not in result.stderr
