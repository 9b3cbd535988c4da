"""From a sentence to a rule: what the options may be, and all findings of a text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from kpilib.errors import Diagnostic, InputError, KpiError
from kpilib.inputs import read_target
from kpilib.meaning.reading import Reading
from kpilib.quantity import Quantity, exact
from kpilib.rule import Rule, kind_of
from kpilib.syntax.reader import read_rule
from kpilib.syntax.tree import FullMarks

Points = str | int | Decimal | Fraction | Quantity


def compile_rule(
    text: str,
    *,
    full_marks: Points | None = None,
    target: Any = None,
    reading: Reading | None = None,
    inputs: Mapping[str, str] | None = None,
    indicator: str = "",
) -> Rule:
    """Compile a Chinese scoring rule.

    Args:
        text: the rule as its author wrote it.
        full_marks: 满分 of the item, in 分; without it the rule is a pure adjustment from 0.
        target: 目标值 from the sheet, where the text leaves it open: ``"90%"``, ``"不超过3次"``, ``"100万元"``.
        reading: the options of 口径.
        inputs: new names for inputs, old to new.
        indicator: the indicator's name, which the text may use.

    Raises:
        RuleSyntaxError: the text cannot be read, or contradicts itself.
        AmbiguousRuleError: it can be read in two ways.
        UnsupportedError: a kind of rule that is not modelled.
        UnitError: units that do not fit.
        InputError: full marks or target are wrong.
    """
    for what, given, kind in (
        ("规则", text, str), ("reading= ", reading or Reading(), Reading), ("inputs= ", inputs or {}, Mapping),
        ("indicator= ", indicator, str),
    ):  # fmt: skip
        if not isinstance(given, kind):
            raise InputError(f"{what}要的是 {kind.__name__}，给的是 {type(given).__name__}", code="KPI801", example="")
    marks = _marks(full_marks)
    goal = read_target(target)
    tree = read_rule(text, target_kind=kind_of(goal), indicator=indicator)
    said = [clause.marks.value for clause in tree.clauses if isinstance(clause, FullMarks)]
    marks = said[0] if marks is None and len(said) == 1 else marks
    rule = Rule(tree, reading or Reading(), marks, goal, tuple(sorted((inputs or {}).items())), indicator, text)
    return rule.checked()


def _marks(full_marks: Points | None) -> Fraction | None:
    if full_marks is None:
        return None
    value = (
        full_marks.base
        if isinstance(full_marks, Quantity)
        else exact(full_marks.removesuffix("分") if isinstance(full_marks, str) else full_marks)
    )
    if value <= 0:
        raise InputError("满分必须大于0", code="KPI801", hint="例如 full_marks=20")
    return value


def check(
    text: str,
    *,
    full_marks: Points | None = None,
    target: Any = None,
    reading: Reading | None = None,
    inputs: Mapping[str, str] | None = None,
    indicator: str = "",
) -> tuple[Diagnostic, ...]:
    """All findings of a rule text: its errors, or the notes of the readings taken; never raises on bad text."""
    try:
        rule = compile_rule(
            text, full_marks=full_marks, target=target, reading=reading, inputs=inputs, indicator=indicator
        )
    except KpiError as error:
        return error.diagnostics
    if rule.holes:
        return tuple(
            Diagnostic(
                code="KPI301",
                message=f"「{hole.name}」还空着",
                level="需确认",
                span=hole.span,
                source=text,
                hint="填上再计分",
            )
            for hole in rule.holes
        )
    return rule.notes
