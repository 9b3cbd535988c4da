"""A person's facts: which value belongs to which input, and the values that are no numbers (不适用, 待定)."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from enum import Enum
from typing import Any

from attrs import evolve, frozen

from kpilib.errors import Diagnostic, InputError, KpiError
from kpilib.plan.parts import Indicator
from kpilib.quantity import unit_named
from kpilib.text import normalise

# Unknown names beyond these are not reported one by one.
MAX_FINDINGS = 50


class Special(Enum):
    """Values that a fact may have instead of a number or a label."""

    NOT_APPLICABLE = "不适用"
    PENDING = "待定"

    def __repr__(self) -> str:
        return self.value


NOT_APPLICABLE = Special.NOT_APPLICABLE
PENDING = Special.PENDING

_SPECIAL_TEXT = {"不适用": NOT_APPLICABLE, "待定": PENDING, "": PENDING}


def special(value: object) -> Special | None:
    """不适用 or 待定, where the value means that; None for anything that is to be scored."""
    if isinstance(value, Special):
        return value
    if value is None:
        return PENDING
    return _SPECIAL_TEXT.get(value.strip()) if isinstance(value, str) else None


@frozen
class Given:
    """What is known of one indicator: the value for its rule, or why there is none."""

    value: Any = None
    unit: str | Mapping[str, str] | None = None
    target: Any = None
    state: Special | None = None
    reason: str = ""


class Names:
    """Every name that facts may use: 指标, and 指标.输入 for each of its inputs."""

    def __init__(self, indicators: tuple[Indicator, ...]) -> None:
        self.indicators = indicators
        self.of_indicator = {item.name: item for item in indicators}
        self.of_input = {f"{item.name}.{put.name}": (item, put.name) for item in indicators for put in item.rule.inputs}
        self.folded = {fold(name): name for name in (*self.of_input, *self.of_indicator)}

    def known(self, name: object) -> str | None:
        """The name as the plan has it, where only widths and blanks differ; None for an unknown one."""
        if not isinstance(name, str):
            return None
        if name in self.of_indicator or name in self.of_input:
            return name
        return self.folded.get(fold(name[:200]))

    def unknown(self, names: list[object], *, of: str) -> list[Diagnostic]:
        """A finding for each name that is not the plan's, with the nearest that is."""
        found: list[Diagnostic] = []
        for name in names:
            if len(found) >= MAX_FINDINGS:
                break
            if self.known(name) is None:
                shown = str(name)[:60]
                near = get_close_matches(fold(shown), self.folded, n=1, cutoff=0.5)
                hint = (
                    f"是不是「{self.folded[near[0]]}」？"
                    if near
                    else f"方案的指标有：{'、'.join(list(self.of_indicator)[:10])}"
                )
                found.append(Diagnostic(code="KPI804", message=f"不认识的{of}「{shown}」", hint=hint))
        return found


def fold(name: str) -> str:
    """A name with widths, blanks and traditional forms levelled, for finding it."""
    return "".join(normalise(name).split())


def gather(
    names: Names, facts: Mapping[str, Any], units: Mapping[str, Any] | None, targets: Mapping[str, Any] | None
) -> tuple[list[Given], list[Diagnostic]]:
    """What is known of each indicator, in order, and every name or value that is wrong."""
    found: list[Diagnostic] = []
    values = _by_name(names, facts, "输入名", found)
    unit_of = _by_name(names, units or {}, "指标（单位）", found)
    target_of = _by_name(names, targets or {}, "指标（目标值）", found)
    return [_given(item, values, unit_of, target_of, found) for item in names.indicators], found


def _by_name(names: Names, given: Mapping[str, Any], of: str, found: list[Diagnostic]) -> dict[str, Any]:
    """The mapping under the plan's own names."""
    found += names.unknown(list(given), of=of)
    values: dict[str, Any] = {}
    for name, value in given.items():
        known = names.known(name)
        if known is not None:
            if known in values:
                found.append(Diagnostic(code="KPI801", message=f"「{known}」给了两次", hint="留一个"))
            values[known] = value
    return values


