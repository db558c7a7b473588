"""What is wrong with the configuration: settings, policy, key."""

from __future__ import annotations

from collections.abc import Iterator

from otel_compliance.cli.check.diagnosis import Item, Status, Subject, failed
from otel_compliance.config import PREFIX


def settings(subject: Subject) -> Iterator[Item]:
    """The variables, each by itself."""
    for problem in subject.problems:
        yield failed("Settings", problem)
    if not subject.problems:
        count = sum(name.startswith(PREFIX) for name in subject.environ)
        yield Item(
            "Settings", Status.OK, f"{count} OTEL_COMPLIANCE variables set, all accepted" if count else "defaults"
        )


def policy(subject: Subject) -> Iterator[Item]:
    """The policy in force."""
    from otel_compliance.policy import Policy

    path = subject.settings.policy
    loaded = Policy.load(path) if path else Policy.default()
    yield Item("Policy", Status.OK, f"{path or 'built-in'}, digest {loaded.digest}")


def hmac_key(subject: Subject) -> Iterator[Item]:
    """The key of pseudonyms: readable by us, by nobody else, and not made by accident in production."""
    from otel_compliance.keys import KeyRing

    chosen = subject.settings
    if chosen.hmac_key is not None:
        KeyRing.from_settings(chosen)
        remedy = "prefer OTEL_COMPLIANCE_HMAC_KEY_FILE: other programs of the user can read variables"
        yield Item("HMAC key", Status.WARN, "from the variable OTEL_COMPLIANCE_HMAC_KEY", remedy)
        return
    path = chosen.hmac_key_file
    if chosen.hmac_key_generated and not path.exists():
        yield _generated("it will be made by the first call", subject)
        return
    KeyRing.from_settings(chosen)
    if path.stat().st_mode & 0o077:
        yield Item("HMAC key", Status.FAIL, f"{path} can be read by other users", f"chmod 600 {path}")
    elif chosen.hmac_key_generated:
        yield _generated(str(path), subject)
    else:
        yield Item("HMAC key", Status.OK, str(path))


def _generated(detail: str, subject: Subject) -> Item:
    """The item of a key that this machine makes for itself."""
    if not subject.production:
        return Item("HMAC key", Status.OK, f"{detail}, generated on this machine")
    return Item(
        "HMAC key",
        Status.WARN,
        f"{detail}, generated on this machine: other machines have other keys, so pseudonyms do not match across them",
        "make one key for all, keep it in a secret store, and set OTEL_COMPLIANCE_HMAC_KEY_FILE",
    )
