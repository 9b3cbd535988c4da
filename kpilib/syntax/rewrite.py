"""What the clauses of a rule say together: full marks in brackets, series, steps that settle a bound."""

from __future__ import annotations

from fractions import Fraction

from attrs import evolve

from kpilib.errors import RuleSyntaxError
from kpilib.syntax.parts import Labelled, Part
from kpilib.syntax.tree import (
    Award,
    Choice,
    Clause,
    Comparison,
    Faultless,
    FullMarks,
    Happens,
    Lead,
    Limit,
    Occurrence,
    Otherwise,
    PartOfStep,
    Proportional,
    Rung,
    Series,
    Step,
    Target,
)  # fmt: skip
from kpilib.text import normalise


def bracketed_marks(parts: list[Part]) -> list[Part]:
    """服务投诉（2分，每次扣0.1分）: marks in brackets before clauses of another kind are the full marks."""
    scoring = [part for part in parts if not isinstance(part, (Lead, FullMarks, Limit, PartOfStep, Target))]
    if (
        len(scoring) < 2
        or not isinstance(scoring[0], Labelled)
        or not scoring[0].bracketed
        or any(isinstance(part, Labelled) and part.bracketed for part in scoring[1:])
    ):
        return parts
    first = scoring[0]
    if first.award.kind != "set" or first.award.points.amount is None:
        return parts
    index = parts.index(first)
    return [
        *parts[:index],
        Lead(first.label, first.span),
        FullMarks(first.award.points.amount, first.award.span),
        *parts[index + 1 :],
    ]


def reached(clause: Clause, clauses: list[Clause], source: str) -> Clause:
    """真实率95%得满分，每降低1%扣1分: the steps tell on which side of a bare 95% is better."""
    if not isinstance(clause, Rung) or not isinstance(clause.condition, Comparison):
        return clause
    leaf = clause.condition
    if leaf.operator != "==" or leaf.amount is None or leaf.amount.unit.kind != "rate" or leaf.amount.value in (0, 100):
        return clause
    if any(isinstance(other, Proportional) for other in clauses):
        return clause
    sides = {
        part.direction
        for other in clauses
        if isinstance(other, Step) and other.award.kind == "deduct"
        for part in other.parts
    }
    full = isinstance(clause.award, Award) and clause.award.points.kind == "full"
    if not full or len(sides) != 1:
        raise RuleSyntaxError(
            "是以上、以下，还是正好？", code="KPI114", span=leaf.amount.span, source=source,
            hint="在数字后写 以上、以下，或在前面写 高于、低于", example="90%以上得10分",
        )  # fmt: skip
    return evolve(clause, condition=evolve(leaf, operator=">=" if sides == {"down"} else "<="))


def none_of(clauses: list[Clause]) -> list[Clause]:
    """差错率为0得满分，每发现一笔差错扣0.5分: no rate is scored, so 0 only says that there was none."""
    rates = any(
        isinstance(clause, Step)
        or (isinstance(clause, Rung) and not _is_none(clause) and not isinstance(clause.condition, Happens))
        for clause in clauses
    )
    events = [clause.event for clause in clauses if isinstance(clause, Occurrence)]
    return [
        evolve(clause, condition=Happens(stem, False, span=clause.condition.span))
        if isinstance(clause, Rung)
        and _is_none(clause)
        and not rates
        and isinstance(clause.condition, Comparison)
        and any(event and event in (stem := clause.condition.metric.removesuffix("率")) for event in events)
        else clause
        for clause in clauses
    ]


def _is_none(rung: Rung) -> bool:
    leaf = rung.condition
    return (
        isinstance(leaf, Comparison)
        and leaf.operator == "=="
        and leaf.amount is not None
        and leaf.amount.value == 0
        and leaf.metric.endswith("率")
    )


