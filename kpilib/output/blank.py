"""What a plan needs to know of each person: the columns to fill in, in one sheet for each department that fills them in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from attrs import frozen

from kpilib.errors import InputError
from kpilib.inputs import Input
from kpilib.output.columns import IDENTITY, NOT_APPLICABLE, TARGET
from kpilib.output.gather import squeezed
from kpilib.plan import Indicator, Plan
from kpilib.quantity import UNITS, unit_named
from kpilib.syntax.plan_tree import KEY_NAMED

# What sheets are made by: the first word of the key that an indicator names it with.
GROUPINGS = tuple(KEY_NAMED[name].words[0] for name in ("department", "source", "rater"))
_FIELDS = {KEY_NAMED[name].words[0]: name for name in ("department", "source", "rater")}

MAX_SHEET_NAME = 31
MAX_NOTE = 900
# What neither a sheet's nor a file's name may hold.
_FORBIDDEN = re.compile(r'[\[\]:*?/\\<>|"\x00-\x1f\x7f]')


@frozen(kw_only=True)
class BlankColumn:
    """One column to fill in: its header as `kpilib run` reads it, what it may hold, and what is good to know.

    `name` is the input (or, of a target, the indicator); `labels` are the choices of a label; `needed` is False for
    marks that only some cases ask for.
    """

    header: str
    name: str
    role: str
    unit: str
    labels: tuple[str, ...] = ()
    whole: bool = False
    needed: bool = True
    note: str = ""


@frozen(kw_only=True)
class BlankSheet:
    """The columns that one department fills in."""

    name: str
    owner: str
    columns: tuple[BlankColumn, ...]


@frozen(kw_only=True)
class BlankBook:
    """The sheets to fill in, and the columns that say who a row is about."""

    identity: tuple[str, ...]
    sheets: tuple[BlankSheet, ...]


def blank_book(plan: Plan, *, by: str = GROUPINGS[0]) -> BlankBook:
    """The sheets for a plan, one for each 责任部门 (or what `by` names), in the order of the plan.

    Raises:
        InputError: an indicator is called as a column that says who a row is about.
        TemplateError: the plan has numbers that are still blank.
    """
    if plan.holes:
        plan.score({})  # says which numbers are still blank
    taken = {squeezed(item.name) for item in plan.indicators}
    identity = tuple(name for name in IDENTITY if name not in taken)
    if not {"姓名", "工号"} & set(identity):
        raise InputError("指标叫「姓名」和「工号」，表里就没有地方写是谁", code="KPI704", hint="给指标改名", example="")
    names = {squeezed(name) for item in plan.indicators for name in _names(item)}
    owners: dict[str, list[BlankColumn]] = {}
    for item in plan.indicators:
        owners.setdefault(getattr(item, _FIELDS[by]), []).extend(_columns(item, names))
    used: set[str] = set()
    single = len(owners) == 1
    sheets = []
    for owner, columns in sorted(owners.items(), key=lambda pair: not pair[0]):  # what names nobody comes last
        name = owner or ("事实" if single else f"未写{by}")
        sheets.append(BlankSheet(name=sheet_name(name, used), owner=owner, columns=tuple(columns)))
    return BlankBook(identity=identity, sheets=tuple(sheets))


def _names(item: Indicator) -> Iterator[str]:
    """Everything that a column of an indicator may be called."""
    yield from (item.name, f"{item.name}.{TARGET}")
    yield from (f"{item.name}.{put.name}" for put in item.rule.inputs)


def _columns(item: Indicator, names: set[str]) -> Iterator[BlankColumn]:
    """The columns of one indicator."""
    inputs = item.rule.inputs
    note = _note(item)
    for put in inputs:
        name = item.name if len(inputs) == 1 else f"{item.name}.{put.name}"
        labels = put.domain.labels
        unit = "" if labels else _unit(item, put)
        yield BlankColumn(
            header=_header(name, unit, names),
            name=name,
            role="fact",
            unit=unit,
            labels=labels,
            whole=put.domain.kind == "count",
            needed=not put.domain.optional,
            note=note,
        )
    if item.rule.needs_target:
        unit = _unit(item, inputs[0]) if inputs else ""
        header = _header(f"{item.name}.{TARGET}", unit, names)
        yield BlankColumn(header=header, name=item.name, role="target", unit=unit, note=f"每个人自己的目标值。{note}")


def _unit(item: Indicator, put: Input) -> str:
    """The unit of the bare numbers of a column: the one that the plan declares where it fits, else the rule's own."""
    own = unit_named(put.unit)
    declared = unit_named(item.unit) if item.unit else own
    unit = declared if declared.kind == own.kind else own
    if unit.symbol == "ratio":
        return "比值"
    known = unit.symbol in UNITS or unit.symbol == own.symbol
    return unit.symbol if known and len(unit.symbol) <= 8 else ""


def _header(name: str, unit: str, names: set[str]) -> str:
    """The name with its unit; without, where the two together are what another column is called."""
    header = f"{name}({unit})" if unit else name
    return name if squeezed(header) in names else header


def _note(item: Indicator) -> str:
    """What who fills in a column should know: the rule and what the plan says of the indicator."""
    parts = [item.name, f"规则：{item.rule.text}"]
    if item.target:
        parts.append(f"目标值：{item.target}")
    for word, name in _FIELDS.items():
        if text := getattr(item, name):
            parts.append(f"{word}：{text}")
    if item.scope:
        parts.append(f"{KEY_NAMED['scope'].words[0]}：{item.scope}（不适用的人填「{NOT_APPLICABLE}」）")
    parts += [f"注：{remark}" for remark in item.remarks]
    text = "\n".join(parts)
    return text if len(text) <= MAX_NOTE else f"{text[:MAX_NOTE]}…"


def sheet_name(text: str, used: set[str]) -> str:
    """A name that a sheet or a file may have, cut, and unlike those in `used` whatever their case.

    >>> sheet_name("财务部/出纳", {"财务部_出纳"})
    '财务部_出纳 2'
    """
    plain = _FORBIDDEN.sub("_", " ".join(text.split())).strip("'. ")[:MAX_SHEET_NAME].rstrip("'. ") or "表"
    plain = f"{plain}_" if plain.lower() == "history" else plain  # the one name that a workbook keeps for itself
    name, number = plain, 1
    while name.lower() in used:
        number += 1
        name = f"{plain[: MAX_SHEET_NAME - len(str(number)) - 1]} {number}"
    used.add(name.lower())
    return name
