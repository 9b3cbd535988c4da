"""The columns of a table of facts: what each header names, in which unit, and what its cells come to.

A name may end in its unit: 完成率(%).  A bare number for a rate is never guessed at by its size: its unit comes from
the header, from the cell itself (85.4%), from a spreadsheet's percentage format, or from the plan (计量单位：%), and else
it is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from fractions import Fraction
from typing import Literal

from attrs import evolve, frozen

from kpilib.errors import Diagnostic, InputError
from kpilib.output.cells import Cell, Row, column_letters
from kpilib.plan import Plan
from kpilib.quantity import (
    PERCENT,
    PLAIN,
    RATIO,
    UNITS,
    Quantity,
    Unit,
    decimal_text,
    exact,
    parse_quantity,
    unit_named,
)
from kpilib.text import cut, normalise

IDENTITY = ("姓名", "工号", "部门")
TARGET = "目标值"
NOT_APPLICABLE, PENDING = "不适用", "待定"

# So many mistakes of a header are listed, and so many names in a hint.
_LISTED, _NAMES = 20, 12
_WITH_UNIT = re.compile(r"(?P<name>.+?)\((?P<unit>[^()]{1,8})\)\Z")
_OWN_UNITS = {"小数": RATIO, "比值": RATIO, "比例": RATIO}

# Kinds of which a rule takes one for the other.
_ALIKE = {"number": "money", "money": "number"}

Value = Quantity | str
Role = Literal["who", "fact", "target"]


@frozen
class Known:
    """What the plan says of one of its inputs; `unit` is what its bare numbers have, where the plan settles it."""

    metric: Unit = PLAIN
    unit: Unit | None = None
    labels: tuple[str, ...] = ()


Named = tuple[Role, str, Known]


@frozen(kw_only=True)
class Fault:
    """What is wrong with one cell, or with a whole row where `column` is empty."""

    row: int
    column: str
    error: InputError

    def __str__(self) -> str:
        return str(self.error)

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {"row": self.row, "column": self.column, **self.error.diagnostic.to_dict()}


@frozen(kw_only=True)
class Column:
    """One column: what it is about, and the unit that its bare numbers have, where something says so."""

    index: int
    header: str
    role: Role
    name: str
    unit: Unit | None = None
    metric: Unit = PLAIN
    labels: tuple[str, ...] = ()

    def fault(self, row: int, why: str, *, hint: str = "", code: str = "KPI801", example: str = "") -> Fault:
        """An error in this column, which names the row and the column."""
        message = f"第{row}行「{cut(self.header, 60)}」：{why}"
        return Fault(row=row, column=self.header, error=InputError(message, code=code, hint=hint, example=example))

    def read(self, row: int, cell: Cell) -> Value | Fault | None:
        """The value of a cell; None where it says 待定."""
        if cell.kind == "wrong":
            return self.fault(row, cell.text)
        if cell.kind == "date":
            return self.fault(row, f"这一格是日期 {cell.text}", hint="Excel 会把 1-5 这样的输入改成日期；改成数")
        if cell.text == PENDING:
            return None
        if cell.text == NOT_APPLICABLE or self.labels:
            return cell.text
        try:
            quantity = self._quantity(cell)
        except InputError as error:
            # A target may have words around its number, as in 不超过3%: the plan reads those.
            if self.role == "target" and cell.kind == "text" and any(char.isdigit() for char in cell.text):
                return cell.text
            return self.fault(row, error.message, hint=error.hint, code=error.code, example=error.example)
        if quantity.unit is PLAIN and not self._bare_is_clear:
            return self._without_unit(row, cell.text, quantity.number)
        if quantity.unit is not PLAIN and quantity.unit.kind not in (self.metric.kind, _ALIKE.get(self.metric.kind)):
            shown = quantity if cell.kind == "percent" else cell.text[:40]
            why = f"{shown} 的单位和指标的单位「{self.metric.symbol or '无'}」对不上"
            return self.fault(row, why, code="KPI401")
        return quantity

    @property
    def _bare_is_clear(self) -> bool:
        """Whether a number without a unit can only mean one thing: 次, 个, 元, 分 and plain numbers."""
        return self.metric.is_count or self.metric.kind in ("number", "marks", "times") or self.metric.symbol == "元"

    def _quantity(self, cell: Cell) -> Quantity:
        """The number in its own unit or in the column's, else without one.

        Raises:
            InputError: not a number with at most one unit.
        """
        if cell.kind == "percent":
            return Quantity(exact(cell.text) * 100, PERCENT)
        quantity = parse_quantity(cell.text)
        symbol = quantity.unit.symbol
        if symbol not in UNITS and symbol != self.metric.symbol:
            raise InputError(f"{cell.text[:40]} 不是一个带单位的数", hint="写成数字加单位，如 85.4%")
        if quantity.unit is not PLAIN or self.unit is None:
            return quantity
        if self.unit.kind == "money" and self.unit.size != 1 and any(char in cell.text for char in "万亿萬億"):
            raise InputError(
                f"{cell.text[:40]} 和列名的单位 {self.unit.symbol} 合不到一起", hint="在格里写全单位，如 30万元"
            )
        return Quantity(quantity.number, self.unit)

    def _without_unit(self, row: int, text: str, number: Fraction) -> Fault:
        symbol = self.metric.symbol
        if self.metric.kind != "rate":
            hint = f"把列名改成「{self.name}({symbol})」，或在格里写上单位"
            return self.fault(row, f"{text} 没有单位", code="KPI802", hint=hint, example=f"{text}{symbol}")
        percent, ratio = f"{decimal_text(number)}%", f"{decimal_text(number * 100)}%"
        hint = (
            f"把列名改成「{self.name}(%)」，{text} 就是 {percent}；改成「{self.name}(比值)」，就是 {ratio}；"
            "也可以在格里写上 %，或在 .xlsx 里设成百分比格式"
        )
        return self.fault(row, f"{text} 没有单位：是 {percent}，还是 {ratio}？", code="KPI802", hint=hint)


def _squeezed(text: str) -> str:
    """A name without blanks, line ends and differences of width."""
    return "".join(normalise(text).split())


def names_of(plan: Plan) -> dict[str, Named]:
    """What each name in a header may stand for, squeezed.

    An indicator with one input is called by its own name; 指标.输入 is understood there too.
    """
    names: dict[str, Named] = {}
    for item in plan.indicators:
        declared = unit_named(item.unit) if item.unit else None
        for put in item.rule.inputs:
            about = Known(unit_named(put.unit), declared, put.domain.labels)
            single = len(item.rule.inputs) == 1
            full = f"{item.name}.{put.name}"
            names[_squeezed(item.name if single else full)] = ("fact", item.name if single else full, about)
            if single:
                names.setdefault(_squeezed(full), ("fact", item.name, about))
    for item in plan.indicators:
        about = next((named[2] for named in names.values() if named[1].partition(".")[0] == item.name), Known())
        names.setdefault(_squeezed(f"{item.name}.{TARGET}"), ("target", item.name, about))
    for name in IDENTITY:
        names.setdefault(name, ("who", name, Known()))
    return names


def columns_of(header: Row, names: Mapping[str, Named]) -> tuple[Column, ...]:
    """The columns that a header names.

    Raises:
        InputError: with everything that is wrong with the header.
    """
    columns: list[Column] = []
    found: list[Diagnostic] = []
    first: dict[tuple[str, str], Column] = {}
    for index, cell in sorted(header.cells.items()):
        if len(found) >= _LISTED:
            break
        column = _column(index, cell, names)
        if isinstance(column, Diagnostic):
            found.append(column)
        elif (before := first.setdefault((column.role, column.name), column)) is not column:
            where = f"{column_letters(before.index)} 列和 {column_letters(index)} 列"
            found.append(_header_error("KPI704", f"{where}都是「{column.name}」", hint="留一列"))
        else:
            columns.append(column)
    if len(header.cells) == 1 and found:
        found = [evolve(found[0], hint=_hint_for_one_cell(header, names))]
    elif not any(column.role == "who" and column.name != "部门" for column in columns):
        found.append(_header_error("KPI803", "没有「姓名」列，也没有「工号」列", hint="加一列，写明每行是谁"))
    if found:
        raise InputError(found[0].message, code=found[0].code, diagnostics=tuple(found))
    return tuple(columns)


def _column(index: int, cell: Cell, names: Mapping[str, Named]) -> Column | Diagnostic:
    """The column that one cell of the header names."""
    squeezed = _squeezed(cell.text)
    place = f"{column_letters(index)} 列的列名「{cell.text[:40]}」"
    role_name = names.get(squeezed)
    unit: Unit | None = None
    if role_name is None and (match := _WITH_UNIT.match(squeezed)) is not None and match["name"] in names:
        role_name = names[match["name"]]
        about = role_name[2]
        named = about.metric if match["unit"] == about.metric.symbol else UNITS.get(match["unit"])
        unit = _OWN_UNITS.get(match["unit"]) or named
        kinds = (about.metric.kind, _ALIKE.get(about.metric.kind))
        if unit is None or role_name[0] == "who" or about.labels or unit.kind not in kinds:
            wanted = f"这个指标的单位是「{about.metric.symbol}」" if about.metric.symbol else "这一列没有单位"
            return _header_error("KPI401", f"{place}里的单位「{match['unit']}」对不上", hint=wanted)
    if role_name is None:
        return _header_error("KPI804", f"方案里没有{place}", hint=_hint_for_unknown(squeezed, names))
    role, name, about = role_name
    return Column(
        index=index,
        header=" ".join(cell.text.split()),
        role=role,
        name=name,
        unit=unit or about.unit,
        metric=about.metric,
        labels=about.labels,
    )


def _hint_for_unknown(squeezed: str, names: Mapping[str, Named]) -> str:
    """The nearest name; a target's only where the column speaks of a target."""
    wanted = [name for name, (role, _, _) in names.items() if role != "target" or TARGET in squeezed]
    near = get_close_matches(squeezed[:60], wanted, n=1, cutoff=0.5)
    if near:
        role, name, _ = names[near[0]]
        return f"是不是「{name}{f'.{TARGET}' if role == 'target' else ''}」？"
    listed = dict.fromkeys(name for role, name, _ in names.values() if role == "fact")
    more = " 等" if len(listed) > _NAMES else ""
    return f"不参加计分的列请删去；除了姓名、工号、部门，可以有：{'、'.join(list(listed)[:_NAMES])}{more}"


def _hint_for_one_cell(header: Row, names: Mapping[str, Named]) -> str:
    """A title above the columns, or columns that nothing known keeps apart."""
    (cell,) = header.cells.values()
    if any(part in names for part in re.split("[,;|、。/]", _squeezed(cell.text))):
        return "各列像是没有分开：CSV 的列之间用英文逗号（整张表用制表符或英文分号也行）"
    return f"第{header.number}行像是表的标题；删掉它，让第一行是列名"


def _header_error(code: str, message: str, *, hint: str = "") -> Diagnostic:
    return Diagnostic(code=code, message=f"表头：{message}", hint=hint)
