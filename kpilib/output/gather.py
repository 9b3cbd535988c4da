"""Facts from several tables: the sheets of a workbook, the files of a folder, put together by person.

Each department fills in its own table, so a person stands in several.  People are told apart by 工号 where every table
has it, else by 姓名 (with 部门 where every table has that).  Two values for one input are an error that names both
places; nothing is overwritten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from attrs import define, evolve, field, frozen

from kpilib.errors import Diagnostic, InputError
from kpilib.output.cells import Row, column_letters
from kpilib.output.columns import IDENTITY, TARGET, Fault, Value
from kpilib.output.facts import FORMATS, FactRow, FactTable, read_facts
from kpilib.output.xlsx import xlsx_rows, xlsx_sheets
from kpilib.plan import Plan
from kpilib.quantity import PLAIN, Quantity
from kpilib.text import normalise

MAX_TABLES = 500
MAX_PEOPLE = 200_000


@frozen(kw_only=True)
class Gathered(FactTable):
    """Facts from several tables, a row for each person; unlike those of one table they are all in memory."""

    tables: tuple[Path, ...]
    people: tuple[FactRow, ...] = field(repr=False)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that the facts come from, each once."""
        return tuple(dict.fromkeys(self.tables))

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns that say who a row is about, of all tables."""
        return tuple(dict.fromkeys(column.name for column in self.columns if column.role == "who"))

    def __iter__(self) -> Iterator[FactRow]:
        return iter(self.people)


class _Source(NamedTuple):
    """One table and what it is called in messages."""

    place: str
    table: FactTable

    def letters(self, name: str, role: str) -> str:
        """The letters of the column of an input."""
        index = next(column.index for column in self.table.columns if (column.name, column.role) == (name, role))
        return column_letters(index)


def open_facts(paths: Sequence[str | Path], plan: Plan, *, sheet: str = "") -> FactTable:
    """Open one or several tables of facts: files, folders of files, and every sheet of a workbook that holds facts.

    With `sheet` that sheet alone of each workbook.  One table is read row by row; several are put together.

    Raises:
        InputError: a file cannot be read or has a column that is not the plan's; tables that do not fit together.
        TemplateError: the plan has numbers that are still blank.
        OSError: there is no such file.
    """
    files = _files(paths)
    opened: list[_Source] = []
    skipped: list[str] = []
    for path in files:
        sheets = _sheets(path, plan, sheet, skipped)
        for name in sheets:
            if len(opened) >= MAX_TABLES:
                raise InputError(f"事实表超过 {MAX_TABLES} 张", code="KPI807", hint="分几次来", example="")
            title = f"「{name}」" if name and len(sheets) > 1 else ""
            place = f"{path.name}{title}" if len(files) > 1 else title
            opened.append(_Source(place=place, table=_opened(path, plan, name, place)))
    if len(opened) == 1:
        return evolve(opened[0].table, skipped=tuple(skipped))
    return _Gathering(opened).result(tuple(skipped))


def _files(paths: Sequence[str | Path]) -> list[Path]:
    """The files, and those of folders, each once."""
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            # ~$ is what Excel puts beside a workbook that is open.
            inside = [one for one in sorted(path.iterdir()) if one.suffix.lower() in FORMATS]
            inside = [one for one in inside if not one.name.startswith((".", "~$"))]
            if not inside:
                raise InputError(f"文件夹 {path} 里没有 .xlsx 和 .csv", code="KPI807", example="")
            found += inside
        else:
            found.append(path)
    seen: dict[Path, Path] = {}
    for path in found:
        seen.setdefault(path.resolve(), path)
    return list(seen.values())


def _sheets(path: Path, plan: Plan, sheet: str, skipped: list[str]) -> list[str]:
    """The sheets of a workbook that hold facts, "" for its first; of a file that is no workbook, itself."""
    if path.suffix.lower() != ".xlsx" or sheet:
        return [sheet]
    names = xlsx_sheets(path)
    if len(names) < 2:
        return [""]
    known = _known(plan)
    facts = []
    for name in names:
        who, inputs, unknown = _recognised(next(xlsx_rows(path, sheet=name), None), known)
        if inputs or (who and not unknown):
            facts.append(name)
        elif who:
            skipped.append(f"{path.name}「{name}」没有方案的指标")
    return facts or [""]  # none: the error of the first sheet says what is wrong


def _known(plan: Plan) -> set[str]:
    """What the columns of facts may be called, without blanks and units."""
    names = {item.name for item in plan.indicators}
    names |= {f"{item.name}.{put.name}" for item in plan.indicators for put in item.rule.inputs}
    names |= {f"{item.name}.{TARGET}" for item in plan.indicators}
    return {squeezed(name) for name in names}


def _recognised(header: Row | None, known: set[str]) -> tuple[int, int, int]:
    """How many columns of a header say who a row is about, are inputs, and are neither."""
    who = inputs = unknown = 0
    for cell in header.cells.values() if header is not None else ():
        name = squeezed(cell.text)
        bare = name.rpartition("(")[0] if name.endswith(")") else name
        if name in known or bare in known:
            inputs += 1
        elif name in IDENTITY:
            who += 1
        else:
            unknown += 1
    return who, inputs, unknown


def squeezed(text: str) -> str:
    """A name without blanks and differences of width."""
    return "".join(normalise(text).split())


def _opened(path: Path, plan: Plan, sheet: str, place: str) -> FactTable:
    """A table whose errors say which one it is."""
    try:
        return read_facts(path, plan, sheet=sheet)
    except InputError as error:
        if not place:
            raise
        found = tuple(evolve(finding, message=f"{place} {finding.message}") for finding in error.diagnostics)
        raise InputError(found[0].message, code=found[0].code, diagnostics=found) from None


@define(eq=False, repr=False)
class _Person:
    """What is known of one person so far, and the source and row that each value comes from."""

    row: int
    who: dict[str, str] = field(factory=dict)
    given: dict[str, dict[str, Value]] = field(factory=lambda: {"fact": {}, "target": {}})
    places: dict[str, str] = field(factory=dict)
    cells: dict[tuple[str, str], str] = field(factory=dict)
    faults: list[Fault] = field(factory=list)


class _Gathering:
    """Puts the rows of several tables together."""

    def __init__(self, sources: Sequence[_Source]) -> None:
        self.sources = sources
        self.key = self._key()
        self.people: dict[object, _Person] = {}

    def _key(self) -> tuple[str, ...]:
        """The columns by which people are told apart.

        Raises:
            InputError: one table has no 工号, another no 姓名.
        """
        shared = set.intersection(*({*source.table.identity} for source in self.sources))
        if "工号" in shared:
            return ("工号",)
        if "姓名" in shared:
            return ("姓名", "部门") if "部门" in shared else ("姓名",)
        without = {name: [one.place for one in self.sources if name not in one.table.identity] for name in IDENTITY[:2]}
        raise InputError(
            f"{without['工号'][0]} 没有「工号」列，{without['姓名'][0]} 没有「姓名」列，合不到一起",
            code="KPI803", hint="每张表都加上工号，或者都加上姓名", example="",
        )  # fmt: skip

    def result(self, skipped: tuple[str, ...]) -> Gathered:
        """Everyone, in the order in which they appear."""
        for source in self.sources:
            seen: dict[object, int] = {}
            for row in source.table:
                self._take(source, row, seen)
                if len(self.people) > MAX_PEOPLE:
                    raise InputError(f"超过 {MAX_PEOPLE} 人", code="KPI807", hint="合成一张表再来", example="")
        tables = [source.table for source in self.sources]
        missing = [name for name in tables[0].missing if all(name in table.missing for table in tables)]
        return Gathered(
            path=tables[0].path,
            tables=tuple(table.path for table in tables),
            columns=tuple(column for table in tables for column in table.columns),
            missing=tuple(missing),
            skipped=skipped,
            people=tuple(map(_row, self.people.values())),
            rows=islice((), 0),
        )

    def _take(self, source: _Source, row: FactRow, seen: dict[object, int]) -> None:
        """Add one row to its person."""
        key: object = tuple(row.who.get(name, "") for name in self.key)
        nobody = not row.who.get(self.key[0])
        if nobody:  # its fault says so; it must not become everyone's
            key = (source.place, row.row)
        person = self.people.setdefault(key, _Person(row.row))
        place = f"{source.place} 第{row.row}行"
        person.places.setdefault("", place)
        person.faults += [_placed(fault, source.place) for fault in row.faults]
        first = seen.setdefault(key, row.row)
        if first != row.row and not any(fault.error.code == "KPI704" for fault in row.faults):
            message = f"{place}「{self.key[0]}」：{row.who[self.key[0]][:40]} 在第{first}行已经有了，别的表分不清是谁"
            person.faults.append(_fault(row.row, self.key[0], message, hint="每张表都加一列工号", code="KPI704"))
        for name, text in row.who.items():
            self._add(person, source, row.row, "who", name, text)
        for role, values in (("fact", row.facts), ("target", row.targets)):
            for name, value in values.items():
                self._add(person, source, row.row, role, name, value)
                person.places.setdefault(name, place)

    def _add(self, person: _Person, source: _Source, row: int, role: str, name: str, value: Value) -> None:
        """One value; another one that was there before is a fault, unless both say the same."""
        known: dict[str, Any] = person.who if role == "who" else person.given[role]
        cell = f"{source.place} {source.letters(name, role)}{row}"
        if name not in known:
            known[name], person.cells[role, name] = value, cell
        elif not _same(known[name], value):
            before = person.cells[role, name]
            title = name if role != "target" else f"{name}.{TARGET}"
            called = person.who.get("姓名") or person.who.get("工号", "")
            values = f"{before} 是 {_shown(known[name])}，{cell} 是 {_shown(value)}"
            message = f"{called[:40]}的「{title}」有两个值：{values}"
            person.faults.append(_fault(row, title, message, hint="核对后留一个", code="KPI801"))


def _row(person: _Person) -> FactRow:
    return FactRow(
        row=person.row,
        who=person.who,
        facts=person.given["fact"],
        targets=person.given["target"],
        faults=tuple(person.faults),
        places=person.places,
    )


def _same(one: Value, other: Value) -> bool:
    """Whether two cells say the same: 0.854 as a percentage and 85.4%, 9 and 9家."""
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        kinds = {one.unit.kind, other.unit.kind} - {PLAIN.kind}
        return one.base == other.base and len(kinds) < 2
    return not isinstance(one, Quantity) and not isinstance(other, Quantity) and squeezed(one) == squeezed(other)


def _shown(value: Value) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _placed(fault: Fault, place: str) -> Fault:
    """A fault whose message says which table it is in."""
    finding: Diagnostic = fault.error.diagnostic
    return _fault(fault.row, fault.column, f"{place} {finding.message}", hint=finding.hint, code=finding.code, example=finding.example)  # fmt: skip


def _fault(row: int, column: str, message: str, *, hint: str, code: str, example: str = "") -> Fault:
    return Fault(row=row, column=column, error=InputError(message, code=code, hint=hint, example=example))
