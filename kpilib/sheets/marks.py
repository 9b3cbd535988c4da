"""Weights as people write them: 20%, 20分, 0.2, 20, （权重20%）, and behind a name, 工作业绩（70%）."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from attrs import frozen

from kpilib.quantity import decimal_text
from kpilib.sheets.grid import joined
from kpilib.text import normalise

HUNDRED = Fraction(100)
# A longer name is none, and is not searched for a weight.
MAX_NAME = 300
Unit = Literal["%", "分", ""]
# What a number without a unit may mean; a ratio is a share of 1.
Meaning = Literal["%", "分", "ratio"]

_LEAD = r"(?:权重|占比|占|满分|分值|标准分|共)?:?"
_NUMBER = r"(?P<number>[0-9]{1,6}(?:\.[0-9]{1,6})?)"
_WHOLE = re.compile(rf"\(?{_LEAD}{_NUMBER}(?P<unit>%|分)?\)?")
# Behind a name: in brackets, or after a blank, a line end or 权重, so that 毛利率30% stays a name.
_BEHIND = re.compile(rf"(?P<name>.*?\S)\s*\(\s*{_LEAD}\s*{_NUMBER}\s*(?P<unit>%|分)\s*\)\s*[:。]?", re.S)
_LOOSE = re.compile(rf"(?P<name>.*?[^\s0-9.])(?:\s+{_LEAD}|\s*(?:权重|占比):?)\s*{_NUMBER}\s*(?P<unit>%|分)\s*", re.S)
_LISTED = re.compile(
    r"\s*(?:[0-9]{1,2}\s*[、)]|[0-9]{1,2}\s*\.(?![0-9])|\([0-9]{1,2}\)|\(?[一二三四五六七八九十]{1,3}\)|[一二三四五六七八九十]{1,3}[、.]|[①-⑳])\s*"
)


@frozen
class Weight:
    """A weight as written: a number with %, 分 or nothing behind it."""

    number: Fraction
    unit: Unit

    @property
    def words(self) -> str:
        """As a heading of a plan has it."""
        return f"{decimal_text(self.number)}{self.unit}"


def read_weight(text: str) -> Weight | None:
    """The weight that a cell holds; None where it holds anything else.

    >>> read_weight("（权重：20％）"), read_weight("0.2"), read_weight("10-20分")
    (Weight(number=Fraction(20, 1), unit='%'), Weight(number=Fraction(1, 5), unit=''), None)
    """
    match = _WHOLE.fullmatch("".join(normalise(text).split()))
    return None if match is None else Weight(Fraction(match["number"]), _unit(match["unit"]))


def _unit(text: str | None) -> Unit:
    return "%" if text == "%" else "分" if text == "分" else ""


def read_name(lines: Sequence[str], *, loose: bool = False) -> tuple[str, Weight | None]:
    """A name without its number in a list, and the weight behind it.

    `loose` also takes one that no brackets hold, on a line of its own or after a blank.

    >>> read_name(["一、工作业绩", "（70%）"])
    ('工作业绩', Weight(number=Fraction(70, 1), unit='%'))
    >>> read_name(["1.5米线投诉"]), read_name(["工作业绩", "70%"], loose=True)[0]
    (('1.5米线投诉', None), '工作业绩')
    """
    text = "\n".join(lines)
    if len(text) > MAX_NAME:
        return joined(lines), None
    folded = normalise(text)
    start = match.end() if (match := _LISTED.match(folded)) is not None and match.end() < len(folded) else 0
    found = _BEHIND.fullmatch(folded, start) or (_LOOSE.fullmatch(folded, start) if loose else None)
    if found is None:
        return joined(part.strip() for part in text[start:].splitlines()), None
    name = joined(part.strip() for part in text[start : found.end("name")].splitlines())
    return name, Weight(Fraction(found["number"]), _unit(found["unit"]))


def settled(weights: Sequence[Weight], wholes: Sequence[Sequence[Weight]], stated: Weight | None) -> Meaning | None:
    """What numbers without a unit among some weights mean: %, 分, or shares of 1; None where nothing tells.

    `weights` are all of them, `wholes` the weights that may add up to a whole of their own, as those of one group, and
    `stated` is the sum that the sheet itself names.
    """
    bare = [weight for weight in weights if not weight.unit]
    if not bare:
        return "%"
    marks: Meaning = "分" if any(weight.unit == "分" for weight in weights) else "%"
    total = sum((weight.number for weight in weights), Fraction(0))
    parts = [sum((weight.number for weight in whole), Fraction(0)) for whole in wholes if whole]
    if total == HUNDRED or (len(parts) > 1 and all(part == HUNDRED for part in parts)):
        return marks
    if len(bare) == len(weights) and (total == 1 or (len(parts) > 1 and all(part == 1 for part in parts))):
        return "ratio"
    if stated is not None and stated.number == total and len(bare) == len(weights) and total > 1:
        return "分"
    return None


def with_unit(weight: Weight, unit: Meaning) -> Weight:
    """A weight whose missing unit is known."""
    if weight.unit:
        return weight
    return Weight(weight.number * 100, "%") if unit == "ratio" else Weight(weight.number, unit)
