"""Grades of a total, and the coefficient of a grade."""

from __future__ import annotations

import re
from bisect import bisect_left
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from attrs import field, frozen

from kpilib.errors import CODES, Diagnostic
from kpilib.quantity import decimal_text, to_decimal
from kpilib.text import Span, normalise

MAX_GRADES = 50
UNNAMED = "未列明"

_NUMBER = r"(?P<{0}>[0-9]{{1,6}}(?:\.[0-9]{{1,6}})?) *分?"
_WITH = r"(?:\((?P<{0}>不?)(?:含|包括)[^()]{{0,8}}\))?"
_LOW = "(?:分数|得分|总分|成绩)?(?:在|为)?"
_NAME = r"(?P<name>[一-鿿A-Za-z+]{1,12}[+-]?)"
# A misspelt bound word must not pass as a name (60分以丄及格).
_NO_NAME = re.compile(r"(?!(?:中?[上下]等?)\Z).*[以上下内分于含超达至到过]")
_RANGE = re.compile(
    _NUMBER.format("low")
    + _WITH.format("low_out")
    + r"(?:以上)? *(?:-|~|至|到|,) *"
    + _NUMBER.format("high")
    + _WITH.format("high_out")
    + "(?:以下|之间)?"
)
_CHAIN = re.compile(
    _NUMBER.format("low") + r"(?P<low_sign>≤|<=|<)(?:得分|总分|分数|x|X)?(?P<high_sign>≤|<=|<)" + _NUMBER.format("high")
)
_SIGN = re.compile(
    r"(?P<sign>≥|>=|>|≤|<=|<|不低于|不少于|达到|至少|超过|高于|大于|不高于|不超过|低于|小于|不足|不满|不到)"
    + _NUMBER.format("number")
)
_SUFFIX = re.compile(
    _NUMBER.format("number") + _WITH.format("out") + r"(?P<side>及?以上|及?以下|以内)?" + _WITH.format("out2")
)
_SIGNS: dict[str, tuple[Literal["low", "high"], bool]] = {
    **dict.fromkeys(("≥", ">=", "不低于", "不少于", "达到", "至少"), ("low", True)),
    **dict.fromkeys((">", "超过", "高于", "大于"), ("low", False)),
    **dict.fromkeys(("≤", "<=", "不高于", "不超过"), ("high", True)),
    **dict.fromkeys(("<", "低于", "小于", "不足", "不满", "不到"), ("high", False)),
}
_COEFFICIENT = re.compile(
    r"(?P<name>[一-鿿A-Za-z+]{1,12}[+-]?) *(?:(?:级|等)?(?:对应)?(?:的)?系数)?(?:为|=|:)? *"
    r"(?P<number>[0-9]{1,4}(?:\.[0-9]{1,6})?)\Z"
)


@frozen
class Bound:
    """One end of a grade: the number, and whether the number itself belongs."""

    number: Fraction
    included: bool


@frozen
class Grade:
    """A grade with the bounds that the author wrote; an end left open is None."""

    name: str
    low: Bound | None
    high: Bound | None
    span: Span = field(eq=False, repr=False)

    @property
    def words(self) -> str:
        """The grade as it is printed."""
        match self.low, self.high:
            case Bound(number, included), None:
                return (
                    f"{decimal_text(number)}分以上{self.name}"
                    if included
                    else f"超过{decimal_text(number)}分{self.name}"
                )
            case None, Bound(number, included):
                return (
                    f"{decimal_text(number)}分以下{self.name}"
                    if included
                    else f"低于{decimal_text(number)}分{self.name}"
                )
            case Bound(low, low_in), Bound(high, high_in):
                low_words = decimal_text(low) + ("" if low_in else "分（不含）")
                return f"{low_words}-{decimal_text(high)}分{'' if high_in else '（不含）'}{self.name}"
        return self.name

    def holds(self, total: Fraction) -> bool:
        """Whether a total lies within the written bounds."""
        above = self.low is None or total > self.low.number or (self.low.included and total == self.low.number)
        return above and (
            self.high is None or total < self.high.number or (self.high.included and total == self.high.number)
        )


@frozen
class GradeTable:
    """Which grade a total has: `bounds` ascending, the grade at each bound, and between (one more: below the first)."""

    grades: tuple[Grade, ...] = ()
    coefficients: tuple[tuple[str, Fraction], ...] = ()
    bounds: tuple[Decimal, ...] = ()
    at: tuple[str, ...] = ()
    between: tuple[str, ...] = ("",)

    def grade_of(self, total: Decimal) -> str:
        """The grade of a total, 未列明 where none is named."""
        index = bisect_left(self.bounds, total)
        if index < len(self.bounds) and self.bounds[index] == total:
            return self.at[index]
        return self.between[index]


