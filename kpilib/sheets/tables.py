"""Scorecards in a grid: where the header is, what each column holds, and what kind of row each row is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attrs import define, field, frozen

from kpilib.sheets.grid import Grid, GridCell, Part, Text, joined
from kpilib.sheets.headings import OF_ROLE, Named, Role, named
from kpilib.text import normalise

NAMES: frozenset[Role] = frozenset({"group", "indicator", "content"})
# A header has a column of names and one of these.
_SCORING: frozenset[Role] = frozenset({"rule", "weight", "marks", "formula", "target"})
MAX_DEPTH = 3
MAX_CAPTION = 60

_TOTAL = re.compile(
    r"(?:合计|总计|总分|小计|共计|总得分|得分合计|考核总分|考核得分合计|合计得分|总分合计)[:：]?(?:\(?100分?%?\)?)?"
)
_FOOTER = re.compile(
    r"注[:0-9 ]|备注|说明[:0-9 ]|填表|填写|被?考核人|被考评人|考评人|评分人|签[字名章]|员工|直接上级|上级|部门负责人|人力资源|总经理|日期|年月日"
    r"|编制|审核|审批|批准|考核等级|等级|绩效等级|评语|综合评|面谈|改进|姓名|部门[:：]"
)
_NUMBERED = re.compile(
    r"(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十]+\)|第[一二三四五六七八九十]+部分|[A-Z][.、])"
)


@frozen(eq=False)
class Column:
    """One column of a scorecard, under a heading that may span several; `part` is the sub-heading of a known heading."""

    role: Role
    heading: str
    address: str
    first: int
    last: int
    note: str = ""
    part: str = ""

    @property
    def title(self) -> str:
        """What it is to kpilib: 权重, 评分标准; empty where its heading is not known."""
        return OF_ROLE[self.role].title if self.role in OF_ROLE else ""


@frozen(eq=False)
class DataRow:
    """A row of indicators."""

    number: int


@frozen(eq=False)
class SectionRow:
    """A row that heads the rows below it: 一、工作业绩（70%）, perhaps with a weight of its own."""

    cell: GridCell
    weight: GridCell | None = None

    @property
    def text(self) -> Text:
        """Its words."""
        weight = "" if self.weight is None else f"　{self.weight.words}"
        return Text(f"{self.cell.words}{weight}", self.cell.address)


@frozen(eq=False)
class TotalRow:
    """A row of 合计."""

    number: int


@define(eq=False)
class Table:
    """One scorecard table, header read and rows sorted; what stands around its rows is in `outside`."""

    grid: Grid
    columns: tuple[Column, ...]
    header: tuple[str, ...]
    title: Text | None = None  # of the whole sheet
    caption: Text | None = None  # of this table among several
    rows: list[DataRow | SectionRow | TotalRow] = field(factory=list)
    outside: list[Text] = field(factory=list)
    stray: list[Text] = field(factory=list)  # names with no indicator below them

    def of(self, *roles: Role) -> tuple[Column, ...]:
        """The columns of some roles, from left to right."""
        return tuple(column for column in self.columns if column.role in roles)

    def cells(self, row: int, columns: Sequence[Column]) -> tuple[tuple[Column, GridCell], ...]:
        """What a row holds in some columns, each cell once."""
        found: dict[GridCell, Column] = {}
        for column in columns:
            for place in range(column.first, column.last + 1):
                cell = self.grid.at(row, place)
                if cell is not None:
                    found.setdefault(cell, column)
        return tuple((column, cell) for cell, column in found.items())


@frozen
class Found:
    """What a file holds: its scorecards, its other tables, and the words between them."""

    tables: tuple[Table, ...]
    others: tuple[Grid, ...]
    between: tuple[Text, ...]


def find_tables(parts: Sequence[Part]) -> Found:
    """The scorecards of a file, in order."""
    tables: list[Table] = []
    others: list[Grid] = []
    between: list[Text] = []
    waiting: list[Text] = []
    for part in parts:
        if isinstance(part, Text):
            waiting.append(part)
            continue
        found = _Finder(part).tables()
        if found:
            waiting = _titled(found[0], waiting, first=not tables)
        elif part.cells:
            others.append(part)
        tables += found
        between += waiting
        waiting = []
    return Found(tuple(tables), tuple(others), (*between, *waiting))


def _titled(table: Table, above: list[Text], *, first: bool) -> list[Text]:
    """Give a table its title and its caption out of the lines above it; returns the other lines.

    The first short line of a file is the title of the sheet, unless it is numbered as a section is (一、工作业绩); the
    nearest to the table is the table's own caption.
    """
    near = [text for text in above if is_caption(text.text)]
    if first and table.title is None:
        table.title = next((text for text in near if not _is_numbered(text)), None)
    if near and near[-1] is not table.title:
        table.caption = near[-1]
    return [text for text in above if text is not table.title and text is not table.caption]


def _is_numbered(text: Text) -> bool:
    return _NUMBERED.match(_squeezed(text.text)) is not None


def is_caption(text: str) -> bool:
    """Whether a line may be a title: short, and no sentence or form (姓名：)."""
    folded = normalise(text)
    return len(text) <= MAX_CAPTION and not re.search(r"[。;]|:|_{2}|\n.*\n", folded)


class _Finder:
    """Walks over the rows of a grid once."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.found: list[Table] = []
        # Rows whose place is not known before what follows them is: words, and names that may head a section.
        self.loose: list[tuple[int, Text]] = []
        self.sections: list[SectionRow] = []

    def tables(self) -> list[Table]:
        """Every scorecard of the grid."""
        position = 0
        while position < len(self.grid.rows):
            depth = self.header_at(position)
            if depth:
                position += depth
            else:
                self.read(self.grid.rows[position])
                position += 1
        if self.found:
            self.found[-1].stray += [section.text for section in self.sections]
            self.sections = []
            self.found[-1].outside += self.unplaced()
        return self.found

    # ---- headers -----------------------------------------------------------------------------------------------------

    def header_at(self, position: int) -> int:
        """Begin a table where a header stands; its number of rows, 0 where there is none."""
        row = self.grid.rows[position]
        cells = self.grid.starting(row)
        # Its own first row must look like one, or the row above a repeated header would go with it.
        if len(cells) < 2 or 2 * sum(named(cell.text).heading is not None for cell in cells) < len(cells):
            return 0
        depth = self.depth(position, cells)
        columns = tuple(_columns(self.grid, self.grid.rows[position : position + depth]))
        roles = {column.role for column in columns}
        known = sum(column.role != "unknown" for column in columns)
        if not (roles & NAMES and roles & _SCORING) or 2 * known < len(columns):
            return 0
        header = tuple(_squeezed(column.heading) for column in columns)
        if self.found and self.found[-1].header == header and not self.loose_titles():
            # The header again, on the next page: the same table goes on.
            return depth
        title, rest = self.above()
        if self.found:
            self.found[-1].outside += rest
            rest = []
        table = Table(self.grid, columns, header, outside=rest)
        if title is not None and (self.found or _is_numbered(title)):
            table.caption = title
        else:
            table.title = title
        self.found.append(table)
        return depth

    def depth(self, position: int, cells: tuple[GridCell, ...]) -> int:
        """How many rows a header takes: as many as its tallest cell, or one more for what stands under a wide one."""
        tallest = max(cell.span.last_row - cell.span.first_row + 1 for cell in cells)
        rows = self.grid.rows[position : position + MAX_DEPTH]
        if tallest > 1:
            return max(1, sum(row < rows[0] + tallest for row in rows))
        wide = [cell for cell in cells if cell.span.last_column > cell.span.first_column]
        below = self.grid.starting(rows[1]) if len(rows) > 1 else ()
        if len(below) > 1 and all(named(sub.text).heading is not None for sub in below):
            return 2  # Without merged cells, as in Markdown, a row of headings under a row of headings.
        if not wide:
            return 1
        under = all(
            any(
                cell.span.first_column <= sub.span.first_column and sub.span.last_column <= cell.span.last_column
                for cell in wide
            )
            and len(sub.words) <= 12
            for sub in below
        )
        return 2 if below and under and any(named(sub.text).heading is not None for sub in below) else 1

    def loose_titles(self) -> bool:
        """Whether a title may stand among the rows before."""
        return bool(self.sections) or any(is_caption(text.text) for _, text in self.loose[-1:])

    def above(self) -> tuple[Text | None, list[Text]]:
        """The title among the rows above a header, and the other ones."""
        rows = self.unplaced()
        title = next((text for text in (rows[::-1] if self.found else rows) if is_caption(text.text)), None)
        return title, [text for text in rows if text is not title]

    def unplaced(self) -> list[Text]:
        """The rows whose place is not known, as words and in order; none wait any more."""
        names = [(section.cell.span.first_row, section.text) for section in self.sections]
        rows = sorted([*names, *self.loose], key=lambda entry: entry[0])
        self.sections, self.loose = [], []
        return [text for _, text in rows]

    # ---- rows --------------------------------------------------------------------------------------------------------

    def read(self, row: int) -> None:
        """A row that is no header."""
        cells = self.grid.starting(row)
        if not cells:
            if self.found and self.grid.row(row) and not self.loose:
                self.found[-1].rows.append(DataRow(row))
            return
        if not self.found:
            self.keep(cells)
            return
        table = self.found[-1]
        if any(_TOTAL.fullmatch(_squeezed(cell.text)) for cell in cells[:2]):
            table.rows.append(TotalRow(row))
            return
        # The number of a row says nothing about its kind.
        numbers = {
            cell for _, cell in table.cells(row, table.of("number")) if cell.span.first_column == cell.span.last_column
        }
        cells = tuple(cell for cell in cells if cell not in numbers) or cells
        rules = [cell for _, cell in table.cells(row, table.of("rule", "formula")) if cell.span.first_row == row]
        weights = [cell for _, cell in table.cells(row, table.of("weight", "marks")) if cell.span.first_row == row]
        leading = self.leading(table, row, cells)
        weights = [cell for cell in weights if cell is not leading]
        own_rules = [cell for cell in rules if cell is not leading]
        if leading is not None and not own_rules and len(cells) <= 1 + len(weights):
            self.alone(table, row, leading, weights[0] if weights else None)
        elif not own_rules and not weights and _FOOTER.match(_squeezed(cells[0].text)):
            self.keep(cells)
        else:
            self.flush(table)
            table.rows.append(DataRow(row))

    def leading(self, table: Table, row: int, cells: tuple[GridCell, ...]) -> GridCell | None:
        """The first cell of a row, where it stands in the columns of names and nothing else in them goes on."""
        names = table.of("group", "indicator", "content")
        first = cells[0]
        if first.span.first_column > names[0].last:
            return None
        others = [cell for _, cell in table.cells(row, names) if cell is not first]
        return None if others else first

    def alone(self, table: Table, row: int, cell: GridCell, weight: GridCell | None) -> None:
        """A row with nothing but a name, or one cell across the table: a section, a remark, or an indicator without rule."""
        folded = _squeezed(cell.text)
        across = cell.span.last_column - cell.span.first_column + 1 >= max(2, self.grid.width - 1)
        numbered = _NUMBERED.match(folded) is not None
        if _FOOTER.match(folded) or len(cell.words) > MAX_CAPTION or (across and not is_caption(cell.words)):
            self.keep((cell,) if weight is None else (cell, weight))
        elif across or numbered or weight is None:
            self.sections.append(SectionRow(cell, weight))
        else:
            self.flush(table)
            table.rows.append(DataRow(row))

    def keep(self, cells: tuple[GridCell, ...]) -> None:
        """Keep a row as words."""
        text = Text("　".join(cell.words for cell in cells), cells[0].address)
        self.loose.append((cells[0].span.first_row, text))

    def flush(self, table: Table) -> None:
        """Indicators follow: a name that waited heads a section, and other words are remarks between rows."""
        table.outside += [text for _, text in self.loose]
        table.rows += self.sections
        self.loose, self.sections = [], []


