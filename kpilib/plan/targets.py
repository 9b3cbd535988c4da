"""Targets and the unit they are in: a bare number has the unit of the 单位 line, or one that cannot be mistaken."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from kpilib.errors import InputError, KpiError
from kpilib.inputs import read_target
from kpilib.quantity import PLAIN, Quantity, decimal_text, exact, parse_quantity, unit_named
from kpilib.rule import Rule
from kpilib.text import normalise

_MYRIADS = "万亿"


class WrongTarget(InputError):
    """A target that its rule cannot take, or whose unit cannot be known."""


def rule_with(target: Any, unit: str, compiled: Callable[[Any], Rule]) -> Rule:
    """The rule that `compiled` makes of a target, where a bare number has the `unit` of the indicator.

    Without one it has the unit that the rule's input can only have; it stays bare where the rule has no unit either,
    as in 按完成比例计分, which takes the share of one bare number in another.

    Raises:
        WrongTarget: the units do not fit, or the target has none and may mean two things.
        KpiError: the rule cannot be read.
    """
    target = in_unit(target, unit)
    words = bare(target)
    opened = _opened(compiled) if words is not None else None
    if opened is not None and (clear := clear_unit(opened)) is not None:
        return compiled(in_unit(target, clear))
    try:
        rule = compiled(target)
    except KpiError as error:
        opened = _opened(compiled) if error.code == "KPI401" else None
        if opened is None:
            raise
        raise _wrong(target, opened) from None
    if opened is not None and opened.inputs and (clear_unit(rule) is None or _shares_target(rule)):
        raise _wrong(target, opened)
    return rule


def _opened(compiled: Callable[[Any], Rule]) -> Rule | None:
    """The rule without a target; None where it cannot be read so, or has blanks."""
    try:
        rule = compiled(None)
    except KpiError:
        return None
    return None if rule.holes else rule


def _shares_target(rule: Rule) -> bool:
    """Whether a percentage of the rule was taken for a share of the target, which had no unit to tell."""
    return any(note.code == "KPI906" for note in rule.notes)


def _wrong(target: Any, rule: Rule) -> WrongTarget:
    wanted = rule.inputs[0].unit if len(rule.inputs) == 1 else ""
    words = bare(target)
    if words is None:
        whose = f"规则的单位「{wanted}」" if wanted else "规则的单位"
        return WrongTarget(f"目标值 {target} 和{whose}对不上", code="KPI401", hint="换成同一种单位", example="")
    hint = "写上单位，或在方案里加一行 单位："
    if wanted:
        number = parse_quantity(words).number if words.replace(".", "").isdigit() else None
        rate = f"是 {words}%，还是 {decimal_text(number * 100)}%？" if wanted == "%" and number is not None else ""
        hint = f"{rate}写上单位，如 {words}{wanted}，或在方案里加一行 单位：{wanted}"
    return WrongTarget(f"目标值 {words} 没有单位", code="KPI802", hint=hint, example="")


def bare(target: Any) -> str | None:
    """The words of a target that has a number and no unit; None for any other.

    >>> bare("90"), bare("不超过3"), bare("90%"), bare(12)
    ('90', '不超过3', None, '12')

    Raises:
        InputError: not a target at all.
    """
    if target is None:
        return None
    if isinstance(target, Quantity):
        return decimal_text(target.number) if target.unit is PLAIN else None
    if not isinstance(target, str):
        return decimal_text(exact(target))
    text = normalise(target).strip()
    if ":" in text:
        return None
    try:
        return text if parse_quantity(text).unit is PLAIN else None
    except InputError:
        goal = read_target(text)
        return text if goal is not None and goal.amount.unit is PLAIN else None


def in_unit(target: Any, unit: str) -> Any:
    """A bare target with a unit behind it; any other as it is.

    >>> in_unit(90, "%"), in_unit("80%", "%")
    ('90%', '80%')

    Raises:
        WrongTarget: the number says 万 and the unit too.
        InputError: not a target at all.
    """
    words = bare(target) if unit else None
    if words is None:
        return target
    if any(char in unit for char in _MYRIADS) and any(char in words for char in _MYRIADS):
        raise WrongTarget(
            f"目标值 {words} 和单位 {unit} 合不到一起", code="KPI401", hint="目标值写全单位，如 30万元", example=""
        )
    return f"{words}{unit}"


def clear_unit(rule: Rule) -> str | None:
    """The unit that a bare number for the rule's one input can only have, as 家, 元 or none; None where it may have several."""
    if rule.holes or len(rule.inputs) != 1:
        return None
    symbol = rule.inputs[0].unit
    unit = unit_named(symbol)
    clear = unit.is_count or unit.kind in ("number", "marks", "times") or symbol == "元"
    return symbol if clear else None


def takes_unit(rule: Rule, unit: str) -> bool:
    """Whether the rule's one input takes numbers in the unit; of several inputs each takes what fits."""
    if rule.holes or len(rule.inputs) != 1:
        return True
    try:
        rule.exact_score(Quantity(Fraction(1), unit_named(unit)))
    except KpiError as error:
        return error.code != "KPI401"
    return True
