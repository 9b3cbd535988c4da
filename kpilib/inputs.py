"""Facts on their way in: what a caller may give for a variable, turned into base units."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from attrs import frozen

from kpilib.errors import InputError, KpiError
from kpilib.meaning.checklists import MET, MISSED
from kpilib.meaning.expr import Absent, Domain, Var
from kpilib.meaning.metrics import Goal
from kpilib.quantity import ANY_COUNT, PLAIN, UNITS, Quantity, Unit, decimal_text, exact, parse_quantity, unit_named
from kpilib.syntax.reader import read_rule
from kpilib.syntax.tree import Amount, Target
from kpilib.text import normalise


@frozen
class Input:
    """One input of a rule: what to call it, the unit it is held in, what it may be."""

    name: str
    unit: str
    domain: Domain


# How people tick off an item; not 有 and 无, which say the opposite of an item such as 无差错.
_TICKS: dict[str | bool, str] = {
    **dict.fromkeys((True, "√", "✓", "☑", "对", "满意", "符合", "满足", "达到", "做到", "合格", "认可", "Y", "y"), MET),
    **dict.fromkeys((False, "×", "✗", "☒", "错", "不满意", "不符合", "不满足", "未达到", "未做到", "不合格", "不认可", "N", "n"), MISSED),
}  # fmt: skip


def unit_of(symbol: str) -> Unit:
    """The unit that a caller names."""
    if not isinstance(symbol, str):
        raise InputError(f"unit= 要一个单位的名字，不是 {type(symbol).__name__}", code="KPI801", example='unit="%"')
    return UNITS[symbol] if symbol in UNITS else unit_named(symbol)


def read_input(variable: Var, value: Any, unit: str | None = None, when: When | None = None) -> Fraction | str:
    """The value of a variable in base units, or its label.

    Raises:
        InputError: not a number, no unit where one is needed, the wrong unit, not a whole count, an unknown label.
    """
    if variable.domain.kind == "label":
        return _label(variable, value)
    delay = _delay(variable, value, when or NOW) if variable.domain.due else None
    if delay is not None:
        return delay
    if isinstance(value, Quantity):
        quantity = value
    elif isinstance(value, str):
        quantity = parse_quantity(value)
    else:
        quantity = Quantity(exact(value))
    if quantity.unit is PLAIN:
        quantity = Quantity(quantity.number, _unit_for_bare(variable, value, unit))
    elif unit is not None and unit_of(unit).kind != quantity.unit.kind:
        raise InputError(f"{_name(variable)}的值 {quantity} 和 unit={unit} 对不上", code="KPI801", hint="只写一处单位")
    return _checked(variable, quantity)


def _unit_for_bare(variable: Var, value: Any, unit: str | None) -> Unit:
    wanted = variable.unit
    if unit is not None:
        return unit_of(unit)
    if wanted.kind == "rate":
        raise InputError(
            f"{_name(variable)}的值 {value} 没有单位",
            code="KPI802",
            hint=f'写 {value}%（百分数），或用 unit="%" 或 unit="ratio" 说明',
            example=f"{value}%",
        )
    if wanted.is_count or wanted.kind in ("number", "marks", "times") or wanted.symbol == "元":
        return wanted
    raise InputError(
        f"{_name(variable)}的值 {value} 没有单位",
        code="KPI802",
        hint=f"是元就写 {value}元，是{wanted.symbol}就写 {value}{wanted.symbol}，或用 unit= 说明"
        if wanted.kind == "money"
        else f"写 {value}{wanted.symbol}，或用 unit= 说明",
        example=f"{value}{wanted.symbol}",
    )


def _checked(variable: Var, quantity: Quantity) -> Fraction:
    wanted, unit = variable.unit, quantity.unit
    if unit.is_count and wanted is ANY_COUNT:
        quantity = Quantity(quantity.number, wanted)
    elif unit.kind != wanted.kind and {unit.kind, wanted.kind} != {"number", "money"}:
        raise InputError(
            f"{_name(variable)}要的单位是「{wanted.symbol or '不带单位的数'}」，给的是「{unit.symbol or '不带单位的数'}」", code="KPI401", hint="换成同一种单位",
            example=f"85.4{wanted.symbol}" if not wanted.is_count else f"3{wanted.symbol}",
        )  # fmt: skip
    base = quantity.base
    if variable.domain.kind == "count":
        if base.denominator != 1:
            raise InputError(
                f"{_name(variable)}是次数，{quantity} 不是整数",
                code="KPI805",
                hint="次数只能是 0、1、2 ……",
                example=f"3{wanted.symbol}",
            )
        if base < 0:
            raise InputError(
                f"{_name(variable)}是次数，不能是负数 {quantity}",
                code="KPI805",
                hint="次数只能是 0、1、2 ……",
                example=f"3{wanted.symbol}",
            )
    elif variable.domain.maximum is not None and not (variable.domain.minimum or 0) <= base <= variable.domain.maximum:
        low, high = decimal_text(variable.domain.minimum or Fraction(0)), decimal_text(variable.domain.maximum)
        raise InputError(
            f"{_name(variable)}要在 {low} 到 {high} {wanted.symbol}之间，给的是 {quantity}",
            code="KPI801",
            example=f"{high}{wanted.symbol}",
        )
    elif variable.domain.minimum is not None and base < variable.domain.minimum:
        raise InputError(
            f"{_name(variable)}不能是负数 {quantity}", code="KPI801", hint="核对正负号", example=f"3{wanted.symbol}"
        )
    return base


def _label(variable: Var, value: Any) -> str:
    labels = variable.domain.labels
    if labels == (MET, MISSED):
        value = _TICKS.get(value if isinstance(value, (str, bool)) else "", value)
    if isinstance(value, str):
        if value in labels:
            return value
        folded = _folded(value)
        for label in labels:
            if _folded(label) == folded:
                return label
        short = [
            label for label in labels if folded and _folded(label.split("(")[0]).rstrip("的者") == folded.rstrip("的者")
        ]
        if len(short) == 1:
            return short[0]
    if not isinstance(value, str):
        raise InputError(
            f"这里要选一项，不是 {type(value).__name__}",
            code="KPI806",
            hint=f"可选：{'、'.join(label[:20] for label in labels)}",
            example=labels[0],
        )
    near = get_close_matches(value[:80], labels, n=1, cutoff=0.4)
    hint = f"您是不是想选「{near[0]}」？" if near else ""
    raise InputError(
        f"选项里没有「{value[:40]}」",
        code="KPI806",
        hint=f"{hint}可选：{'、'.join(label[:20] for label in labels)}",
        example=labels[0],
    )


def _folded(text: str) -> str:
    return "".join(char for char in normalise(text) if char not in " \n,、;。")


@frozen
class When:
    """The period that deadlines fall into, and the calendar of workdays, as the caller gives them."""

    period: Any = None
    calendar: Any = None


_DATE = re.compile(r"\s*(?:[0-9]{4}\s*[-/年.]|[0-9]{8}\s*$)")
NOW = When()


def _is_date(value: Any) -> bool:
    return isinstance(value, date) or (isinstance(value, str) and _DATE.match(normalise(value)) is not None)


def _delay(variable: Var, value: Any, when: When) -> Fraction | None:
    """How late, or how early, in base units; None where the value is no date.

    Raises:
        InputError: no period, no calendar, or not a date for each time that it is due (KPI808, KPI809).
    """
    dates = (
        list(value)
        if isinstance(value, (list, tuple))
        else re.split("[、;,]", normalise(value))
        if isinstance(value, str)
        else [value]
    )
    if not variable.domain.due or not all(map(_is_date, dates)):
        return None
    # Dates are rare, and their packages slow to load: they come with the first one.
    from kpilib import period as calendar

    if when.period is None:
        raise InputError(
            f"{_name(variable)}给的是日期，还要说是哪一期",
            code="KPI808",
            hint="用 period= 给出期间，或写晚了几天（2天）",
            example='period="2026-03"',
        )
    span = when.period if isinstance(when.period, calendar.Period) else calendar.Period.parse(when.period)
    dues = calendar.read_due(variable.domain.due).due(span, when.calendar)
    if len(dates) != len(dues):
        raise InputError(
            f"{span} 要在 {'、'.join(map(str, dues))} 前各完成一次，给了 {len(dates)} 个日期", code="KPI808",
            hint="每次给一个日期，用 、 隔开", example="、".join(map(str, dues)),
        )  # fmt: skip
    kind: Any = {"workday": "workday", "month": "month"}.get(variable.unit.kind, "day")
    total = Fraction(0)
    for done, due in zip(dates, dues, strict=True):
        late = calendar.lateness(calendar.read_date(done), due, unit=kind, calendar=when.calendar)
        total += max(Fraction(0), -late if variable.domain.early else late)
    return total


def read_inputs(
    variables: tuple[Var, ...], value: Any, unit: str | Mapping[str, str] | None = None, when: When = NOW
) -> dict[str, Fraction | str | Absent]:
    """All inputs of a rule from one value or a mapping of names to values.

    Raises:
        InputError: one is missing, unknown or wrong.
    """
    if unit is not None and not isinstance(unit, (str, Mapping)):
        raise InputError(f"unit= 要一个单位的名字，不是 {type(unit).__name__}", code="KPI801", example='unit="%"')
    optional = {
        variable.name: Absent(f"这种情况要由评分人给出「{variable.name}」", code="KPI504")
        for variable in variables
        if variable.domain.optional
    }
    if not isinstance(value, Mapping):
        needed = [variable for variable in variables if variable.name not in optional]
        if len(needed) > 1 and all(variable.domain.due for variable in needed):
            return {**optional, **{one.name: read_input(one, value, None, when) for one in needed}}  # one date for all
        if len(needed) == 1:
            only = unit if isinstance(unit, str) or unit is None else unit.get(needed[0].name)
            return {**optional, needed[0].name: read_input(needed[0], value, only, when)}
        if not variables:
            return {}
        names = "、".join(variable.name for variable in variables)
        raise InputError(
            f"这条规则有 {len(variables)} 个输入：{names}",
            code="KPI803",
            hint="给一个字典",
            example=str({variable.name: f"1{variable.unit.symbol}" for variable in variables}),
        )
    known = {variable.name for variable in variables}
    for name in value:
        if name not in known:
            near = get_close_matches(str(name), known, n=1, cutoff=0.3)
            hint = f"您是不是想写「{near[0]}」？" if near else f"这条规则的输入是：{'、'.join(sorted(known))}"
            raise InputError(f"没有叫「{str(name)[:40]}」的输入", code="KPI804", hint=hint)
    found: dict[str, Fraction | str | Absent] = {}
    for variable in variables:
        if variable.name in optional and value.get(variable.name) is None:
            found[variable.name] = optional[variable.name]
            continue
        if variable.name not in value:
            raise InputError(
                f"缺少「{variable.name}」的值", code="KPI803", hint=f"单位是 {variable.unit.symbol or '数'}"
            )
        found[variable.name] = read_input(
            variable,
            value[variable.name],
            unit if isinstance(unit, str) or unit is None else unit.get(variable.name),
            when,
        )
    return found


def _name(variable: Var) -> str:
    return "输入" if variable.name == "x" else f"「{variable.name}」"


def read_target(target: Any) -> Goal | None:
    """A target as the 目标值 column has it: 90%, ≥95%, 不超过3%, 1:4, 100万元; None for words (及时).

    Raises:
        InputError: a number without a place for it, or damaged text.
    """
    if target is None:
        return None
    if isinstance(target, Quantity):
        return Goal(Amount(target.number, target.unit))
    text = (
        re.sub(r"[/／每](?:个)?(?:月|年|季度|季|周|天|日|人)$", "", target.strip())
        if isinstance(target, str)
        else decimal_text(exact(target))
    )
    if "±" in text or len(text) > 80 or (re.search(r"[A-Za-z]", text) and not re.search(r"[0-9一-龥]", text)):
        raise InputError(
            f"目标值「{text[:40]}」读不懂",
            code="KPI801",
            hint="写一个带单位的数，可以加 不低于、不超过",
            example="不低于90%",
        )
    if not any(char.isdigit() or char in "一二三四五六七八九十零半" for char in text):
        return None
    try:
        tree = read_rule(f"目标值为{text}", scored=False)
    except KpiError:
        raise InputError(
            f"目标值「{text[:40]}」读不懂",
            code="KPI801",
            hint="写一个带单位的数，可以加 不低于、不超过",
            example="不低于90%",
        ) from None
    found = [clause for clause in tree.clauses if isinstance(clause, Target)]
    if len(found) != 1 or len(tree.clauses) != 1 or found[0].amount.value is None:
        raise InputError(
            f"目标值「{text[:40]}」读不懂",
            code="KPI801",
            hint="写一个带单位的数，可以加 不低于、不超过",
            example="不低于90%",
        )
    return Goal(found[0].amount, found[0].operator, found[0].high)


def plain_way(
    variables: Sequence[Var],
    by_int: Callable[[int, tuple[int, int]], object],
    by_decimal: Callable[[Decimal, tuple[int, int]], object],
    unit: str | None,
) -> Callable[[Any], Decimal | None] | None:
    """A short way for plain numbers of one variable, Decimal and int in a unit that fits; None where there is none.

    The way answers None for what it leaves to `read_inputs`.
    """
    if len(variables) != 1:
        return None
    variable = variables[0]
    count = variable.domain.kind == "count"
    if variable.domain.kind == "label" or (variable.domain.minimum is not None and not count):
        return None
    held = unit_of(unit) if unit is not None else variable.unit
    if held.kind != variable.unit.kind or (unit is None and variable.unit.kind == "rate"):
        return None
    if unit is None and not (
        count or variable.unit.kind in ("number", "marks", "times") or variable.unit.symbol == "元"
    ):
        return None
    size = (held.size.numerator, held.size.denominator)
    largest = 10**30

    def fast(value: Any) -> Decimal | None:
        kind = type(value)
        if kind is int:
            if (count and value < 0) or not -largest < value < largest:
                return None
            result = by_int(value, size)
        elif kind is Decimal and not count and value.is_finite() and -30 < value.adjusted() < 29:
            result = by_decimal(value, size)
        else:
            return None
        return result if isinstance(result, Decimal) else None

    return fast
