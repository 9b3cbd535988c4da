"""A table of facts: who, and what each person's indicators came to; read from CSV or .xlsx one row at a time.

The first row that is not empty names the columns.  姓名, 工号 and 部门 say who a row is about; every other column is an
input of the plan (完成率, or 指标.输入 where an indicator has several) or a person's own target (指标.目标值).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import define, field, frozen

from kpilib.errors import InputError
from kpilib.output.cells import Cell, Row, column_letters, csv_rows
from kpilib.output.columns import Column, Fault, Role, Value, columns_of, names_of
from kpilib.output.xlsx import xlsx_rows
from kpilib.plan import Plan

FORMATS = (".csv", ".xlsx")

# So many values of cells are remembered; then it starts anew.
_REMEMBERED = 20_000


@frozen(kw_only=True)
class FactRow:
    """One person's facts: inputs and targets by name, and what is wrong with them.

    Where facts are gathered from several tables, `places` says for each input which table and row it stands in.
    """

    row: int
    who: Mapping[str, str]
    facts: Mapping[str, Value]
    targets: Mapping[str, Value]
    faults: tuple[Fault, ...] = ()
    places: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class FactTable:
    """An opened table of facts; it can be walked through once."""

    path: Path
    columns: tuple[Column, ...]
    missing: tuple[str, ...]  # inputs of the plan that have no column, so that they are 待定 for everyone
    skipped: tuple[str, ...] = ()  # sheets with people in them that are no facts of the plan
    _rows: Iterator[Row] = field(repr=False)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that the facts come from."""
        return (self.path,)

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
    names = names_of(plan)
    columns = columns_of(header, names)
    held = {column.name for column in columns if column.role == "fact"}
    known = dict.fromkeys(name for role, name, _ in names.values() if role == "fact")
    return FactTable(
        path=path,
        columns=columns,
        missing=tuple(name for name in known if name not in held),
        rows=rows,
    )