def _columns(grid: Grid, rows: tuple[int, ...]) -> Iterator[Column]:
    """The columns under a header of some rows."""
    first: int | None = None
    before: tuple[GridCell, ...] = ()
    paths = [*(_path(grid, rows, column) for column in range(grid.width)), ()]
    for column, path in enumerate(paths):
        if first is not None and path != before:
            yield _column(before, first, column - 1)
            first = None
        if path and first is None:
            first, before = column, path


def _path(grid: Grid, rows: tuple[int, ...], column: int) -> tuple[GridCell, ...]:
    """The cells of a header over one column, from the top."""
    cells = (grid.at(row, column) for row in rows)
    return tuple(dict.fromkeys(cell for cell in cells if cell is not None))


def _column(path: tuple[GridCell, ...], first: int, last: int) -> Column:
    """The column under some heading cells: the deepest that is known says what it is."""
    known: list[tuple[int, Named]] = []
    for depth, cell in enumerate(path):
        name = named(cell.text)
        if name.heading is not None:
            known.append((depth, name))
    heading = "·".join(cell.words for cell in path)
    if not known:
        return Column("unknown", heading, path[-1].address, first, last)
    depth, name = known[-1]
    part = joined(cell.words for cell in path[depth + 1 :])
    return Column(name.role, heading, path[-1].address, first, last, name.note, part)


def _squeezed(text: str) -> str:
    return "".join(normalise(text).split())
