"""The scorecard of an .xlsx workbook: one worksheet as a grid, with its merged cells and its percentages."""

from __future__ import annotations

from pathlib import Path

from kpilib.output.cells import Cell, Row, column_letters
from kpilib.output.xlsx import Merge, xlsx_sheet
from kpilib.quantity import decimal_text, exact
from kpilib.sheets.grid import MAX_CELLS, MAX_ROWS, MAX_SPANNED, MAX_WIDTH, Grid, GridBuilder, Span

# A workbook of forms with pictures is a few MB; the rest of this is room.
MAX_UNPACKED = 60 * 2**20


def workbook_grid(path: Path, *, sheet: str = "") -> tuple[Grid, tuple[str, ...]]:
    """The sheet of that name, else the first one that is shown, and the names of the other sheets.

    Raises:
        InputError: KPI807, no workbook, no such sheet, or one that is larger than a scorecard can be.
    """
    held = xlsx_sheet(path, sheet=sheet, max_unpacked=MAX_UNPACKED, max_cells=MAX_CELLS)
    name = held.name
    builder = GridBuilder(
        name, f"工作表「{name[:40]}」", lambda row, column: f"{name[:40]}!{column_letters(column)}{row}"
    )
    rows = {row.number: row for row in held.rows}
    if len(rows) > MAX_ROWS:
        raise builder.too_large(f"{MAX_ROWS} 行")
    spans = _spans(held.merges, rows, builder)
    inside = {place for corner, span in spans.items() for place in _places(span) if place != corner}
    for number, row in sorted(rows.items()):
        for column, cell in sorted(row.cells.items()):
            # What Excel keeps under a merged cell is not shown, so it is not read.
            if (number, column) not in inside:
                span = spans.get((number, column), Span(number, column, number, column))
                builder.add(_shown(cell), span)
    return builder.grid(), tuple(other for other in held.names if other != name)


def _spans(merges: tuple[Merge, ...], rows: dict[int, Row], builder: GridBuilder) -> dict[tuple[int, int], Span]:
    """The merged ranges by their first cell, cut to the part of the sheet that is in use."""
    last_row = max(rows, default=0)
    used = max((column for row in rows.values() for column in row.cells), default=0)
    last_column = min(max(used, _widest(merges, rows)), MAX_WIDTH - 1)
    spans: dict[tuple[int, int], Span] = {}
    area = 0
    for first_row, first_column, end_row, end_column in merges:
        span = Span(first_row, first_column, min(end_row, last_row), min(end_column, last_column))
        if span.last_row < first_row or span.last_column < first_column:
            continue
        area += (span.last_row - first_row + 1) * (span.last_column - first_column + 1)
        if area > MAX_SPANNED:
            raise builder.too_large(f"{MAX_SPANNED} 个合并的格")
        spans[first_row, first_column] = span
    return spans


def _widest(merges: tuple[Merge, ...], rows: dict[int, Row]) -> int:
    """How far the merged ranges that hold something reach to the right."""
    return max((end for first, column, _, end in merges if first in rows and column in rows[first].cells), default=0)


def _places(span: Span) -> list[tuple[int, int]]:
    return [
        (row, column)
        for row in range(span.first_row, span.last_row + 1)
        for column in range(span.first_column, span.last_column + 1)
    ]


def _shown(cell: Cell) -> Cell:
    """A percentage as it is shown: 0.2 in a cell of that format is 20%."""
    return Cell(f"{decimal_text(exact(cell.text) * 100)}%", "percent") if cell.kind == "percent" else cell
