"""The tables of a .docx document as grids, and the paragraphs between them.

python-docx holds every part of the archive in memory, whatever its size; a table is a dozen kinds of elements, so they
are read here from the same bounded stream of XML as spreadsheets are.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from attrs import define, frozen

from kpilib.errors import InputError
from kpilib.output.cells import text_cell
from kpilib.output.office import DAMAGE, OLD_FORMAT, read_part, relations, whole
from kpilib.sheets.grid import MAX_CELLS, MAX_TEXT, MAX_WIDTH, Grid, GridBuilder, Part, Span, Text

MAX_UNPACKED = 40 * 2**20
MAX_PARAGRAPHS = 5_000

# What is struck out in the document, or written there a second time for older programs.
_UNSEEN = {"del", "moveFrom", "Fallback"}
_CHANGES = {"del", "ins", "moveFrom", "moveTo"}


@frozen
class Document:
    """What a document holds, in order; `changed` where it has changes that nobody has accepted yet."""

    parts: tuple[Part, ...]
    changed: bool


@define
class _Cell:
    """One w:tc as written."""

    column: int
    columns: int = 1
    merged: str = ""  # restart, continue, or nothing
    across: bool = False  # continues the cell on its left, as old documents write it
    text: str = ""


def document_parts(path: Path) -> Document:
    """The tables and paragraphs of a document, deletions left out and insertions read.

    Raises:
        InputError: KPI807, not a .docx, damaged, protected by a password, or larger than a scorecard can be.
    """
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return _read(archive)
        except DAMAGE:
            file.seek(0)
            old = file.read(4) == OLD_FORMAT
            why = "它是旧的 .doc，或者设了打开密码" if old else "文件损坏，或者不是 .docx"
            hint = "用 Word 打开，去掉密码，另存为 .docx"
            raise InputError(f"读不了这个文档：{why}", code="KPI807", hint=hint, example="") from None


def _read(archive: zipfile.ZipFile) -> Document:
    main = next((target for kind, _, target in relations(archive, "") if kind == "officeDocument"), "")
    if main.startswith("xl/"):
        raise InputError("这个文件是工作簿，不是文档", code="KPI807", hint="把扩展名改成 .xlsx", example="")
    if archive.getinfo(main).file_size > MAX_UNPACKED:
        raise InputError(f"文档解开后超过 {MAX_UNPACKED // 2**20} MB", code="KPI807", hint="只留下考核表", example="")
    reader = _Reader()
    read_part(archive, main, reader.start, reader.end, reader.data)
    return Document(tuple(reader.parts), reader.changed)


class _Reader:
    """One pass over the main part; a table inside a cell counts as the cell's own text."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.changed = False
        self.depth = self.unseen = self.tables = self.paragraphs = self.size = self.count = 0
        self.runs = 0
        self.in_text = False
        self.rows: list[list[_Cell]] = []
        self.column = 0
        self.cell: _Cell | None = None
        self.pieces: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if tag in _CHANGES:
            self.changed = True
        if tag in _UNSEEN:
            self.unseen += 1
        elif tag == "tbl":
            self.depth += 1
            if self.depth == 1:
                self.rows = []
        elif self.depth == 1 and tag in {"tr", "tc"}:
            self.open_cell() if tag == "tc" else self.open_row()
        elif self.depth == 1 and self.cell is not None and tag in {"gridSpan", "vMerge", "hMerge"}:
            self.shape(tag, _value(attributes))
        elif self.depth == 1 and self.cell is None and tag == "gridBefore":
            self.column += min(whole(_value(attributes)), MAX_WIDTH)
        else:
            self.start_text(tag)

    def start_text(self, tag: str) -> None:
        """What stands for characters."""
        if tag in {"r", "oMath"}:
            self.runs += 1
        elif tag == "t":
            self.in_text = True
        elif self.runs:
            self.add({"br": "\n", "cr": "\n", "tab": " ", "noBreakHyphen": "-", "num": "(", "den": "("}.get(tag, ""))

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in _UNSEEN:
            self.unseen -= 1
        elif tag == "t":
            self.in_text = False
        elif tag in {"r", "oMath"}:
            self.runs -= 1
        elif tag in {"num", "den"} and self.runs:
            self.add(")/" if tag == "num" else ")")
        elif tag == "p":
            self.end_paragraph()
        elif tag == "tc" and self.depth == 1:
            self.close_cell()
        elif tag == "tbl":
            if self.depth == 1:
                self.close_table()
            self.depth -= 1

    def data(self, text: str) -> None:
        """Characters between two tags."""
        if self.in_text:
            self.add(text)

    def add(self, text: str) -> None:
        """Keep characters that a reader of the document sees."""
        if text and not self.unseen:
            self.size += len(text)
            if self.size > MAX_TEXT:
                raise InputError(f"文档超过 {MAX_TEXT // 10_000} 万字", code="KPI807", hint="只留下考核表", example="")
            self.pieces.append(text)

    def end_paragraph(self) -> None:
        """A line end inside a cell, or a paragraph of its own."""
        if self.depth:
            self.pieces.append("\n")
            return
        cell = text_cell("".join(self.pieces))
        self.pieces.clear()
        if cell is not None:
            self.paragraphs += 1
            if self.paragraphs > MAX_PARAGRAPHS:
                raise InputError(f"文档超过 {MAX_PARAGRAPHS} 段", code="KPI807", hint="只留下考核表", example="")
            self.parts.append(Text(cell.text, f"第{self.paragraphs}段"))

    # ---- tables ------------------------------------------------------------------------------------------------------

    def open_row(self) -> None:
        """A row of the outer table."""
        self.rows.append([])
        self.column, self.cell = 0, None

    def open_cell(self) -> None:
        """A cell of the outer table."""
        self.count += 1
        if self.count > MAX_CELLS:
            raise InputError(f"文档里的表超过 {MAX_CELLS} 格", code="KPI807", hint="只留下考核表", example="")
        self.cell = _Cell(self.column)
        self.pieces.clear()

    def shape(self, tag: str, value: str) -> None:
        """How far the open cell goes."""
        if self.cell is None:
            return
        if tag == "gridSpan":
            self.cell.columns = max(1, min(whole(value), MAX_WIDTH))
        elif tag == "vMerge":
            self.cell.merged = "restart" if value == "restart" else "continue"
        else:
            self.cell.across = value != "restart"

    def close_cell(self) -> None:
        """The cell that ends here."""
        if self.cell is None or not self.rows:
            return
        self.cell.text = "".join(self.pieces)
        self.pieces.clear()
        self.column += self.cell.columns
        self.rows[-1].append(self.cell)
        self.cell = None

    def close_table(self) -> None:
        """The grid of the table that ends here."""
        self.tables += 1
        self.parts.append(_grid(self.rows, self.tables))
        self.rows, self.cell = [], None


def _grid(rows: list[list[_Cell]], table: int) -> Grid:
    """The grid of a table; a cell that continues another is a part of it."""
    builder = GridBuilder(f"表{table}", f"表{table}", lambda row, column: f"表{table} 第{row}行第{column + 1}列")
    spans: list[tuple[_Cell, list[int]]] = []  # a cell, and its first and last row and its last column
    above: dict[int, list[int]] = {}
    for number, row in enumerate(rows, 1):
        left: list[int] | None = None
        for cell in row:
            held = above.get(cell.column)
            if cell.merged == "continue" and held is not None and held[1] == number - 1:
                held[1], left = number, held
            elif cell.across and left is not None:
                left[2] = cell.column + cell.columns - 1
            else:
                left = [number, number, cell.column + cell.columns - 1]
                spans.append((cell, left))
                above[cell.column] = left
    for cell, (first, last, end) in spans:
        builder.add(text_cell(cell.text), Span(first, cell.column, last, end))
    return builder.grid()


def _value(attributes: dict[str, str]) -> str:
    """The w:val of an element, whatever the namespace is called."""
    return next((value for name, value in attributes.items() if name.rpartition(" ")[2] == "val"), "")