def _given(
    item: Indicator, values: dict[str, Any], units: dict[str, Any], targets: dict[str, Any], found: list[Diagnostic]
) -> Given:
    """One indicator's value: given whole, as a mapping of inputs, or input by input."""
    whole = values.get(item.name)
    parts = {
        put.name: values[f"{item.name}.{put.name}"] for put in item.rule.inputs if f"{item.name}.{put.name}" in values
    }
    if parts and item.name in values:
        found.append(
            Diagnostic(code="KPI801", message=f"「{item.name}」给了两次", hint="要么给整个指标，要么逐个输入给")
        )
    if isinstance(whole, Mapping):
        inputs = {fold(put.name): put.name for put in item.rule.inputs}
        parts = {inputs.get(fold(str(name)[:200]), str(name)): value for name, value in whole.items()}
        whole = None
        for name in parts:
            if name not in inputs.values():
                near = get_close_matches(fold(name[:60]), inputs, n=1, cutoff=0.5)
                hint = f"是不是「{inputs[near[0]]}」？" if near else f"输入有：{'、'.join(list(inputs.values())[:10])}"
                found.append(Diagnostic(code="KPI804", message=f"「{item.name}」没有输入「{name[:60]}」", hint=hint))
    unit = units.get(item.name, default_unit(item))
    target = targets.get(item.name)
    if special(target) is not None:
        target = None
    if not parts:
        if item.name not in values or (state := special(whole)) is PENDING:
            return Given(state=PENDING, reason="没有数据", target=target)
        if state is NOT_APPLICABLE:
            return Given(state=NOT_APPLICABLE, target=target)
        return Given(whole, unit, target)
    return _from_inputs(item, parts, units, unit, target)


def named(name: str, error: KpiError) -> list[Diagnostic]:
    """The findings of an error, each saying which indicator it speaks of."""
    return [evolve(finding, message=f"「{name}」：{finding.message}") for finding in error.diagnostics]


def _from_inputs(
    item: Indicator, parts: dict[str, Any], units: dict[str, Any], unit: str | Mapping[str, str] | None, target: Any
) -> Given:
    """An indicator whose inputs are given one by one; it is 不适用 where none of its inputs has a value, 待定 where any is missing."""
    states = [special(value) for value in parts.values()]
    if NOT_APPLICABLE in states:
        given = [name for name, state in zip(parts, states, strict=True) if state is None]
        if given:
            raise InputError(
                f"一部分输入是不适用，「{'、'.join(given)}」却有值", code="KPI801",
                hint="整个指标不适用的，几个输入都写 不适用；没有发生的次数写 0", example="0次",
            )  # fmt: skip
        return Given(state=NOT_APPLICABLE, target=target)
    pending = {put.name for put in item.rule.inputs if put.name not in parts or special(parts[put.name]) is PENDING}
    missing = [put.name for put in item.rule.inputs if put.name in pending and not put.domain.optional]
    parts = {name: value for name, value in parts.items() if name not in pending}  # the rule asks for what it needs
    if missing:
        return Given(state=PENDING, reason=f"没有数据：{'、'.join(missing)}", target=target)
    dotted = {put.name: units[key] for put in item.rule.inputs if (key := f"{item.name}.{put.name}") in units}
    if dotted:
        unit = {**(unit if isinstance(unit, Mapping) else {}), **dotted}
    if len(item.rule.inputs) == 1 and len(parts) == 1:
        only = dotted[item.rule.inputs[0].name] if dotted else unit
        return Given(next(iter(parts.values())), only, target)
    return Given(parts, unit, target)


def default_unit(item: Indicator) -> str | dict[str, str] | None:
    """The unit of bare numbers that the indicator's 单位 line gives: for several inputs, those that it fits."""
    if not item.unit or len(item.rule.inputs) == 1:
        return item.unit or None
    kind = unit_named(item.unit).kind
    return {put.name: item.unit for put in item.rule.inputs if unit_named(put.unit).kind == kind}
