"""A checklist as an expression: an input of 是 or 否 for each item."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from kpilib.errors import KpiError
from kpilib.meaning.expr import Case, Const, Domain, Expr, LabelIs, Sum, Var
from kpilib.quantity import PLAIN, decimal_text
from kpilib.syntax.tree import Checklist

MET, MISSED = "是", "否"


def checklist_inputs(clause: Checklist, renames: dict[str, str]) -> tuple[Var, ...]:
    """An input for each item, called as the item; of one that is written twice, with its lead."""
    domain = Domain("label", labels=(MET, MISSED))
    seen: set[str] = set()
    found = []
    for lead, items in clause.groups:
        for item in items:
            name = item if item not in seen else f"{lead}：{item}"
            seen.add(name)
            found.append(Var(renames.get(name, name), PLAIN, domain))
    return tuple(found)


def checklist_score(
    clause: Checklist, inputs: tuple[Var, ...], full: Fraction | None, refuse: Callable[..., KpiError]
) -> Expr:
    """The share of the items met × full marks, or what each is worth.

    Raises:
        RuleSyntaxError: no full marks, or marks an item that do not make the full marks.
    """
    award = clause.each
    marks = None if award is None or award.points.amount is None else award.points.amount.base
    if full is None and (marks is None or (award is not None and award.kind == "deduct")):
        raise refuse("KPI117", "清单没有给满分", clause.span, hint="用 full_marks= 给出满分，或写 每满足一项得…分")
    if (
        award is not None
        and award.kind == "set"
        and full is not None
        and marks is not None
        and marks * len(inputs) != full
    ):
        raise refuse(
            "KPI118", f"{len(inputs)} 项每项 {decimal_text(marks)} 分，和满分 {decimal_text(full)} 分对不上", award.span,
            hint="核对项数和分数",
        )  # fmt: skip
    one, nothing = Const(Fraction(1)), Const(Fraction(0))
    if award is not None and award.kind == "deduct" and marks is not None and full is not None:
        missed = tuple((-marks, Case(((LabelIs(variable, MISSED), one),), nothing)) for variable in inputs)
        return Sum(missed, full)
    each = marks if marks is not None else (full or Fraction(0)) / len(inputs)
    return Sum(tuple((each, Case(((LabelIs(variable, MET), one),), nothing)) for variable in inputs))
