"""What a plan gave for a table of facts: one result a row, what became of all of them, and the columns to show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Protocol

from attrs import define, field, frozen

from kpilib.errors import Diagnostic, InputError, KpiError
from kpilib.output.columns import Fault
from kpilib.output.facts import FactRow, FactTable
from kpilib.plan import Plan, PoolLine, Scoresheet

_NAMED = re.compile("「([^」]*)」：")
# So many faults are kept with their words; beyond that they are only counted.
KEPT_FAULTS = 1_000


@frozen(kw_only=True)
class Result:
    """What one row came to: a scoresheet, or the faults for which it has none."""

    row: int
    who: Mapping[str, str]
    sheet: Scoresheet | None
    faults: tuple[Fault, ...] = ()

    @property
    def state(self) -> str:
        """已评分, 待定 or 有误."""
        return "有误" if self.sheet is None else "待定" if self.sheet.total is None else "已评分"

    @property
    def remark(self) -> str:
        """Why there is no total."""
        if self.sheet is None:
            return "；".join(fault.error.message for fault in self.faults)
        return "；".join(f"{item}：{reason}" for item, reason in self.sheet.pending)

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON; every number is exact, as a string."""
        sheet = self.sheet
        return {
            "row": self.row,
            "who": dict(self.who),
            "state": self.state,
            "items": [
                {"name": item.name, "points": exact_text(item.points), "state": item.state, "reason": item.reason}
                for item in (sheet.items.values() if sheet else ())
            ],
            "pools": [
                {"group": pool.group, "points": exact_text(left(pool))} for pool in (sheet.pools if sheet else ())
            ],
            "total": exact_text(sheet.total) if sheet else None,
            "grade": sheet.grade if sheet else None,
            "coefficient": exact_text(sheet.coefficient) if sheet else None,
            "pending": [{"item": item, "reason": reason} for item, reason in sheet.pending] if sheet else [],
            "errors": [fault.to_dict() for fault in self.faults],
        }


@define
class Summary:
    """How many rows there were, what became of them, and the faults (the first thousand with their words)."""

    rows: int = 0
    scored: int = 0
    pending: int = 0
    faulty: int = 0
    faults: list[Fault] = field(factory=list)
    fault_count: int = 0

    def add(self, result: Result) -> None:
        """Count one row."""
        self.rows += 1
        self.scored += result.state == "已评分"
        self.pending += result.state == "待定"
        self.faulty += result.state == "有误"
        self.fault_count += len(result.faults)
        self.faults += result.faults[: KEPT_FAULTS - len(self.faults)]

    def __str__(self) -> str:
        parts = [f"{self.rows} 行", f"已评分 {self.scored}"]
        parts += [f"待定 {self.pending}"] if self.pending else []
        parts += [f"有误 {self.faulty}"] if self.faulty else []
        return "，".join(parts)

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "rows": self.rows,
            "scored": self.scored,
            "pending": self.pending,
            "faulty": self.faulty,
            "errors": [fault.to_dict() for fault in self.faults],
            "errors_left_out": self.fault_count - len(self.faults),
        }


def exact_text(value: Decimal | None) -> str | None:
    """A decimal in plain digits."""
    return None if value is None else f"{value:f}"


def score_rows(plan: Plan, table: Iterable[FactRow]) -> Iterator[Result]:
    """Score the rows one at a time; a row with a fault has no scoresheet."""
    for row in table:
        sheet, faults = None, row.faults
        if not faults:
            try:
                sheet = plan.score(row.facts, targets=row.targets)
            except KpiError as error:
                faults = tuple(_of_row(row, finding) for finding in error.diagnostics)
        yield Result(row=row.row, who=row.who, sheet=sheet, faults=faults)