def read_grades(text: str) -> tuple[GradeTable, tuple[Diagnostic, ...]]:
    """The table that an 等级 line says, and every finding: what cannot be read, overlaps, gaps, bounds named twice."""
    found: list[Diagnostic] = []
    grades: list[Grade] = []
    for words, span in _entries(text):
        if len(grades) + len(found) >= MAX_GRADES:
            found.append(_finding(f"等级超过 {MAX_GRADES} 个", span, text))
            break
        grade = _read_grade(words, span)
        if grade is None:
            hint = "写成「90分以上优秀」「优秀：90分以上」或「90-100分优秀」"
            found.append(_finding(f"看不懂等级「{text[span.start : span.end][:30]}」", span, text, hint))
        elif any(grade.name == other.name for other in grades):
            found.append(_finding(f"等级「{grade.name}」写了两次", span, text, "留一个"))
        else:
            grades.append(grade)
    if any(finding.level == "error" for finding in found) or not grades:
        return GradeTable(tuple(grades)), tuple(found)
    table = _table(tuple(grades), text, found)
    errors = tuple(finding for finding in found if finding.level == "error")
    return table, errors or tuple(found)


def _entries(text: str) -> list[tuple[str, Span]]:
    """The parts between ； ， 。 with their places, blanks taken out of the words."""
    entries = []
    for match in re.finditer(r"[^;,。、\n]+", normalise(text)):
        words = match[0].strip()
        if words:
            start = match.start() + match[0].index(words)
            entries.append((words.replace(" ", ""), Span(start, start + len(words))))
    return entries


def _read_grade(words: str, span: Span) -> Grade | None:
    """One grade: a bound and a name, in either order."""
    plain = re.sub(r"[()](?![不含包])(?<!含\))", "", words) if re.search(r"\((?!不?(?:含|包括))", words) else words
    for pattern in (_CHAIN, _RANGE, _SIGN, _SUFFIX):
        before = re.fullmatch(f"{_LOW}{pattern.pattern}(?:的|者|的?为|评为|:|=)?{_NAME}", plain)
        match = before or re.fullmatch(f"{_NAME}(?:为|:|=)?{_LOW}{pattern.pattern}", plain)
        if match is None or _NO_NAME.match(match["name"]):
            continue
        low: Bound | None
        high: Bound | None
        if pattern is _CHAIN:
            low, high = _end(match["low"], match["low_sign"] != "<"), _end(match["high"], match["high_sign"] != "<")
        elif pattern is _RANGE:
            low, high = _end(match["low"], match["low_out"] != "不"), _end(match["high"], match["high_out"] != "不")
        elif pattern is _SIGN:
            side, included = _SIGNS[match["sign"]]
            end = _end(match["number"], included)
            low, high = (end, None) if side == "low" else (None, end)
        else:
            end = _end(match["number"], "不" not in (match["out"], match["out2"]))
            below = (match["side"] or "").endswith(("下", "内"))
            low, high = (None, end) if below else (end, None)
        if low is not None and high is not None and low.number > high.number:
            low, high = high, low
        return Grade(match["name"], low, high, span)
    return None


def _end(number: str, included: bool) -> Bound:
    return Bound(Fraction(number), included)


def _table(grades: tuple[Grade, ...], text: str, found: list[Diagnostic]) -> GradeTable:
    """Cut the totals at every bound and name the grade at each and between; add what is found on the way."""
    numbers = sorted({end.number for grade in grades for end in (grade.low, grade.high) if end is not None})
    probes = [numbers[0] - 1, *((low + high) / 2 for low, high in pairwise(numbers)), numbers[-1] + 1]
    between, at = [], []
    for index, probe in enumerate(probes):
        named = _named(grades, probe)
        if len(named) > 1:
            low, high = (
                decimal_text(numbers[index - 1]) if index else "",
                decimal_text(numbers[index]) if index < len(numbers) else "",
            )
            where = f"{low}～{high} 分" if low and high else f"{high} 分以下" if high else f"{low} 分以上"
            words = "」又是「".join(grade.name for grade in named)
            found.append(_finding(f"等级重叠：{where}既是「{words}」", named[-1].span, text, "让每个总分只有一个等级"))
        between.append(named[0].name if named else UNNAMED)
    for number in numbers:
        named = sorted(_named(grades, number), key=lambda grade: _height(grade, numbers), reverse=True)
        at.append(named[0].name if named else UNNAMED)
        if len(named) > 1:
            message = (
                f"{decimal_text(number)} 分既是「{named[0].name}」又是「{named[1].name}」，取较好的「{named[0].name}」"
            )
            found.append(_finding(message, named[1].span, text, level="info"))
    found += _gaps(numbers, at, between, grades, text)
    return GradeTable(grades, (), tuple(map(to_decimal, numbers)), tuple(at), tuple(between))


