"""A plan that has been read: title, groups, grades, 口径; its canonical text; and its scores."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any

from attrs import field, frozen

from kpilib.errors import Diagnostic, InputError, TemplateError
from kpilib.meaning.reading import Reading
from kpilib.plan.grades import Grade, GradeTable
from kpilib.plan.parts import Group, Indicator
from kpilib.plan.scoring import Scorer
from kpilib.plan.settings import Settings
from kpilib.plan.sheet import Scoresheet
from kpilib.quantity import decimal_text, exact, to_decimal
from kpilib.syntax.plan_text import is_rule_line
from kpilib.syntax.plan_tree import KEY_NAMED
from kpilib.text import set_plain

FORMAT = "1"
HUNDRED = Fraction(100)


@frozen(kw_only=True)
class PlanHole:
    """A number that an indicator leaves blank."""

    indicator: str
    hole: Any


@frozen(kw_only=True)
class Plan:
    """A scorecard: groups of indicators, what their points add up to, and the grade and coefficient of the total."""

    title: str
    groups: tuple[Group, ...]
    version: str = ""
    effective: datetime.date | None = None
    settings: Settings = field(factory=Settings)
    table: GradeTable = field(factory=GradeTable)
    full_marks: Fraction = HUNDRED
    signatures: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    notes: tuple[Diagnostic, ...] = field(default=(), eq=False, repr=False)
    source: str = field(default="", eq=False, repr=False)

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """Every indicator, in order."""
        return tuple(item for group in self.groups for item in group.indicators)

    @property
    def reading(self) -> Reading:
        """The reading that 口径 settles for the rules."""
        return self.settings.reading

    @property
    def grades(self) -> tuple[Grade, ...]:
        """The grades as written."""
        return self.table.grades

    @property
    def coefficients(self) -> tuple[tuple[str, Fraction], ...]:
        """Grade and coefficient, in the order written."""
        return self.table.coefficients

    @property
    def holes(self) -> tuple[PlanHole, ...]:
        """Every number that is still blank; a plan with holes refuses to score."""
        return tuple(PlanHole(indicator=item.name, hole=hole) for item in self.indicators for hole in item.rule.holes)

    @cached_property
    def scorer(self) -> Scorer:
        """The plan made ready for scoring."""
        return Scorer(self.title, self.groups, self.settings, self.table)

    def __getitem__(self, name: str) -> Indicator:
        """The indicator of that name.

        Raises:
            KeyError: no such indicator.
        """
        known = self.scorer.names.known(name)
        if known not in self.scorer.names.of_indicator:
            raise KeyError(name)
        return self.scorer.names.of_indicator[known]

    def score(
        self, facts: Mapping[str, Any], units: Mapping[str, Any] | None = None, targets: Mapping[str, Any] | None = None
    ) -> Scoresheet:
        """The sheet of one person.

        `facts` maps an indicator to its value, or to a mapping of its inputs, or 「指标.输入」 to a value; None, "" and
        待定 mean not known yet, 不适用 (NOT_APPLICABLE) that the indicator does not concern the person.
        `units` gives the unit of bare numbers, `targets` this person's own target, both by indicator.

        Raises:
            InputError: an unknown name, or a value that its rule cannot take; all of them in one error.
            TemplateError: the plan has numbers that are still blank.
        """
        for given, what, example in (
            (facts, "事实要是「指标 → 值」的映射", '{"回款率": "95%"}'),
            (units or {}, "units= 要是「指标 → 单位」的映射", '{"回款率": "%"}'),
            (targets or {}, "targets= 要是「指标 → 目标值」的映射", '{"回款率": "95%"}'),
        ):
            if not isinstance(given, Mapping):
                raise InputError(what, code="KPI801", hint=f"例如 {example}")
        scorer = self.scorer
        if not scorer.ready:
            holes = self.holes
            names = "、".join(dict.fromkeys(hole.indicator for hole in holes))
            raise TemplateError(f"方案里还有空着没填的数：{names}", holes=holes, hint="填上再打分")
        return scorer.score(facts, units, targets)

    def grade_of(self, total: Decimal | int | str) -> str | None:
        """The grade of a total, 未列明 where the plan names none for it; None for a plan without grades.

        Raises:
            InputError: not a number.
        """
        return self.scorer.graded(to_decimal(exact(total)))[0]

    @cached_property
    def text(self) -> str:
        """The plan as a file, in one canonical form; reading it gives an equal plan."""
        lines = [self.title, f"{_word('format')}：{FORMAT}"]
        effective = "" if self.effective is None else self.effective.isoformat()
        full = "" if self.full_marks == HUNDRED else f"{decimal_text(self.full_marks)}分"
        head = {
            "version": self.version,
            "effective": effective,
            "reading": self.settings.words,
            "full_marks": full,
            "grades": "；".join(grade.words for grade in self.grades),
            "coefficients": "；".join(f"{name}{_rate(value)}" for name, value in self.coefficients),
            **dict(self.signatures),
        }
        lines += _key_lines(head)
        lines += [f"注：{remark}" for remark in self.remarks]
        for number, group in enumerate(self.groups, 1):
            lines += ["", f"{chinese(number)}、{_heading(group.name, group.marks_words)}"]
            lines += [f"注：{remark}" for remark in group.remarks]
            for index, item in enumerate(group.indicators, 1):
                if not group.single:
                    lines.append(f"（{chinese(index)}）{_heading(item.name, item.marks_words)}")
                lines += _indicator_lines(item)
        return "\n".join(lines) + "\n"

    def __str__(self) -> str:
        return self.text


def _indicator_lines(item: Indicator) -> list[str]:
    """What stands under an indicator's heading."""
    marks = "" if item.rule_marks is None else f"{decimal_text(item.rule_marks)}分"
    values = {
        "reading": item.own_reading,
        "full_marks": marks,
        "target": item.target,
        "unit": item.unit,
        "formula": item.formula,
        "source": item.source,
        "department": item.department,
        "rater": item.rater,
        "period": item.period,
        "scope": item.scope,
    }
    lines = _key_lines(values) + [f"注：{remark}" for remark in item.remarks]
    for line in set_plain(item.rule_text).splitlines():
        if line.strip():
            lines.append(line.strip() if is_rule_line(line) else f"{_word('rule')}：{line.strip()}")
    return lines


def _key_lines(values: dict[str, str]) -> list[str]:
    return [f"{key.words[0]}：{values[name]}" for name, key in KEY_NAMED.items() if values.get(name)]


def _rate(value: Fraction) -> str:
    """A coefficient as people write it: 1.0, not 1; but 0."""
    return f"{value}.0" if value.denominator == 1 and value else decimal_text(value)


def _word(name: str) -> str:
    return KEY_NAMED[name].words[0]


def _heading(name: str, marks: str) -> str:
    return f"{name}（{marks}）" if marks else name


def chinese(number: int) -> str:
    """A number as headings count: 一, 十, 二十一, 一百零五 (below 1000).

    >>> chinese(21), chinese(110)
    ('二十一', '一百一十')
    """
    digits = "零一二三四五六七八九"
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    head = f"{digits[hundreds]}百" if hundreds else ""
    if tens == 0:
        return head + (("零" if hundreds else "") + digits[ones] if ones else "")
    ten = "十" if tens == 1 and not hundreds else f"{digits[tens]}十"
    return head + ten + (digits[ones] if ones else "")
