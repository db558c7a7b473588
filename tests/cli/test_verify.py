"""``otel-compliance verify delivery``: what was accepted is accounted for, or the command says what is not."""

from dirty_equals import IsStr

from otel_compliance.store.spool import Spool


def test_nothing_was_accepted(run) -> None:
    """No spool and no store yet: complete, and said so."""
    done = run("verify", "delivery")
    assert (done.code, done.stdout) == (0, "Nothing was accepted in this period.\n")


def test_what_arrived_is_complete(run, recording) -> None:
    """Each accepted row is stored: exit code 0, with the counts of the exporter's hour."""
    recording.call()
    recording.end()
    done = run("verify", "delivery", "--json")
    [hour] = done.document["hours"]
    counts = {"accepted": 3, "stored": 3, "waiting": 0, "quarantined": 0, "dropped": 0, "missing": 0, "doubled": 0}
    assert done.code == 0
    assert done.document == {"complete": True, "since": IsStr, **counts, "hours": [hour]}
    assert hour == {"exporter": IsStr(regex=r".+-\d+-[0-9a-f]{8}"), "hour": IsStr(regex=r".+:00:00Z"), **counts}
    assert "Everything that was accepted is accounted for." in run("verify", "delivery").stdout


def test_what_vanished_is_missing(run, recording) -> None:
    """A segment that was deleted behind our back: exit code 1, and the hour of its exporter."""
    recording.call()
    spool = Spool.from_settings(recording.settings)
    spool.segments()[0].unlink()
    recording.end()
    done = run("verify", "delivery")
    assert (done.code, "1 rows are missing, 0 arrived more than once." in done.stdout) == (1, True)
    assert run("verify", "delivery", "--json").document["missing"] == 1


def test_what_was_dropped_is_explained(run, recording) -> None:
    """A segment that was set aside is no gap, nor is one that was dropped by command."""
    recording.call()
    spool = Spool.from_settings(recording.settings)
    aside = spool.quarantine(spool.segments()[0])
    assert run("verify", "delivery", "--json").document["quarantined"] == 1
    assert run("spool", "drop", aside.name, "--yes").code == 0
    done = run("verify", "delivery", "--json")
    assert (done.code, done.document["dropped"], done.document["missing"]) == (0, 1, 0)


def test_a_lost_key_is_explained(run, recording) -> None:
    """Segments of a lost key wait, each command that reads says so, and they are dropped by name alone, or freed."""
    recording.call()
    recording.end()
    key, kept = recording.settings.hmac_key_file, recording.settings.hmac_key_file.read_text()
    key.write_text("A" * 43 + "=")
    done = run("calls", "--json")
    assert (done.code, done.document["calls"]) == (0, [])
    assert "are encrypted with another key" in done.stderr
    assert "OTEL_COMPLIANCE_HMAC_KEY_FILE" in done.stderr
    listed = run("spool", "list", "--json")
    assert (listed.code, {item["state"] for item in listed.document["segments"]}) == (1, {"locked"})
    assert run("verify", "delivery", "--json").document["waiting"] == 3
    names = [item["name"] for item in listed.document["segments"]]
    assert run("spool", "drop", "--all", "--yes", "--json").document["segments"] == []
    assert run("spool", "drop", names[0], "--yes").code == 0
    assert run("spool", "list", "--json").document["segments"] != listed.document["segments"]
    key.write_text(kept)
    run("calls")
    assert run("verify", "delivery", "--json").document["stored"] == 2
