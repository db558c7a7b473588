"""The vault: what tokens stand for, kept encrypted for each person, until it expires or the person is forgotten."""

import concurrent.futures
import multiprocessing
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from otel_compliance import Redactor, Vault
from otel_compliance.audit import AuditLog, read_chain_file
from otel_compliance.classification import Classification
from otel_compliance.config import Settings
from otel_compliance.errors import DecryptionError, KeyRingError, VaultError
from otel_compliance.keys import KeyRing
from otel_compliance.policy import Policy
from otel_compliance.subject_keys import SubjectKeys

RING = KeyRing(bytes(range(32)))
REDACTOR = Redactor(RING)
PROMPT = REDACTOR.redact("Write to jane.doe@example.com about card 4111 1111 1111 1111")
EMAIL, CARD = PROMPT.stand_ins
ANSWER = f"Dear {EMAIL}, your card {CARD} is [EMAIL:k1:aaaaaaaaaaaaaaaa]."
RESTORED = "Dear jane.doe@example.com, your card 4111 1111 1111 1111 is [EMAIL:k1:aaaaaaaaaaaaaaaa]."
DAY = 86_400


def vault(directory: Path, **options: object) -> Vault:
    """The vault of a deployment in this folder."""
    return Vault(directory / "vault", RING, SubjectKeys(directory / "keys", RING), **options)  # type: ignore[arg-type]


def test_another_process_restores_the_answer(tmp_path: Path) -> None:
    """What one object of the class keeps, another one puts back; tokens that it does not know stay."""
    vault(tmp_path).put("jane", PROMPT.replacements)
    assert vault(tmp_path).restore(ANSWER, "jane") == RESTORED


def test_nobody_gets_the_values_of_others(tmp_path: Path) -> None:
    """A token is restored for the person whose value it is, though others may write it."""
    kept = vault(tmp_path)
    kept.put("jane", PROMPT.replacements)
    kept.put("john", {CARD: "4111-1111-1111-1111"})
    assert kept.restore(ANSWER, "mallory") == ANSWER
    assert kept.restore(ANSWER, "john") == ANSWER.replace(CARD, "4111-1111-1111-1111")


def test_the_files_show_no_value(tmp_path: Path) -> None:
    """Neither a value nor an id is in a file, and none but their owner can read them."""
    vault(tmp_path).put("jane", PROMPT.replacements)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert not [word for word in (b"jane", b"4111", b"example") if word in path.read_bytes()]


def test_to_forget_a_person_erases_their_values(tmp_path: Path) -> None:
    """Nothing of the person can be restored again, from a copy of the database neither; others are not touched."""
    kept = vault(tmp_path)
    kept.put("jane", PROMPT.replacements)
    kept.put("john", PROMPT.replacements)
    database = tmp_path / "vault" / "vault.sqlite"
    backup = database.read_bytes()
    kept.forget("jane")
    assert (kept.restore(ANSWER, "jane"), kept.restore(ANSWER, "john")) == (ANSWER, RESTORED)
    database.write_bytes(backup)
    assert kept.restore(ANSWER, "jane") == ANSWER
    kept.put("jane", {EMAIL: "jane@new.example"})
    assert kept.restore(ANSWER, "jane") == ANSWER.replace(EMAIL, "jane@new.example")


def test_to_destroy_the_key_is_enough(tmp_path: Path) -> None:
    """Whoever destroys the key of a subject, by the pseudonym on spans, erases what the vault keeps of it."""
    vault(tmp_path).put("jane", PROMPT.replacements)
    SubjectKeys(tmp_path / "keys", RING).destroy(RING.pseudonym("user", "jane"))
    assert vault(tmp_path).restore(ANSWER, "jane") == ANSWER


def test_to_forget_somebody_unknown_is_no_error(tmp_path: Path) -> None:
    """A request for erasure of a person of whom nothing is kept changes nothing."""
    vault(tmp_path).forget("nobody")
    assert list(tmp_path.iterdir()) == []


def test_values_expire_by_the_retention_of_their_class(tmp_path: Path) -> None:
    """A RESTRICTED card number lives as long as RESTRICTED rows, an e-mail address as CONFIDENTIAL ones."""
    policy = Policy.default()
    now = 1_000.0
    kept = vault(tmp_path, clock=lambda: now)
    kept.put("jane", PROMPT.replacements)
    now += policy.retention_days(Classification.RESTRICTED) * DAY
    assert kept.restore(ANSWER, "jane") == ANSWER.replace(EMAIL, "jane.doe@example.com")
    now = 1_000.0 + policy.retention_days(Classification.CONFIDENTIAL) * DAY
    assert kept.restore(ANSWER, "jane") == ANSWER
    kept.put("john", {})
    with sqlite3.connect(tmp_path / "vault" / "vault.sqlite") as database:
        assert database.execute("SELECT count(*) FROM vault").fetchone() == (0,)
    database.close()


def test_an_environment_may_have_its_own_retention(tmp_path: Path) -> None:
    """In development values live as long as the policy says for it."""
    days = "retention = { PUBLIC = 1, INTERNAL = 1, CONFIDENTIAL = 1, RESTRICTED = 1 }"
    policy = Policy.parse(f"version = 1\n[environments.development]\n{days}\n")
    now = 0.0
    kept = vault(tmp_path, policy=policy, environment="development", clock=lambda: now)
    kept.put("jane", PROMPT.replacements)
    now = DAY
    assert kept.restore(ANSWER, "jane") == ANSWER


