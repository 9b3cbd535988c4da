"""import_sheet: a scorecard as it is kept in a spreadsheet or a document becomes the text of a plan."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from attrs import evolve, field, frozen

from kpilib.errors import Diagnostic, InputError
from kpilib.plan import check_plan
from kpilib.sheets.document import document_parts
from kpilib.sheets.draft import FILLED_IN, REMARK_ROLES, Draft, read_tables
from kpilib.sheets.findings import Findings, SheetFinding
from kpilib.sheets.grid import Grid, Part, Text
from kpilib.sheets.headings import OF_ROLE
from kpilib.sheets.markdown import markdown_parts
from kpilib.sheets.marks import read_weight
from kpilib.sheets.tables import Column, DataRow, Found, Table, find_tables
from kpilib.sheets.weighing import weigh
from kpilib.sheets.workbook import workbook_grid
from kpilib.sheets.writing import DOUBTFUL, Piece, PlanWriter, changed_by_writing
from kpilib.text import Span

FORMATS = (".xlsx", ".xlsm", ".md", ".markdown", ".docx")
_OLD = {".xls": ".xlsx", ".et": ".xlsx", ".doc": ".docx", ".wps": ".docx"}
_SHOWN = 8


@frozen(kw_only=True)
class SheetColumn:
    """One column of the sheet: its heading and its place, what it is to kpilib, and where its cells are in the plan.

    `title` is the usual name, as 评分标准 for a column headed 扣分原则, empty where the heading is not known; `kept` the
    line of the plan, empty where the column is not read (评分, 实际值, 序号).
    """

    heading: str
    address: str
    title: str
    kept: str


@frozen(kw_only=True)
class ImportedSheet:
    """A scorecard that has been read: the text of a plan, and what there is to say about the sheet.

    `plan_text` is a plan file; where `ok` is false it holds everything that was read, and parse_plan refuses it as long
    as a finding is an error.
    """

    plan_text: str = field(repr=False)
    findings: tuple[SheetFinding, ...] = ()
    columns: tuple[SheetColumn, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing has to be mended or confirmed."""
        return all(finding.level == "info" for finding in self.findings)

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        columns = [
            {"heading": column.heading, "address": column.address, "title": column.title, "kept": column.kept}
            for column in self.columns
        ]
        return {
            "ok": self.ok,
            "plan": self.plan_text,
            "findings": [finding.to_dict() for finding in self.findings],
            "columns": columns,
        }


def import_sheet(path: str | os.PathLike[str], *, sheet: str = "", table: int | None = None) -> ImportedSheet:
    """Read the scorecard of an .xlsx, .docx or Markdown file into the text of a plan.

    `sheet` is the worksheet, the first one that is shown without it; `table` the number of the scorecard, from 1, where
    a file holds several that are each complete.  What cannot be read is a finding with the address of its cell, and
    its words are kept in the plan.

    Raises:
        InputError: KPI807 the file cannot be read, or is larger than a scorecard can be; KPI703 it is not UTF-8;
            KPI821 it holds no scorecard, or several.
        OSError: there is no such file.
    """
    path = Path(path)
    findings = Findings()
    found = find_tables(_parts(path, sheet, findings))
    chosen = _chosen(found, table)
    draft = read_tables(chosen, findings)
    if not draft.items:
        raise InputError("考核表里没有指标", code="KPI821", hint="表头下面要有一行一行的指标", example="")
    weighed = weigh(draft, findings)
    _say_columns(chosen, findings)
    _say_others(found, chosen, findings)
    title = _title(path, found, chosen, asked=table is not None)
    writer = PlanWriter(findings)
    writer.write(title, draft, weighed, found.between)
    if changed := changed_by_writing(writer.text, draft):
        for item in changed:
            item.doubtful = True
            message = f"「{item.name.text[:40]}」的文字在方案里会变成别的行"
            findings.add("KPI823", item.name.address, message, hint="看看名称和规则里有没有特别的符号")
        writer = PlanWriter(findings)
        writer.write(title, draft, weighed, found.between)
    _say_left(writer, findings)
    _check(writer, chosen[0], draft, findings)
    order = {"error": 0, "需确认": 1, "info": 2}
    return ImportedSheet(
        plan_text=writer.text,
        findings=tuple(sorted(findings.found, key=lambda finding: order[finding.level])),
        columns=tuple(dict.fromkeys(_told(column) for table_ in chosen for column in table_.columns)),
    )


