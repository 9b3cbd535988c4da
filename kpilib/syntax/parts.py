"""Shapes that wait until the whole rule is known, and what the rooms that read one sentence share."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from kpilib.errors import AlternativeReading, AmbiguousRuleError, KpiError, RuleSyntaxError
from kpilib.quantity import decimal_text
from kpilib.syntax.phrases import (
    Else,
    Factor,
    Measure,
    Phrase,
)
from kpilib.syntax.tree import Amount, Award, Clause, Discretion, Occurrence, Otherwise, Proportional, Rung, Step
from kpilib.text import Span


@frozen
class Counted:
    """A count and an award without 每 (出1次错,90分): an occurrence or a rung, as the rest of the rule decides."""

    event: str
    amount: Amount
    award: Award
    marked: bool  # 每, 任何一, a bare measure word
    span: Span
    full_steps: bool = False
    bare: bool = False


@frozen
class Labelled:
    """Words and an award without a number (完成得满分): a label, an event, or a refusal."""

    label: str
    award: Award
    span: Span
    bracketed: bool = False
    bare: bool = False


@frozen
class Once:
    """下降20%扣5分: once, or per 20 %?"""

    metric: str
    measure: Measure
    award: Award
    span: Span


_VERBS = {"gain": "加", "deduct": "扣", "set": "得"}
SCORING = (Step, Rung, Otherwise, Proportional, Occurrence, Discretion)
Part = Clause | Counted | Labelled | Once


class Sentence:
    """One sentence on its way from phrases to clauses; `parts` are its clauses, some of them still to be settled."""

    def __init__(self, source: str, indicator: str = "", earlier: tuple[Part, ...] = ()) -> None:
        self.source = source
        self.indicator = indicator
        self.earlier = earlier  # what the sentences before this one say
        self.parts: list[Part] = []
        self.pending: list[Phrase] = []
        self.otherwise: Else | None = None
        self.factors: list[Factor] = []

    def refuse(self, code: str, message: str, span: Span, hint: str = "", example: str | None = None) -> KpiError:
        """The error for a place in the source."""
        return RuleSyntaxError(message, code=code, span=span, source=self.source, hint=hint, example=example)


def points_text(award: Award) -> str:
    """The marks of an award as digits, ? where they are blank."""
    amount = award.points.amount
    return decimal_text(amount.value) if amount is not None and amount.value is not None else "?"


def once_or_each(
    source: str, span: Span, award: Award, amount: Amount, *, before: str = "", way: str = "", once: str = ""
) -> AmbiguousRuleError:
    """延误3天扣2分: once, or for each 3 days?  Both sentences, and what they give for twice as much."""
    number, double = (f"{decimal_text((amount.value or Fraction(0)) * times)}{amount.unit.symbol}" for times in (1, 2))
    verb, marks = _VERBS[award.kind], award.points.amount
    text, twice = ("?", "?") if marks is None or marks.value is None else (
        f"{decimal_text(marks.value * times)}{marks.unit.symbol}" for times in (1, 2)
    )  # fmt: skip
    head, tail = source[: span.start], source[span.end :]
    readings = tuple(
        AlternativeReading(
            text=f"{head}{before}{wording}{verb}{text}{tail}",
            at=f"{way}{'了' if way else ''}{double}",
            points=f"{verb}{taken}",
        )
        for wording, taken in ((f"每{way}{number}", twice), (f"{once}{number}以上", text))
    )
    return AmbiguousRuleError(
        f"「{way}{number}{verb}{text}」是{verb}一次，还是每{number}{verb}一次？", readings=readings, code="KPI201",
        span=span, source=source, hint="写 每… 或 …以上", example=readings[0].text.strip()[:60],
    )  # fmt: skip
