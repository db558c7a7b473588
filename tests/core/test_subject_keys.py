"""Keys of data subjects: destroying one erases what it encrypted."""

import concurrent.futures
import os
import stat
from pathlib import Path

import pytest

from otel_compliance.errors import DecryptionError, KeyRingError
from otel_compliance.keys import KeyRing
from otel_compliance.subject_keys import SubjectKeys

RING = KeyRing(bytes(range(32)))
JANE, JOHN = RING.pseudonym("user", "jane"), RING.pseudonym("user", "john")


def _files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def test_each_subject_has_one_key(tmp_path: Path) -> None:
    """A subject's key is made once, also by many threads at once, and differs from those of others."""
    keys = SubjectKeys(tmp_path / "keys", RING)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: keys.key(JANE), range(64)))
    assert made == {keys.find(JANE)}
    assert keys.key(JOHN) not in made
    assert len(_files(tmp_path)) == 2


def test_a_key_is_kept_encrypted_and_for_its_owner(tmp_path: Path) -> None:
    """The file alone gives no key: it is encrypted with the ring's, and only its owner can read it."""
    keys = SubjectKeys(tmp_path / "keys", RING)
    key = keys.key(JANE)
    [file] = _files(tmp_path)
    assert key not in file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (file.parent, tmp_path / "keys")} == {0o700}
    with pytest.raises(DecryptionError):
        SubjectKeys(tmp_path / "keys", KeyRing(bytes(32))).find(JANE)


def test_a_destroyed_key_is_gone(tmp_path: Path) -> None:
    """Destroying removes the key and says whether there was one; a later key of the same subject is another one."""
    keys = SubjectKeys(tmp_path / "keys", RING)
    key, other = keys.key(JANE), keys.key(JOHN)
    assert keys.destroy(JANE) is True
    assert keys.destroy(JANE) is False
    assert (keys.find(JANE), keys.find(JOHN)) == (None, other)
    assert keys.key(JANE) != key


def test_a_key_that_cannot_be_read_exists_and_can_be_destroyed(tmp_path: Path) -> None:
    """What a crash in the middle of a destruction leaves is found by name alone, and removed."""
    keys = SubjectKeys(tmp_path / "keys", RING)
    assert keys.exists(JANE) is False
    keys.key(JANE)
    [file] = _files(tmp_path)
    file.write_bytes(bytes(60))
    assert keys.exists(JANE) is True
    assert keys.destroy(JANE) is True
    assert keys.exists(JANE) is False


def test_destroying_overwrites(tmp_path: Path) -> None:
    """A copy of the file by hard link, as snapshots make them, holds noise afterwards."""
    keys = SubjectKeys(tmp_path / "keys", RING)
    keys.key(JANE)
    [file] = _files(tmp_path)
    before = file.read_bytes()
    os.link(file, tmp_path / "snapshot")
    keys.destroy(JANE)
    after = (tmp_path / "snapshot").read_bytes()
    assert after != before
    assert len(after) == len(before)


@pytest.mark.parametrize("subject", ["", "jane", "../../etc/passwd", "k1:../../../../../../x", f"{JANE}\n"])
def test_only_pseudonyms_have_keys(tmp_path: Path, subject: str) -> None:
    """Nothing but a pseudonym becomes a file's name, and the message does not show what was asked for."""
    with pytest.raises(KeyRingError) as caught:
        SubjectKeys(tmp_path, RING).key(subject)
    assert str(caught.value) == "a subject key is asked for by something that is not a pseudonym"


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """A disk that refuses is an error that names the file and says what to check."""
    (tmp_path / "keys").write_text("a file")
    keys = SubjectKeys(tmp_path / "keys", RING)
    with pytest.raises(KeyRingError, match="the subject's key cannot be read: Not a directory"):
        keys.key(JANE)