def _parts(path: Path, sheet: str, findings: Findings) -> Sequence[Part]:
    """The tables of a file and the words between them, by its kind."""
    kind = path.suffix.lower()
    if kind not in FORMATS:
        hint = f"另存为 {_OLD[kind]}" if kind in _OLD else "存成 .xlsx、.docx，或者写成 Markdown 的表（.md）"
        raise InputError(f"不认识的文件类型 {(kind or path.name)[:40]}", code="KPI807", hint=hint, example="")
    if sheet and not kind.startswith(".xls"):
        raise InputError("只有工作簿才有工作表", code="KPI807", hint="去掉 --sheet", example="")
    if kind.startswith(".xls"):
        grid, others = workbook_grid(path, sheet=sheet)
        if others:
            names = "、".join(name[:20] for name in others[:_SHOWN])
            message = f"读的是工作表「{grid.name[:40]}」；没有读：{names}"
            findings.add("KPI824", "", message, level="info", hint="要读另一张，用 --sheet 名称")
        return [grid]
    if kind == ".docx":
        document = document_parts(path)
        if document.changed:
            message = "文档里有还没有接受的修订，按接受以后的文字读"
            findings.add(
                "KPI824", "", message, level="需确认", hint="在 Word 里接受或拒绝全部修订，再导入一次", example=""
            )
        return document.parts
    return markdown_parts(path)


def _chosen(found: Found, number: int | None) -> tuple[Table, ...]:
    """The tables that are one scorecard: the one that was asked for, else all, unless several are complete."""
    tables = found.tables
    if not tables:
        heads = "、".join(OF_ROLE[role].title for role in ("indicator", "weight", "target", "rule"))
        raise InputError(
            "没有找到考核表",
            code="KPI821",
            hint=f"表头的一行要有指标的名称，和权重或评分标准，例如 {heads}",
            example="",
        )
    if number is not None:
        if not 1 <= number <= len(tables):
            raise InputError(f"没有第 {number} 张考核表，一共 {len(tables)} 张", code="KPI821", example="")
        return (tables[number - 1],)
    complete = [table for table in tables if len(tables) > 1 and _sum(table) in (1, 100)]
    if len(complete) > 1:
        titles = ((table.caption or table.title or Text(table.grid.address, "")).text[:40] for table in tables[:_SHOWN])
        names = "；".join(f"{index}. {title}" for index, title in enumerate(titles, 1))
        raise InputError(
            f"文件里有 {len(tables)} 张考核表，各自的权重都加到 100", code="KPI821",
            hint=f"用 --table 选一张（import_sheet 用 table=）：{names}", example="",
        )  # fmt: skip
    return tables


def _sum(table: Table) -> Fraction:
    """What the weights of a table add up to, whatever their unit."""
    columns = table.of("weight")[-1:] or table.of("marks")[-1:]
    cells = {cell for row in table.rows if isinstance(row, DataRow) for _, cell in table.cells(row.number, columns)}
    weights = (read_weight(cell.words) for cell in cells)
    return sum((weight.number for weight in weights if weight is not None), Fraction(0))


def _told(column: Column) -> SheetColumn:
    known = OF_ROLE.get(column.role)
    kept = "注：" if known is None or column.role in REMARK_ROLES else known.kept
    return SheetColumn(heading=column.heading, address=column.address, title=column.title, kept=kept)


