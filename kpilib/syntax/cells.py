"""Rules whose lines are the cells of a table: a label, and on the next line its marks or their range."""

from __future__ import annotations

import re
from fractions import Fraction

from kpilib.errors import RuleSyntaxError
from kpilib.quantity import MARKS, exact
from kpilib.syntax.tree import Amount, Award, Choice, Clause, Discretion, Lead, Points
from kpilib.text import Span, normalise

_MARKS = re.compile(r"(?P<sign>[+-]?)(?P<low>[0-9]+(?:\.[0-9]+)?)(?:[-~](?P<high>[0-9]+(?:\.[0-9]+)?))?分?")
# A label may say its own marks at its end, as the next cell repeats them.
_SAID = re.compile(
    r"[,;:]?(?:(?P<verb>加|奖励|扣|减|得|计|记)(?P<marks>[0-9.]+)分|(?P<none>不扣分|不加分|不得分|不加不扣))$"
)
_BOUND = re.compile(r"[≥≤<>]|以上|以下|以内|低于|高于|超过|不足")
_CELL = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[-~][0-9]+(?:\.[0-9]+)?)?分?")
_VOCABULARY = re.compile(r"[0-9]|每|以上|以下|低于|高于|超过|不足|满分|得分|扣分|加分|[%‰≥≤<>=]")


def read_cells(text: str) -> tuple[Clause, ...]:
    """The clauses of a rule written as cells, or none where it is not.

    Raises:
        RuleSyntaxError: a label says other marks than the cell below it, or two labels are the same.
    """
    lines = [(match.start(), match[0]) for match in re.finditer(r"[^\n]+", normalise(text)) if match[0].strip()]
    if len(lines) < 2 or len(lines) % 2:
        return ()
    pairs = list(zip(lines[::2], lines[1::2], strict=True))
    numbers = [_MARKS.fullmatch(cell.strip()) for _, (_, cell) in pairs]
    if any(number is None for number in numbers):
        return ()
    ranged = any(number is not None and number["high"] for number in numbers)
    if len(pairs) == 1 and not ranged:
        return ()
    signed = any(number is not None and number["sign"] for number in numbers)
    clauses: list[Clause] = []
    for ((start, label), (place, cell)), number in zip(pairs, numbers, strict=True):
        assert number is not None
        span = Span(start, place + len(cell.rstrip()))
        said = _SAID.search(label.strip())
        name = re.sub(r"[ ]+", "", label[: label.index(said[0])] if said else label).strip(",;:。. ")
        if not name or (name != "不足" and _VOCABULARY.search(re.sub(r"\(.*\)", "", name))):
            return ()
        award = _award(number, span, signed or (said is not None and said["verb"] in ("加", "奖励", "扣", "减")))
        if said is not None and not _agrees(said, number):
            raise RuleSyntaxError(
                "这一格的分数和上面写的不同",
                code="KPI118",
                span=Span(place, span.end),
                source=text,
                hint="两处写成一样",
            )
        if len(pairs) == 1:
            return (Lead(name, span), Discretion("", award, span))
        clauses.append(Choice(name, award, span))
    names = [clause.label for clause in clauses if isinstance(clause, Choice)]
    double = next((number for number, name in enumerate(names) if name in names[:number]), None)
    if double is not None:
        span = clauses[double].span
        raise RuleSyntaxError(
            f"「{names[double][:20]}」写了两次", code="KPI119", span=span, source=text, hint="每个选项只写一次"
        )
    return tuple(clauses)


def ladder_of_cells(text: str) -> str:
    """The text of a ladder in cells as one sentence of the same length: A≥90%⏎81-90⏎ is A≥90%得81-90分."""
    lines = [match for match in re.finditer(r"[^\n]+", normalise(text)) if match[0].strip()]
    pairs = list(zip(lines[::2], lines[1::2], strict=False))
    if len(pairs) < 2 or len(lines) % 2:
        return text
    if not all(_BOUND.search(label[0]) and _CELL.fullmatch(cell[0].strip()) for label, cell in pairs):
        return text
    signs = list(text)
    for label, cell in pairs:
        signs[label.end()] = "得"
        wanted = "" if cell[0].strip().endswith("分") else "分"
        rest = text[cell.end() :]
        more, room = bool(rest.strip()), len(rest) - len(rest.lstrip("\n"))
        wanted += ";" if more else ""
        if more and room < len(wanted):
            return text  # no room to write what parts the cells
        signs[cell.end() : cell.end() + room] = wanted.ljust(room, "\n")  # at the very end there is room for all
    return "".join(signs)


def _award(number: re.Match[str], span: Span, moves: bool) -> Award:
    """+5, -5, 10 or 20-15: added, taken, given, or given within a range."""
    low = Amount(exact(number["low"]), MARKS, span)
    if number["high"]:
        ends = sorted((low, Amount(exact(number["high"]), MARKS, span)), key=lambda end: end.base)
        return Award("set", Points("judged", *ends), span)
    if moves:
        if low.value == Fraction(0):
            return Award("deduct", Points("zero"), span)
        return Award("deduct" if number["sign"] == "-" else "gain", Points("marks", low), span)
    return Award("set", Points("zero") if low.value == 0 else Points("marks", low), span)


def _agrees(said: re.Match[str], number: re.Match[str]) -> bool:
    if said["none"]:
        return exact(number["low"]) == 0
    taken = said["verb"] in ("扣", "减")
    return exact(said["marks"]) == exact(number["low"]) and taken == (number["sign"] == "-")
