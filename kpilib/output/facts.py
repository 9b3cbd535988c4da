"""A table of facts: who, and what each person's indicators came to; read from CSV or .xlsx one row at a time.

The first row that is not empty names the columns.  姓名, 工号 and 部门 say who a row is about; every other column is an
input of the plan (完成率, or 指标.输入 where an indicator has several) or a person's own target (指标.目标值).  A name
may end in its unit: 完成率(%).

A bare number for a rate is never guessed at by its size: its unit comes from the header, from the cell itself (85.4%),
from a spreadsheet's percentage format, or from the plan (计量单位：%), and else it is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Literal

from attrs import define, evolve, field, frozen

from kpilib.errors import Diagnostic, InputError
from kpilib.output.cells import Cell, Row, column_letters, csv_rows
from kpilib.output.xlsx import xlsx_rows
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
from kpilib.text import normalise

IDENTITY = ("姓名", "工号", "部门")
TARGET = "目标值"
NOT_APPLICABLE, PENDING = "不适用", "待定"
FORMATS = (".csv", ".xlsx")

# So many values of cells are remembered; then it starts anew.
_REMEMBERED = 20_000
# So many mistakes of a header are listed.
_LISTED = 20
_WITH_UNIT = re.compile(r"(?P<name>.+?)\((?P<unit>[^()]{1,8})\)\Z")
_OWN_UNITS = {"小数": RATIO, "比值": RATIO, "比例": RATIO}

# Kinds of which a rule takes one for the other.
_ALIKE = {"number": "money", "money": "number"}

Value = Quantity | str
Role = Literal["who", "fact", "target"]


@frozen
class _Known:
    """What the plan says of one of its inputs; `unit` is what its bare numbers have, where the plan settles it."""

    metric: Unit = PLAIN
    unit: Unit | None = None
    labels: tuple[str, ...] = ()


_Named = tuple[Role, str, _Known]


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
class FactRow:
    """One person's facts: inputs and targets by name, and what is wrong with them."""

    row: int
    who: Mapping[str, str]
    facts: Mapping[str, Value]
    targets: Mapping[str, Value]
    faults: tuple[Fault, ...] = ()


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
        message = f"第{row}行「{self.header}」：{why}"
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


