"""The page of error codes has one section a code, and each section shows its code."""

import re
from pathlib import Path

import pytest

from kpilib.errors import CODES

pytestmark = pytest.mark.checkout

PATH = Path(__file__).resolve().parents[1] / "docs" / "errors.md"
# Beside an installed wheel there are no docs: then nothing here runs.
PAGE = PATH.read_text(encoding="utf-8") if PATH.exists() else ""
SECTIONS = {section.partition(" ")[0]: section for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]}


def test_each_code_has_a_section_and_each_section_is_a_code() -> None:
    headings = re.findall(r"^## (\S+)", PAGE, flags=re.MULTILINE)
    assert headings == list(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_section_has_the_title_of_its_code_and_a_sample_that_raises_it(code: str) -> None:
    section = SECTIONS[code]
    assert section.startswith(f"{code} {CODES[code][0]}\n")
    # What the sample prints; that it prints it is tested with all samples of the docs.
    printed = [line for line in section.splitlines() if not line.startswith((">>>", "..."))]
    shown = [line for line in printed if re.match(rf"(?:\[\S+\] |kpilib\.errors\.\w+: )?{code} ", line)]
    assert shown[1:]