def test_each_restore_is_an_audit_event(tmp_path: Path) -> None:
    """The event says whose values and how many, never which; it is there when nothing was restored, too."""
    audit = AuditLog(directory=tmp_path / "audit")
    kept = vault(tmp_path, audit=audit)
    kept.put("jane", PROMPT.replacements)
    kept.restore(ANSWER, "jane")
    kept.restore("no token", "john")
    audit.close()
    [file] = (tmp_path / "audit").iterdir()
    events = [event for event in read_chain_file(file)[0] if event.event == "compliance.vault.restored"]
    assert [event.facts for event in events] == [
        {
            "compliance.user.id": RING.pseudonym("user", user),
            "compliance.vault.restored.count": restored,
            "compliance.vault.tokens.count": tokens,
        }
        for user, restored, tokens in (("jane", "2", "3"), ("john", "0", "0"))
    ]


def test_a_value_that_was_moved_or_changed_is_not_restored(tmp_path: Path) -> None:
    """Sealed values belong to their token and their person: swapped, they stay tokens."""
    kept = vault(tmp_path)
    kept.put("jane", PROMPT.replacements)
    database = sqlite3.connect(tmp_path / "vault" / "vault.sqlite")
    with database:
        database.execute("UPDATE vault SET sealed = (SELECT sealed FROM vault WHERE token = ?)", (EMAIL,))
    database.close()
    assert kept.restore(ANSWER, "jane") == ANSWER.replace(EMAIL, "jane.doe@example.com")


@pytest.mark.parametrize("sealed", ["'text'", "5", "x''", "zeroblob(28)"])
def test_what_is_no_sealed_value_is_not_restored(tmp_path: Path, sealed: str) -> None:
    """Whatever somebody wrote into the database, the tokens stay, and nothing raises."""
    kept = vault(tmp_path)
    kept.put("jane", PROMPT.replacements)
    database = sqlite3.connect(tmp_path / "vault" / "vault.sqlite")
    with database:
        database.execute(f"UPDATE vault SET sealed = {sealed}")
    database.close()
    assert kept.restore(ANSWER, "jane") == ANSWER


def test_a_key_that_was_changed_is_an_error(tmp_path: Path) -> None:
    """Nothing is kept or restored with it, and the person can be forgotten all the same."""
    kept = vault(tmp_path)
    kept.put("jane", PROMPT.replacements)
    [key] = (tmp_path / "keys").rglob("*.key")
    key.write_bytes(bytes(60))
    with pytest.raises(DecryptionError):
        kept.put("jane", PROMPT.replacements)
    with pytest.raises(DecryptionError):
        kept.restore(ANSWER, "jane")
    kept.forget("jane")
    assert (kept.count("jane"), kept.restore(ANSWER, "jane")) == (0, ANSWER)


def _put(directory: Path, number: int) -> None:
    prompt = REDACTOR.redact(f"user{number}@example.com")
    vault(directory).put("jane", prompt.replacements)


def test_many_threads_and_processes_write_at_once(tmp_path: Path) -> None:
    """Nothing is lost, whoever writes."""
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=_put, args=(tmp_path, number)) for number in range(3)]
    for child in children:
        child.start()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: _put(tmp_path, number), range(3, 30)))
    for child in children:
        child.join()
    values = [f"user{number}@example.com" for number in range(30)]
    assert vault(tmp_path).restore(REDACTOR.redact(" ".join(values)).text, "jane") == " ".join(values)


def test_a_fork_while_others_write_can_read_and_write(tmp_path: Path) -> None:
    """A child that is forked while threads of its parent are inside the database is not held up by them."""
    kept = vault(tmp_path)
    kept.put("jane", PROMPT.replacements)
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            kept.put("john", PROMPT.replacements)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(8):
            child = os.fork()
            if child == 0:
                try:
                    _put(tmp_path, number)
                    os._exit(0 if kept.restore(ANSWER, "jane") == RESTORED else 1)
                finally:
                    os._exit(2)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_a_disk_that_refuses_is_named(tmp_path: Path) -> None:
    """The error names the file, and neither the person nor a value."""
    (tmp_path / "vault").write_text("a file")
    with pytest.raises(VaultError, match=r"vault\.sqlite: the vault cannot be used: ") as caught:
        vault(tmp_path).put("jane", PROMPT.replacements)
    assert "jane" not in caught.value.diagnostics()


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    """What is there instead of the database is not overwritten."""
    vault(tmp_path).put("jane", PROMPT.replacements)
    path = tmp_path / "vault" / "vault.sqlite"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(VaultError, match="DatabaseError"):
        vault(tmp_path).restore(ANSWER, "jane")
    assert path.read_bytes() == b"something else" * 100


def test_a_key_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """Nothing is kept when it cannot be encrypted."""
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(KeyRingError):
        vault(tmp_path).put("jane", PROMPT.replacements)


def test_the_vault_of_a_deployment(tmp_path: Path) -> None:
    """The settings give redactor and vault: redact the prompt, send it, restore the answer, here or elsewhere."""
    settings = Settings.from_env({"OTEL_COMPLIANCE_DIR": str(tmp_path)})
    prompt = Redactor.from_settings(settings).redact("Write to jane.doe@example.com")
    Vault.from_settings(settings).put("jane", prompt.replacements)
    answer = f"Dear {prompt.stand_ins[0]}"
    assert Vault.from_settings(settings).restore(answer, "jane") == "Dear jane.doe@example.com"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hmac.key", "subject-keys", "vault"]