def _say_columns(tables: Sequence[Table], findings: Findings) -> None:
    """Columns that are not known, and those that are filled in when people are scored."""
    for table in tables:
        for column in table.columns:
            if column.role == "unknown":
                message = f"不认识的列「{column.heading[:40]}」，内容留在每个指标的「注：」里，不参与计分"
                findings.add(
                    "KPI822",
                    column.address,
                    message,
                    level="需确认",
                    hint="参与计分的，把列名改成 评分标准、目标值……",
                    example="",
                )
            elif column.role in FILLED_IN:
                rows = [row.number for row in table.rows if isinstance(row, DataRow)]
                filled = sum(bool(table.cells(row, [column])) for row in rows)
                held = f"，里面的 {filled} 格没有读" if filled else ""
                message = f"「{column.heading[:40]}」是打分时填的列，不写进方案{held}"
                findings.add("KPI822", column.address, message, level="info")


def _say_others(found: Found, chosen: Sequence[Table], findings: Findings) -> None:
    """What the plan does not hold: other tables and the words between them."""
    for grid in found.others:
        message = f"{grid.address}不是考核表，没有读：{_first(grid)}"
        findings.add(
            "KPI824", _place(grid), message, level="需确认", hint="里面有等级、系数的，写进方案的开头", example=""
        )


def _say_left(writer: PlanWriter, findings: Findings) -> None:
    """The words outside the tables that the plan does not hold."""
    if writer.left:
        first = writer.left[0]
        message = f"表格外面的 {len(writer.left)} 段文字没有写进方案，从「{first.text[:20]}」起"
        findings.add("KPI824", first.address, message, level="info")


def _title(path: Path, found: Found, chosen: Sequence[Table], *, asked: bool) -> Text:
    """The title of the plan: the sheet's, or the caption of the table that was asked for, else the file's name."""
    own = chosen[0].caption or chosen[0].title if asked else chosen[0].title or found.tables[0].title
    return own or Text(path.stem[:60], "")


def _first(grid: Grid) -> str:
    return "、".join(cell.words[:12] for cell in (grid.row(grid.rows[0]) if grid.rows else ())[:4])


def _place(grid: Grid) -> str:
    cells = grid.row(grid.rows[0]) if grid.rows else ()
    return cells[0].address if cells else ""


# ---- what the plan reader says ---------------------------------------------------------------------------------------


def _check(writer: PlanWriter, table: Table, draft: Draft, findings: Findings) -> None:
    """Read the plan that was written, and give each finding the address of the cell that its words come from."""
    text = writer.text
    column = next((column for column in table.columns if column.role in ("weight", "marks")), None)
    weighed = {section.weight_address for section in draft.sections} | {item.weight_address for item in draft.items}
    for finding in check_plan(text):
        piece = _piece(writer.pieces, finding.span)
        address = "" if piece is None else piece.address
        if finding.span is not None and text[finding.span.start : finding.span.end] == DOUBTFUL:
            continue  # Why the weight is in doubt has been said.
        if finding.code == "KPI702" and finding.level == "error":
            if draft.doubtful:
                continue
            if piece is not None and piece.address not in weighed and column is not None:
                address, finding = column.address, evolve(finding, span=None)
        findings.take(address, _local(finding, text))


def _piece(pieces: Sequence[Piece], span: Span | None) -> Piece | None:
    """The piece of the sheet that a place of the plan comes from, or the nearest one before it."""
    if span is None or not pieces:
        return None
    index = bisect_right(pieces, span.start, key=lambda piece: piece.span.start) - 1
    return pieces[max(index, 0)]


def _local(finding: Diagnostic, text: str) -> Diagnostic:
    """A finding about one line of the plan, with that line for its source."""
    if finding.span is None:
        return finding
    start = text.rfind("\n", 0, finding.span.start) + 1
    end = text.find("\n", finding.span.start)
    line = text[start : len(text) if end < 0 else end]
    span = Span(finding.span.start - start, min(finding.span.end - start, len(line)))
    return evolve(finding, source=line, span=span)
