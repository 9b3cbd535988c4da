"""Misspelt vocabulary is refused: a wrong character must never become a name that scores otherwise in silence."""

from collections import Counter
from pathlib import Path

import pytest
from typos import rows, survey

ARGUED = Path(__file__).parent / "cases" / "typos_argued.txt"


@pytest.fixture(scope="module")
def outcome():
    return survey(rows())


def test_nine_of_ten_typos_are_refused(outcome):
    total, passed = outcome
    assert total > 5000
    assert len(passed) <= total * 0.10, Counter(typo.word for typo, _, _ in passed).most_common(20)


def test_what_passes_scores_the_same_or_refuses_the_inputs(outcome):
    """Every typo that changes points in silence is listed in the file with the reason why it is let through."""
    _, passed = outcome
    argued = {
        line.split("\t")[0] for line in ARGUED.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
    }
    silent = {typo.text.replace("\n", "⏎") for typo, _, effect in passed if effect == "silent"}
    assert silent <= argued, sorted(silent - argued)