def unshared(clauses: list[Clause]) -> list[Clause]:
    """按实际达标率计算，每低1%扣2分: how the rate is found, not how it is scored."""
    stepped = any(
        isinstance(clause, Step) and any(part.amount.unit.kind == "rate" for part in clause.parts) for clause in clauses
    )
    result: list[Clause] = []
    for clause in clauses:
        plain = isinstance(clause, Proportional) and clause.whole is None and not clause.capped and clause.computed
        result.append(
            Lead(f"按{clause.metric}计算", clause.span)
            if stepped and plain and isinstance(clause, Proportional)
            else clause
        )
    return result


def without_target(clauses: list[Clause], source: str, has_target: bool) -> list[Clause]:
    """按时完成工作计划得满分: where nothing is held against a target, reaching it is just the faultless case."""
    takes = any(
        isinstance(clause, (Occurrence, Rung)) and isinstance(clause.award, Award) and clause.award.kind == "deduct"
        for clause in clauses
    )
    if (
        not takes
        or has_target
        or any(isinstance(clause, (Target, Step, Proportional, Otherwise)) for clause in clauses)
    ):
        return clauses
    result: list[Clause] = []
    for clause in clauses:
        if (
            isinstance(clause, Rung)
            and isinstance(clause.condition, Comparison)
            and clause.condition.amount is None
            and isinstance(clause.award, Award)
            and clause.award.kind == "set"
        ):
            said = clause.condition.span
            words = normalise(source[said.start : said.end]).replace(" ", "").replace("\n", "")
            clause = evolve(clause, condition=Faultless(words, said))
        result.append(clause)
    return result


def series(clauses: list[Clause], source: str) -> list[Clause]:
    """1次扣2分，2次扣4分，以此类推: equal steps from nothing are an occurrence."""
    if not any(isinstance(clause, Series) for clause in clauses):
        return clauses
    rungs = [
        clause
        for clause in clauses
        if isinstance(clause, Rung) and isinstance(clause.condition, Comparison) and clause.condition.operator == "=="
    ]
    if not rungs:
        return clauses
    rates = set()
    for rung in rungs:
        assert isinstance(rung.condition, Comparison)
        amount, award = rung.condition.amount, rung.award
        if (
            not isinstance(award, Award)
            or award.points.amount is None
            or award.points.amount.value is None
            or amount is None
            or not amount.value
        ):
            return clauses
        rates.add((award.kind, award.points.amount.value / amount.value))
    first = rungs[0]
    assert isinstance(first.condition, Comparison)
    assert first.condition.amount is not None
    assert isinstance(first.award, Award)
    if len(rates) != 1 or len(rungs) < 2 or first.award.kind == "set":
        raise RuleSyntaxError(
            "「以此类推」前面各档的差不一样，推不下去",
            code="KPI118",
            span=rungs[-1].span,
            source=source,
            hint="写成 每次扣…分",
            example="每次扣2分",
        )
    assert first.award.points.amount is not None
    points = evolve(first.award.points.amount, value=next(iter(rates))[1])
    occurrence = Occurrence(
        first.condition.metric,
        evolve(first.condition.amount, value=Fraction(1)),
        evolve(first.award, points=evolve(first.award.points, amount=points)),
        True,
        span=first.span,
    )
    return [occurrence if clause is first else clause for clause in clauses if clause is first or clause not in rungs]


def full_marks(clauses: list[Clause]) -> list[Clause]:
    """代码覆盖率（30分）≥80%得满分: one bracketed mark before clauses of another kind is the full marks."""
    scoring = [clause for clause in clauses if not isinstance(clause, (Lead, FullMarks, Limit, PartOfStep, Target))]
    choices = [clause for clause in scoring if isinstance(clause, Choice)]
    if (
        len(choices) == 1
        and len(scoring) > 1
        and scoring[0] is choices[0]
        and choices[0].award.points.amount is not None
    ):
        index = clauses.index(choices[0])
        return [
            *clauses[:index],
            Lead(choices[0].label, choices[0].span),
            FullMarks(choices[0].award.points.amount, choices[0].span),
            *clauses[index + 1 :],
        ]
    return clauses