def one_result(plan: Plan, table: FactTable, who: str) -> Scoresheet:
    """The scoresheet of the one person of that name or number.

    Raises:
        InputError: nobody or several people are called so, or the row has faults.
    """
    found: list[FactRow] = [row for row in table if who.strip() in (row.who.get("工号"), row.who.get("姓名"))]
    if not found:
        raise InputError(f"事实表里没有「{who}」", code="KPI804", hint="写姓名或工号，和表里一样", example="")
    if len(found) > 1 and len(numbered := [row for row in found if row.who.get("工号") == who.strip()]) == 1:
        found = numbered
    if len(found) > 1:
        rows = "、".join(f"第{row.row}行" for row in found)
        raise InputError(f"「{who}」有 {len(found)} 个：{rows}", code="KPI704", hint="写工号", example="")
    result = next(score_rows(plan, found))
    if result.sheet is None:
        findings = tuple(fault.error.diagnostic for fault in result.faults)
        raise InputError(findings[0].message, code=findings[0].code, diagnostics=findings)
    return result.sheet


def _of_row(row: FactRow, finding: Diagnostic) -> Fault:
    """A finding of the plan's, which names its indicator, as the fault of a row."""
    named = _NAMED.match(finding.message)
    about = named[1] if named else ""
    place = next((place for name, place in row.places.items() if about in (name, name.partition(".")[0])), "")
    place = place or next(iter(row.places.values()), f"第{row.row}行")
    message = f"{place}{'' if named else '：'}{finding.message}"
    error = InputError(message, code=finding.code, hint=finding.hint, example=finding.example)
    return Fault(row=row.row, column=about, error=error)


class Writer(Protocol):
    """Takes results one at a time, then the summary."""

    def add(self, result: Result) -> None:
        """Write one row."""

    def finish(self, summary: Summary) -> None:
        """Write what comes after the rows."""


def pour(writer: Writer, results: Iterable[Result], progress: Callable[[int], None] = lambda rows: None) -> Summary:
    """Give every result to the writer, and count."""
    summary = Summary()
    for result in results:
        writer.add(result)
        summary.add(result)
        progress(summary.rows)
    writer.finish(summary)
    return summary


# ---- columns ---------------------------------------------------------------------------------------------------------


def left(pool: PoolLine) -> Decimal:
    """What a pool adds to the total beside its items: its marks, and what they draw beyond them."""
    return pool.marks + pool.given_back


@frozen
class Layout:
    """The columns of a sheet of results: who, the points of each item and pool, the total and what follows from it.

    The points of a row add up to its total; a cell is empty where they are 待定, and says so where they do not count.
    """

    who: tuple[str, ...]
    items: tuple[tuple[str, int], ...]  # with their decimal places
    pools: tuple[str, ...]
    places: int
    grade: bool
    coefficient: bool

    @classmethod
    def of(cls, plan: Plan, table: FactTable) -> Layout:
        """The columns that a plan needs for a table."""
        items = tuple((item.name, item.places) for item in plan.indicators)
        pools = tuple(group.name for group in plan.groups if group.draws and group.full_marks is not None)
        places = max([plan.reading.places, *(places for _, places in items)])
        return cls(table.identity, items, pools, places, bool(plan.grades), bool(plan.coefficients))

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """Name and number format of every column; texts have the format @."""
        columns = [(name, "@") for name in self.who]
        columns += [(name, points_format(places)) for name, places in self.items]
        columns += [(f"{group}（可扣分数）", points_format(self.places)) for group in self.pools]
        columns.append(("总分", points_format(self.places)))
        columns += [("等级", "@")] if self.grade else []
        columns += [("系数", "0.0###")] if self.coefficient else []
        return (*columns, ("状态", "@"), ("说明", "@"))

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(name for name, _ in self.columns)

    def cells(self, result: Result) -> list[str | Decimal | None]:
        """The row of one result."""
        sheet = result.sheet
        row: list[str | Decimal | None] = [result.who.get(name) for name in self.who]
        if sheet is None:
            row += [None] * (len(self.columns) - len(row) - 2)
        else:
            groups = {group.name: group for group in sheet.groups}
            items = [sheet.items[name] for name, _ in self.items]
            row += [item.reason if item.state == "not_applicable" else item.points for item in items]
            row += [groups[name].reason or (left(pool) if (pool := groups[name].pool) else None) for name in self.pools]
            row.append(sheet.total)
            row += [sheet.grade] if self.grade else []
            row += [sheet.coefficient] if self.coefficient else []
        return [*row, result.state, result.remark]


def points_format(places: int) -> str:
    """The number format that shows points with their decimal places."""
    return f"0.{'0' * places}" if places else "0"