@frozen(kw_only=True)
class FactTable:
    """An opened table of facts; it can be walked through once."""

    path: Path
    columns: tuple[Column, ...]
    missing: tuple[str, ...]  # inputs of the plan that have no column, so that they are 待定 for everyone
    _rows: Iterator[Row] = field(repr=False)

    def __iter__(self) -> Iterator[FactRow]:
        walk = _Walk({column.index: column for column in self.columns}, "工号" in self.identity)
        return map(walk.read, self._rows)

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that say who a row is about, in their order."""
        return tuple(column.name for column in self.columns if column.role == "who")


@define
class _Walk:
    """What is remembered from row to row: who was there, and the values of cells, which repeat a lot."""

    by_index: Mapping[int, Column]
    numbered: bool
    seen: dict[str, int] = field(factory=dict)
    values: dict[tuple[int, Cell], Value | None] = field(factory=dict)

    def read(self, row: Row) -> FactRow:
        """The facts of a row."""
        who: dict[str, str] = {}
        given: dict[Role, dict[str, Value]] = {"fact": {}, "target": {}}
        faults: list[Fault] = []
        for index, cell in row.cells.items():
            column = self.by_index.get(index)
            if column is None:
                faults.append(_stray(row.number, index))
            elif column.role == "who":
                who[column.name] = cell.text
                if cell.kind == "wrong":
                    faults.append(column.fault(row.number, cell.text))
            else:
                value = self.value(column, row.number, cell)
                if isinstance(value, Fault):
                    faults.append(value)
                elif value is not None:
                    given[column.role][column.name] = value
        faults += self.person(row.number, who)
        return FactRow(row=row.number, who=who, facts=given["fact"], targets=given["target"], faults=tuple(faults))

    def value(self, column: Column, row: int, cell: Cell) -> Value | Fault | None:
        """The value of a cell, read once for all cells of the column that say the same."""
        key = (column.index, cell)
        if key in self.values:
            return self.values[key]
        value = column.read(row, cell)
        if not isinstance(value, Fault):
            if len(self.values) >= _REMEMBERED:
                self.values.clear()
            self.values[key] = value
        return value

    def person(self, row: int, who: Mapping[str, str]) -> Iterator[Fault]:
        """What is wrong with whom a row is about: nobody, or somebody who was there before."""
        column = "工号" if self.numbered else "姓名"
        name = who.get(column, "")
        if not name:
            error = InputError(f"第{row}行「{column}」：空着", code="KPI803", hint="每行要有这一格", example="")
            yield Fault(row=row, column=column, error=error)
            return
        first = self.seen.setdefault(name if self.numbered else f"{name}\n{who.get('部门', '')}", row)
        if first != row:
            hint = "一人一行" if self.numbered else "一人一行；同名的两个人，加一列工号"
            message = f"第{row}行「{column}」：{name[:40]} 在第{first}行已经有了"
            yield Fault(row=row, column=column, error=InputError(message, code="KPI704", hint=hint, example=""))


def _stray(row: int, index: int) -> Fault:
    letters = column_letters(index)
    message = f"第{row}行第{letters}列有内容，但这一列没有列名"
    hint = "给这一列写上列名，或清空它；CSV 里看看是不是多了逗号；表头不要用合并的单元格"
    return Fault(row=row, column=letters, error=InputError(message, code="KPI804", hint=hint, example=""))


def read_facts(path: str | Path, plan: Plan, *, sheet: str = "") -> FactTable:
    """Open a table of facts for a plan and read its header.

    Raises:
        InputError: the file cannot be read, has no rows or no header, or has a column that is not the plan's.
        TemplateError: the plan has numbers that are still blank.
        OSError: there is no such file.
    """
    if plan.holes:
        plan.score({})  # says which numbers are still blank
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in FORMATS:
        hint = "用 Excel 打开，另存为 .xlsx 或 CSV UTF-8"
        raise InputError(f"不认识的文件类型 {kind or path.name}", code="KPI807", hint=hint)
    rows = csv_rows(path) if kind == ".csv" else xlsx_rows(path, sheet=sheet)
    header = next(rows, None)
    if header is None:
        raise InputError("事实表是空的", code="KPI807", hint="第一行写列名：姓名，和方案里的各个指标")
    names = _names(plan)
    columns = _columns(header, names)
    held = {column.name for column in columns if column.role == "fact"}
    known = dict.fromkeys(name for role, name, _ in names.values() if role == "fact")
    return FactTable(
        path=path,
        columns=columns,
        missing=tuple(name for name in known if name not in held),
        rows=rows,
    )


def _squeezed(text: str) -> str:
    """A name without blanks, line ends and differences of width."""
    return "".join(normalise(text).split())


def _names(plan: Plan) -> dict[str, _Named]:
    """What each name in a header may stand for, squeezed.

    An indicator with one input is called by its own name; 指标.输入 is understood there too.
    """
    names: dict[str, _Named] = {}
    for item in plan.indicators:
        declared = unit_named(item.unit) if item.unit else None
        for put in item.rule.inputs:
            about = _Known(unit_named(put.unit), declared, put.domain.labels)
            single = len(item.rule.inputs) == 1
            full = f"{item.name}.{put.name}"
            names[_squeezed(item.name if single else full)] = ("fact", item.name if single else full, about)
            if single:
                names.setdefault(_squeezed(full), ("fact", item.name, about))
    for item in plan.indicators:
        about = next((named[2] for named in names.values() if named[1].partition(".")[0] == item.name), _Known())
        names.setdefault(_squeezed(f"{item.name}.{TARGET}"), ("target", item.name, about))
    for name in IDENTITY:
        names.setdefault(name, ("who", name, _Known()))
    return names


def _columns(header: Row, names: Mapping[str, _Named]) -> tuple[Column, ...]:
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
        found = [evolve(found[0], hint=f"第{header.number}行像是表的标题；删掉它，让第一行是列名")]
    elif not any(column.role == "who" and column.name != "部门" for column in columns):
        found.append(_header_error("KPI803", "没有「姓名」列，也没有「工号」列", hint="加一列，写明每行是谁"))
    if found:
        raise InputError(found[0].message, code=found[0].code, diagnostics=tuple(found))
    return tuple(columns)


def _column(index: int, cell: Cell, names: Mapping[str, _Named]) -> Column | Diagnostic:
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
        near = get_close_matches(squeezed[:60], list(names), n=1, cutoff=0.5)
        hint = f"是不是「{names[near[0]][1] if names[near[0]][0] != 'target' else near[0]}」？" if near else ""
        listed = "、".join(name for _, name, _ in list(names.values())[:8])
        return _header_error("KPI804", f"方案里没有{place}", hint=hint or f"不参加计分的列请删去；可以有：{listed}")
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


def _header_error(code: str, message: str, *, hint: str = "") -> Diagnostic:
    return Diagnostic(code=code, message=f"表头：{message}", hint=hint)
