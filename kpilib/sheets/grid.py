"""A table as a grid: cells that may span rows and columns, each with the address at which its author finds it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Literal, NamedTuple

from attrs import define, field, frozen

from kpilib.errors import InputError
from kpilib.output.cells import Cell

# A scorecard is a page or two; what is larger is something else, and is refused before it costs time.
MAX_ROWS = 2_000
MAX_WIDTH = 100
MAX_CELLS = 20_000
MAX_SPANNED = 100_000
MAX_TEXT = 150_000

# What people write into a cell for 「as above」, and for 「nothing」.
DITTO = frozenset({"同上", "〃", "^^", "″"})
NOTHING = frozenset({"/", "\\", "-", "--", "—", "——", "－", "／", "N/A", "n/a"})

Kind = Literal["text", "number", "percent", "date", "wrong"]

# <br> is what Markdown writes for a line end, and what the rule reader takes for one.
_LINE_END = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]|<br ?/?>|<BR/?>")


class Text(NamedTuple):
    """Some words of the file and where they stand in it."""

    text: str
    address: str


class Span(NamedTuple):
    """The rows and columns, first and last, that one cell takes."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@frozen(eq=False)
class GridCell:
    """One cell, perhaps over several rows and columns; two cells with the same words are still two."""

    text: str
    kind: Kind
    span: Span
    address: str

    @property
    def lines(self) -> tuple[str, ...]:
        """Its lines, without empty ones."""
        return lines_of(self.text)

    @property
    def words(self) -> str:
        """Its lines as one."""
        return joined(self.lines)


@frozen(eq=False)
class Grid:
    """A table; rows are numbered as its file numbers them, columns from 0; `name` says which table it is."""

    name: str
    address: str
    cells: Mapping[tuple[int, int], GridCell]
    rows: tuple[int, ...]
    width: int

    def at(self, row: int, column: int) -> GridCell | None:
        """The cell that covers a place, where it is not empty."""
        return self.cells.get((row, column))

    def row(self, number: int) -> tuple[GridCell, ...]:
        """Every cell that touches a row, once, from left to right."""
        found = (self.cells.get((number, column)) for column in range(self.width))
        return tuple(dict.fromkeys(cell for cell in found if cell is not None))

    def starting(self, number: int) -> tuple[GridCell, ...]:
        """The cells that begin in a row."""
        return tuple(cell for cell in self.row(number) if cell.span.first_row == number)


@define
class GridBuilder:
    """Takes cells one after the other and keeps the grid within its bounds."""

    name: str
    address: str
    place: Callable[[int, int], str]
    cells: dict[tuple[int, int], GridCell] = field(factory=dict)
    count: int = 0
    spanned: int = 0
    text: int = 0

    def add(self, cell: Cell | None, span: Span) -> None:
        """Put a cell into the grid; what is empty, or covered by another cell, stays out.

        Raises:
            InputError: the table is larger than a scorecard can be.
        """
        if cell is None:
            return
        if span.last_column >= MAX_WIDTH:
            raise self.too_large(f"{MAX_WIDTH} 列")
        self.count += 1
        self.text += len(cell.text)
        self.spanned += (span.last_row - span.first_row + 1) * (span.last_column - span.first_column + 1)
        if self.count > MAX_CELLS or self.spanned > MAX_SPANNED:
            raise self.too_large(f"{MAX_CELLS} 格")
        if self.text > MAX_TEXT:
            raise self.too_large(f"{MAX_TEXT // 10_000} 万字")
        held = GridCell(cell.text, cell.kind, span, self.place(span.first_row, span.first_column))
        for row in range(span.first_row, span.last_row + 1):
            for column in range(span.first_column, span.last_column + 1):
                self.cells.setdefault((row, column), held)

    def too_large(self, bound: str) -> InputError:
        """The error for a table beyond a bound."""
        return InputError(
            f"{self.address}超过 {bound}，不像是一张考核表", code="KPI807", hint="只留下考核表", example=""
        )

    def grid(self) -> Grid:
        """The grid of what was added; 同上 becomes the cell above it."""
        rows = tuple(sorted({row for row, _ in self.cells}))
        if len(rows) > MAX_ROWS:
            raise self.too_large(f"{MAX_ROWS} 行")
        width = max((column for _, column in self.cells), default=-1) + 1
        for above, row in pairwise(rows):
            for column in range(width):
                cell, before = self.cells.get((row, column)), self.cells.get((above, column))
                if cell is not None and before is not None and cell.text.strip() in DITTO:
                    self.cells[row, column] = before
        cells = {place: cell for place, cell in self.cells.items() if cell.text.strip() not in NOTHING}
        return Grid(name=self.name, address=self.address, cells=cells, rows=rows, width=width)


def lines_of(text: str) -> tuple[str, ...]:
    r"""The lines of a cell, wherever a plan file would see a line end; empty ones are left out.

    >>> lines_of("1. 每低1%扣2分<br>2. 低于70%不得分\n")
    ('1. 每低1%扣2分', '2. 低于70%不得分')
    """
    return tuple(line.strip() for line in _LINE_END.split(text) if line.strip())


def joined(lines: Iterable[str]) -> str:
    """Lines as one: a blank parts them only where two letters or digits would run together.

    >>> joined(["销售", "完成率"]), joined(["KPI", "name"])
    ('销售完成率', 'KPI name')
    """
    whole = ""
    for line in lines:
        glued = whole[-1:].isascii() and whole[-1:].isalnum() and line[:1].isascii() and line[:1].isalnum()
        whole += f" {line}" if glued else line
    return whole


Part = Text | Grid