def _named(grades: tuple[Grade, ...], total: Fraction) -> list[Grade]:
    """The grades that hold; of those with one open end only the tightest counts, as in any ladder."""
    held = [grade for grade in grades if grade.holds(total)]
    lows = [grade for grade in held if grade.high is None]
    highs = [grade for grade in held if grade.low is None]
    kept = [grade for grade in held if grade.low is not None and grade.high is not None]
    if lows:
        kept.append(
            max(
                lows,
                key=lambda grade: (grade.low.number, not grade.low.included) if grade.low else (Fraction(0), False),
            )
        )
    if highs:
        kept.append(
            min(
                highs,
                key=lambda grade: (grade.high.number, grade.high.included) if grade.high else (Fraction(0), False),
            )
        )
    return kept


def _height(grade: Grade, numbers: list[Fraction]) -> Fraction:
    """How good a grade is: what it begins with, below everything where it begins nowhere."""
    return grade.low.number if grade.low is not None else numbers[0] - 1


def _gaps(
    numbers: list[Fraction], at: list[str], between: list[str], grades: tuple[Grade, ...], text: str
) -> list[Diagnostic]:
    """A note for each stretch of totals that no grade names."""
    found = []
    whole = Span(grades[0].span.start, grades[-1].span.end)
    if between[0] == UNNAMED:
        lowest = decimal_text(numbers[0])
        found.append(_finding(f"{lowest} 分以下没有等级，记为「{UNNAMED}」，系数待定", whole, text, level="info"))
    for index, number in enumerate(numbers):
        shown = decimal_text(number)
        if at[index] == UNNAMED and index and between[index] != UNNAMED:
            found.append(_finding(f"正好 {shown} 分没有等级", whole, text, level="需确认"))
        if between[index + 1] == UNNAMED:
            upto = (
                f"{shown}～{decimal_text(numbers[index + 1])} 分之间" if index + 1 < len(numbers) else f"{shown} 分以上"
            )
            found.append(
                _finding(f"{upto}没有等级", whole, text, "把界限写成首尾相接，例如 75-90分、90-100分", level="需确认")
            )
    return found


def read_coefficients(
    text: str, names: tuple[str, ...], unread_grades: str = ""
) -> tuple[tuple[tuple[str, Fraction], ...], tuple[Diagnostic, ...]]:
    """The coefficient of each grade, as 「优秀1.2；良好1.0」 says, and everything that is wrong with it.

    `unread_grades` is the text of grades that were not all read: a name in it is not reported as unknown.
    """
    found: list[Diagnostic] = []
    table: dict[str, Fraction] = {}
    unread: list[str] = []
    entries = _entries(text)
    for words, span in entries[: MAX_GRADES + 1]:
        match = _COEFFICIENT.match(words)
        if match is None:
            unread.append(words)
            found.append(
                _finding(f"看不懂系数「{text[span.start : span.end][:30]}」", span, text, "写成「优秀1.2；良好1.0」")
            )
        elif match["name"] not in names and match["name"] != UNNAMED and match["name"] not in unread_grades:
            hint = f"等级有：{'、'.join(names)}" if names else "先写一行 等级："
            found.append(_finding(f"系数里的「{match['name']}」不是方案的等级", span, text, hint))
        elif match["name"] in table:
            found.append(_finding(f"「{match['name']}」的系数写了两次", span, text, "留一个"))
        else:
            table[match["name"]] = Fraction(match["number"])
    # A grade whose coefficient could not be read is not missing too.
    missing = [name for name in names if name not in table and not any(words.startswith(name) for words in unread)]
    if missing and entries:
        whole = Span(entries[0][1].start, entries[-1][1].end)
        found.append(_finding(f"等级「{'」「'.join(missing)}」没有系数", whole, text, f"补上，例如 {missing[0]}1.0"))
    return tuple(table.items()), tuple(found)


def _finding(
    message: str, span: Span, source: str, hint: str = "", *, level: Literal["error", "需确认", "info"] = "error"
) -> Diagnostic:
    example = CODES["KPI705"][1] if level == "error" and not hint else ""
    return Diagnostic(code="KPI705", message=message, level=level, span=span, source=source, hint=hint, example=example)
