"""Marks that a person gives: 得25-30分, 酌情扣1-5分.  The rule only bounds them; the number is an input."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from attrs import frozen

from kpilib.errors import RuleSyntaxError
from kpilib.meaning.expr import And, Case, Compare, Const, Domain, Expr, Or, Undefined, Var
from kpilib.quantity import MARKS, decimal_text
from kpilib.syntax.tree import Award, Choice, Clause, Discretion, Limit, Otherwise, Rung
from kpilib.text import Span

_NAMES = {"set": "评分", "gain": "加分", "deduct": "扣分"}


@frozen
class Judged:
    """The input of a judged award and its bounds."""

    variable: Var
    low: Fraction
    high: Fraction
    span: Span

    def worth(self) -> Expr:
        """The marks given; absent where they are outside the bounds."""
        low, high = Const(self.low), Const(self.high)
        outside = Or((Compare(self.variable, "<", low), Compare(self.variable, ">", high)))
        return Case(((outside, self._outside(f"{decimal_text(self.low)} 到")),), self.variable)

    def moved(self) -> Expr:
        """The marks added or taken; nothing, or within the bounds."""
        short = And((Compare(self.variable, ">", Const(Fraction(0))), Compare(self.variable, "<", Const(self.low))))
        over = Compare(self.variable, ">", Const(self.high))
        return Case(((Or((short, over)), self._outside(f"0，或 {decimal_text(self.low)} 到")),), self.variable)

    def _outside(self, start: str) -> Undefined:
        name = "输入" if self.variable.name == "x" else f"「{self.variable.name}」"
        return Undefined(f"{name}要在 {start} {decimal_text(self.high)} 分", self.span, "KPI801")


def judged_inputs(
    clauses: tuple[Clause, ...], full: Fraction | None, renames: dict[str, str], source: str, *, alone: bool
) -> dict[int, Judged]:
    """The inputs of the judged awards of a rule, by the identity of the award.

    Raises:
        RuleSyntaxError: nothing says how many marks at most.
    """
    found = list(_awards(clauses))
    bounds = {id(award): _bounds(award, clauses, full, source) for _, award in found}
    spans: dict[str, tuple[Fraction, Fraction]] = {}
    for name, award in found:
        low, high = bounds[id(award)]
        known = spans.get(name, (low, high))
        spans[name] = (min(known[0], low), max(known[1], high))
    free = {
        one.event or _NAMES[one.award.kind]
        for one in clauses
        if isinstance(one, Discretion) and one.award.kind != "set"
    }
    given = {
        name for name, award in found if any(isinstance(one, Discretion) and one.award is award for one in clauses)
    }
    result: dict[int, Judged] = {}
    for name, award in found:
        low, high = spans[name]
        only = alone and len(spans) == 1
        domain = Domain(
            "real", Fraction(0) if name in free else low, high, Fraction(1, 100), optional=name not in given
        )
        variable = Var(renames.get("x" if only else name, "x" if only else renames.get(name, name)), MARKS, domain)
        result[id(award)] = Judged(variable, *bounds[id(award)], award.span)
    return result


def _awards(clauses: tuple[Clause, ...]) -> Iterator[tuple[str, Award]]:
    for clause in clauses:
        if isinstance(clause, Discretion):
            yield clause.event or _NAMES[clause.award.kind], clause.award
        elif isinstance(clause, (Choice, Rung, Otherwise)):
            award = clause.award
            if isinstance(award, Award) and award.points.kind == "judged":
                yield _NAMES[award.kind], award


def _bounds(award: Award, clauses: tuple[Clause, ...], full: Fraction | None, source: str) -> tuple[Fraction, Fraction]:
    low, high = award.points.amount, award.points.high
    if low is not None and high is not None:
        return low.base, high.base
    wanted = {"gain": ("gain", "any"), "deduct": ("loss", "any"), "set": ("score", "any")}[award.kind]
    limits = [
        clause.points.base
        for clause in clauses
        if isinstance(clause, Limit) and clause.kind in wanted and clause.points is not None
    ]
    if not limits and full is not None and award.kind != "gain":
        limits = [full]
    if not limits:
        word = {"gain": "加", "deduct": "扣", "set": "得"}[award.kind]
        raise RuleSyntaxError(
            f"酌情{word}分，没有写最多{word}几分", code="KPI117", span=award.span, source=source,
            hint=f"写 最多{word}…分，或 酌情{word}1-5分", example=f"积极配合的，酌情{word}1-5分",
        )  # fmt: skip
    return Fraction(0), min(limits)
