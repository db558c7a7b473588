"""The prefilter changes no finding, and nobody can make the engine slow: work is counted, not time."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_compliance.keys import KeyRing
from otel_compliance.redact import Finding, Redactor
from otel_compliance.redact.prefilter import prefilter

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from adversarial import SEEDS, repeated
from corpus import prompt
from held_out import CORPORA, samples
from labelled import KINDS, negatives, positives

KEYS = KeyRing(bytes(range(32)))
PURE, FAST = Redactor(KEYS, fast=False), Redactor(KEYS)
LEAKS = Path(__file__).parents[1] / "leaks"
ALPHABETS = (
    "0123456789 -./()+",
    "0123456789AB -",
    "0123456789abcdefABCDEF:.%-",
    "sk-ant_0aA=: ghp",
    "tokenis =:\"' x0A",
)


def test_the_extra_is_installed() -> None:
    """The other tests of this module compare two engines, not one with itself."""
    assert prefilter() is not None


def corpora() -> list[str]:
    """The texts of all corpora: leaks, labelled texts, prompts and adversarial inputs."""
    leaks = [line for path in LEAKS.glob("*.txt") for line in path.read_text(encoding="ascii").splitlines()]
    labelled = [sample.text for kind in KINDS for sample in positives(kind, 20)]
    prompts = [prompt(size, seed) for size in (300, 1_000, 5_000) for seed in range(20)]
    return [
        *(line.encode("ascii").decode("unicode_escape") for line in leaks),
        *labelled,
        *(sample.text for sample in negatives(500)),
        *prompts,
        *(repeated(seed, size) for seed in SEEDS for size in (100, 20_000)),
        *(" ".join(labelled[start : start + 7]) for start in range(0, len(labelled), 7)),
    ]


def test_both_engines_find_the_same_in_all_corpora() -> None:
    """Types, offsets and confidence are the same with the prefilter and without."""
    assert [text for text in corpora() if PURE.find(text) != FAST.find(text)] == []


@pytest.mark.parametrize("corpus", CORPORA, ids=lambda path: path.name.partition(".")[0])
def test_both_engines_find_the_same_in_texts_of_others(corpus: Path) -> None:
    """In whole texts, and in their beginnings, in which little else keeps a gate open."""
    texts = [sample["text"] for sample in samples(corpus)]
    assert [text for text in texts if PURE.find(text) != FAST.find(text)] == []
    assert [text for text in texts if PURE.find(text[:80]) != FAST.find(text[:80])] == []


PIECES = st.one_of(
    st.text(st.characters(codec=None), max_size=30),
    *(st.text(alphabet, max_size=40) for alphabet in ALPHABETS),
    st.sampled_from([sample.text for kind in KINDS for sample in positives(kind, 3)]),
)


@given(st.lists(PIECES, max_size=6).map("".join))
def test_both_engines_find_the_same_in_any_text(text: str) -> None:
    """The same for texts that nobody wrote."""
    assert PURE.find(text) == FAST.find(text)


@pytest.mark.parametrize("seed", ["4111 1111 1111 1111 ", "sk-ant-", "123-45-6789 "])
def test_a_flood_of_candidates_is_looked_at_without_a_scan(seed: str) -> None:
    """More candidates than are worth telling one by one lose no finding."""
    text = repeated(seed, 100_000)
    assert FAST.find(text) == PURE.find(text)


def test_threads_do_not_disturb_each_other() -> None:
    """Scans at the same time find what one after the other finds."""
    texts = [prompt(2_000, seed) for seed in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(FAST.find, texts * 5)) == [PURE.find(text) for text in texts] * 5


def test_a_forked_process_scans() -> None:
    """A child finds what its parent finds, also when the parent has scanned before."""
    text = prompt(2_000)
    expected = FAST.find(text)
    child = os.fork()
    if child == 0:
        os._exit(0 if FAST.find(text) == expected else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def work(redactor: Redactor, text: str) -> int:
    """How many functions, of Python and of C, are called to look at `text`, and how many findings there are."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    found: list[Finding] = []
    sys.setprofile(count)
    try:
        found = redactor.find(text)
    finally:
        sys.setprofile(None)
    return calls + len(found)


@pytest.mark.parametrize("redactor", [PURE, FAST], ids=["pure", "fast"])
@pytest.mark.parametrize("seed", SEEDS)
def test_work_grows_as_the_text_does(redactor: Redactor, seed: str) -> None:
    """Twice the text is at most about twice the work, from 20 to 160 KB.

    What one search of a regular expression does inside is not counted; their repeats are bounded or possessive.
    """
    steps = [work(redactor, repeated(seed, size)) for size in (20_000, 40_000, 80_000, 160_000)]
    assert all(after <= 2.2 * before for before, after in pairwise(steps)), steps
