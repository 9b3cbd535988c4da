"""Headings of plan files: what of a numbered line is the name, what the weight, and where a rule begins.

A weight that is not quite one must never pass as a part of the name: the indicator would lose its marks in silence.
So whatever looks like one at the end of the name is an error: (abc%), (二十分), (20, 20%, 占20), but not (家), (季度), (5S).
"""

from __future__ import annotations

import re

from attrs import frozen

from kpilib.text import Span

_WORDS = "权重|占比|占|满分|分值|标准分"
_MARKS = re.compile(
    rf"\( {{0,3}}(?:{_WORDS})? {{0,3}}:? {{0,3}}(?P<number>[0-9]{{1,10}}(?:\.[0-9]{{1,10}})?)"
    r" {0,3}(?P<unit>[%分]) {0,3}\)"
)
_NO_MARKS = re.compile(r"\([ _]*[%分] *\)")
# At the end of the name, in brackets: words of weights; a number, bare or with %, 分, 左右; anything with %; signs or
# Chinese digits with 分.  Without brackets, or with one that never closes: a number with % or 分, but not of a rule (扣2分).
_ALMOST_MARKS = re.compile(
    rf"""\(\ *(?:
        (?:{_WORDS})[^()]{{0,12}}
      | (?:大?约|近)?[0-9.]+\ *(?:[%‰分点][^()]{{0,12}}|左右|上下)?
      | [^()]{{0,30}}(?:[%‰]|百分之)[^()]{{0,12}}
      | (?:[^()一-鿿]{{1,30}}|[零一二三四五六七八九十百两半点]{{1,8}})分
    )\ *(?:\)\ *)?(?::|\Z)
    | (?<![扣减加得为低高少多于过足到0-9.])[0-9.]+\ *[%分]\ *[\])}}>]?\ *(?::|\Z)""",
    re.X,
)


@frozen
class HeadingParts:
    """Where the name ends and a rule may begin, the weight, and the place of something that should be one and is not."""

    name_end: int
    rule_start: int
    marks: re.Match[str] | None = None
    wrong: Span | None = None


def split_heading(rest: str) -> HeadingParts:
    """Take a heading without its number apart; positions count from its start."""
    colon = rest.find(":")
    for found in _MARKS.finditer(rest):
        behind = rest[found.end() :].lstrip()
        if behind[:1] in ("", ":", "。", ";") and (colon < 0 or colon >= found.end() or found.start() < colon):
            twice = _MARKS.search(rest, 0, found.start())
            wrong = None if twice is None else Span(*twice.span())
            return HeadingParts(found.start() if twice is None else twice.start(), found.end(), found, wrong)
    end = colon if colon >= 0 else len(rest)
    head = rest[: colon + 1] if colon >= 0 else rest
    almost = _ALMOST_MARKS.search(head) or _MARKS.search(head) or _NO_MARKS.search(head)
    if almost is None:
        return HeadingParts(end, end)
    start, stop = almost.span()
    return HeadingParts(min(end, start), end, None, Span(start, stop - (almost[0].endswith(":"))))


def heading_number(text: str) -> int:
    """一 … 一百; a run that is no number counts as 0, which is out of turn."""
    digits = {char: value for value, char in enumerate("一二三四五六七八九", 1)}
    match = re.fullmatch(
        r"(?:(?P<h>[一-九])?百零?)?(?:(?P<t>[一二三四五六七八九])?(?P<ten>十))?(?P<u>[一二三四五六七八九])?", text
    )
    if match is None:
        return 0
    hundreds = 100 * digits.get(match["h"] or "一", 1) if "百" in text else 0
    tens = 10 * digits.get(match["t"] or "一", 1) if match["ten"] else 0
    return hundreds + tens + digits.get(match["u"] or "", 0)
