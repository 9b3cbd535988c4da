"""From the rows of scorecards to groups and indicators, every word with its address."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field, frozen

from kpilib.errors import InputError
from kpilib.sheets.findings import Findings
from kpilib.sheets.grid import GridCell, Text, joined
from kpilib.sheets.headings import Role
from kpilib.sheets.marks import Weight, read_name
from kpilib.sheets.tables import Column, DataRow, SectionRow, Table, TotalRow
from kpilib.syntax.plan_text import MAX_GROUPS, MAX_INDICATORS

# Roles whose cells become a line of their own, or a remark under the heading of their column.
TEXT_ROLES: frozenset[Role] = frozenset({"formula", "source", "department", "rater", "period", "scope"})
REMARK_ROLES: frozenset[Role] = frozenset({"remark", "about", "unknown"})
# What an indicator is called that has no name.
NAMELESS = "未命名"

# Filled in when people are scored; said, and not read.
FILLED_IN: frozenset[Role] = frozenset({"score", "actual"})


@define(eq=False)
class Item:
    """One indicator as its rows have it; `doubtful` keeps the plan from being scored before somebody has looked."""

    name: Text
    behind_name: Weight | None = None
    weights: list[GridCell] = field(factory=list)
    marks: list[tuple[int, GridCell]] = field(factory=list)
    rules: list[tuple[int, Text]] = field(factory=list)
    targets: list[tuple[Column, GridCell]] = field(factory=list)
    units: list[GridCell] = field(factory=list)
    values: dict[Role, list[Text]] = field(factory=dict)
    remarks: list[tuple[str, Text]] = field(factory=list)
    seen: set[GridCell] = field(factory=set)
    full_marks: Text | None = None
    weight: Weight | None = None
    weight_address: str = ""
    doubtful: bool = False


@define(eq=False)
class Section:
    """One group: `single` where its only indicator is called as the group is."""

    name: Text | None = None
    behind_name: Weight | None = None
    weights: list[GridCell] = field(factory=list)
    items: list[Item] = field(factory=list)
    single: bool = False
    weight: Weight | None = None
    weight_address: str = ""
    doubtful: bool = False


@frozen(eq=False)
class Total:
    """A 合计 of weights and the groups above it in its own table."""

    cell: GridCell
    sections: tuple[Section, ...]


@define(eq=False)
class Draft:
    """What the scorecards of a file say, before it is written as a plan."""

    sections: list[Section] = field(factory=list)
    totals: list[Total] = field(factory=list)
    outside: list[Text] = field(factory=list)
    stray: list[Text] = field(factory=list)
    by_marks: bool = False  # the weights stand in a column of marks (分值), so a bare number is marks
    weight_columns: list[Column] = field(factory=list)

    @property
    def items(self) -> list[Item]:
        """Every indicator."""
        return [item for section in self.sections for item in section.items]

    @property
    def doubtful(self) -> bool:
        """Whether somebody has to look before anything is scored."""
        return any(item.doubtful for item in self.items) or any(section.doubtful for section in self.sections)


@define(eq=False)
class _Levels:
    """The columns of names: that of the groups, that of the indicators, and those beside them."""

    group: Column | None
    item: Column
    beside: tuple[Column, ...]


def read_tables(tables: Sequence[Table], findings: Findings) -> Draft:
    """The groups and indicators of some tables that are one scorecard.

    Raises:
        InputError: KPI807, more than a plan can hold.
    """
    draft = Draft()
    for table in tables:
        _TableReader(table, draft, findings, several=len(tables) > 1).read()
    for name in [*draft.stray, *(_words(section) for section in draft.sections if not section.items)]:
        message = f"「{name.text[:40]}」下面没有指标，写在方案开头的「注：」里"
        findings.add("KPI823", name.address, message, level="需确认", hint="它是指标的，写上权重和评分标准", example="")
        draft.outside.append(name)
    draft.sections = [section for section in draft.sections if section.items]
    if len(draft.sections) > MAX_GROUPS and all(section.single for section in draft.sections):
        # A long list without groups: a plan has room for it in one group.
        name = Text("考核指标", draft.items[0].name.address)
        draft.sections = [Section(name, items=draft.items)]
    if len(draft.items) > MAX_INDICATORS or len(draft.sections) > MAX_GROUPS:
        message = f"考核表超过 {MAX_INDICATORS} 个指标，或 {MAX_GROUPS} 个分组"
        raise InputError(message, code="KPI807", hint="分成几张表", example="")
    return draft


def _words(section: Section) -> Text:
    """What a group without indicators says."""
    name = section.name or Text("", "")
    weights = [cell.words for cell in section.weights]
    if section.behind_name is not None:
        weights.append(f"（{section.behind_name.words}）")
    return Text("　".join([name.text, *weights]), name.address)


def _levels(table: Table) -> _Levels:
    """Which column of names is which; 考核内容 is an indicator where a 考核项目 has several, else words about it."""
    groups, items, contents = table.of("group"), table.of("indicator"), table.of("content")
    names = (*groups, *items)
    if items or len(groups) > 1:
        item = (items or groups)[-1]
        group = next((column for column in names if column is not item), None)
    elif groups and contents and _branches(table, groups[0], contents[-1]):
        group, item = groups[0], contents[-1]
    else:
        group, item = None, (groups or contents)[-1]
    beside = tuple(column for column in (*names, *contents) if column is not group and column is not item)
    return _Levels(group, item, beside)


def _branches(table: Table, group: Column, content: Column) -> bool:
    """Whether a cell of the one column stands beside several of the other."""
    beside: dict[GridCell, set[GridCell]] = {}
    current: GridCell | None = None
    for row in table.rows:
        if isinstance(row, DataRow):
            current = next((cell for _, cell in table.cells(row.number, [group])), current)
            if current is not None:
                beside.setdefault(current, set()).update(cell for _, cell in table.cells(row.number, [content]))
    return any(len(cells) > 1 for cells in beside.values())


class _TableReader:
    """Walks over the rows of one table."""

    def __init__(self, table: Table, draft: Draft, findings: Findings, *, several: bool) -> None:
        self.table, self.draft, self.findings = table, draft, findings
        self.levels = _levels(table)
        self.section: Section | None = None
        self.start = len(draft.sections)
        self.headed = False  # the section comes from a row of its own, or from the caption
        self.group_cell: GridCell | None = None
        self.item_cell: GridCell | None = None
        self.item: Item | None = None
        group = self.levels.group
        weights, marks = table.of("weight"), table.of("marks")
        # A weight between the groups and the indicators is the group's where the indicators have one of their own.
        own_group = group is not None and weights and weights[0].first < self.levels.item.first and len(weights) > 1
        self.group_weight = weights[0] if own_group else None
        self.weights = weights[1:] if own_group else weights or marks
        self.marks = marks if weights else ()
        draft.by_marks = draft.by_marks or (not weights and bool(marks))
        draft.weight_columns += self.weights
        plain = several and group is None and not any(isinstance(row, SectionRow) for row in table.rows)
        if plain and table.caption is not None:
            self.head(table.caption)

    def read(self) -> None:
        """Every row in turn."""
        for row in self.table.rows:
            if isinstance(row, SectionRow):
                self.head(Text(row.cell.text, row.cell.address), row.cell.lines, row.weight)
            elif isinstance(row, TotalRow):
                self.total(row.number)
            else:
                self.data(row.number)
        self.draft.outside += self.table.outside
        self.draft.stray += self.table.stray
        self.say_shared()

    def head(self, name: Text, lines: Sequence[str] | None = None, weight: GridCell | None = None) -> None:
        """A section begins that a row of its own, or a caption, names."""
        words, behind = read_name(lines or [name.text], loose=True)
        self.open(Section(Text(words, name.address), behind, [] if weight is None else [weight]))
        self.headed = True

    def open(self, section: Section) -> None:
        """Begin a section."""
        self.section, self.item, self.item_cell = section, None, None
        self.draft.sections.append(section)

    def total(self, row: int) -> None:
        """The 合计 of the weights; other words of that row are kept."""
        cells = self.table.cells(row, self.table.columns)
        first = self.table.grid.starting(row)[0]
        if not first.words.startswith("小计"):
            above = tuple(self.draft.sections[self.start :])
            found = (cell for column, cell in cells if column in self.weights and cell is not first)
            self.draft.totals += [Total(cell, above) for cell in found][:1]
        for column, cell in cells:
            told = column.role in FILLED_IN or column in self.weights or column in self.marks or column.role == "number"
            if not told and cell is not first and cell.words not in ("100%", "100分", "100"):
                self.draft.outside.append(Text(f"{first.words}　{cell.words}", cell.address))

    # ---- rows of indicators ------------------------------------------------------------------------------------------

    def data(self, row: int) -> None:
        """A row of an indicator, or one more row of the one above."""
        group = self.first(row, self.levels.group)
        cell = self.first(row, self.levels.item)
        opened = self.group(group)
        if cell is not None and cell is not self.item_cell:
            self.begin(cell, single=cell is group or self.levels.group is None, loose=cell is group)
        elif cell is None and opened and group is not None:
            self.begin(group, single=True, loose=True)
        elif self.item is None:
            self.nameless(row)
        if self.item is not None:
            self.fill(self.item, row)

    def first(self, row: int, column: Column | None) -> GridCell | None:
        """What a row holds in a column of names."""
        found = () if column is None else self.table.cells(row, [column])
        return found[0][1] if found else None

    def group(self, cell: GridCell | None) -> bool:
        """Begin the group that a cell names, where it is not the one that is open; whether it began."""
        if cell is None or cell is self.group_cell:
            return False
        same = self.group_cell is not None and cell.words == self.group_cell.words
        self.group_cell = cell
        if not same and not self.headed:
            words, behind = read_name(cell.lines, loose=True)
            self.open(Section(Text(words, cell.address), behind))
        return not same

    def begin(self, cell: GridCell, *, single: bool, loose: bool) -> None:
        """An indicator begins; under a section row, what the column of groups says is kept as a remark."""
        name, behind = read_name(cell.lines, loose=loose)
        item = Item(Text(name, cell.address), behind)
        group, column = self.group_cell, self.levels.group
        if self.headed and group is not None and column is not None and group is not cell:
            item.remarks.append((column.heading, Text(group.text, group.address)))
        if self.section is None or (single and not self.headed):
            if self.section is None or self.section.items:
                self.open(Section())
            if self.section is not None:
                self.section.name, self.section.behind_name, self.section.single = item.name, None, True
        if self.section is not None:
            self.section.items.append(item)
        self.item, self.item_cell = item, cell

    def nameless(self, row: int) -> None:
        """A row with words and no indicator that they could belong to: one without a name, to be looked at."""
        cells = self.table.grid.row(row)
        address = cells[0].address if cells else self.table.grid.address
        self.findings.add("KPI823", address, "这一行没有指标的名称", hint="写上指标的名称，或者和上面的格合并")
        if self.section is None or (self.levels.group is None and not self.headed):
            self.open(Section(Text(NAMELESS, address), single=True))
        self.item, self.item_cell = Item(Text(NAMELESS, address), doubtful=True), None
        if self.section is not None:
            self.section.items.append(self.item)

    def fill(self, item: Item, row: int) -> None:
        """What a row says of an indicator."""
        names = (self.levels.group, self.levels.item)
        for column in self.table.columns:
            if column in names or column.role in FILLED_IN or column.role == "number":
                continue
            for _, cell in self.table.cells(row, [column]):
                if cell in item.seen or cell in (self.group_cell, self.item_cell):
                    continue
                item.seen.add(cell)
                if cell.kind == "wrong":
                    self.findings.add("KPI823", cell.address, cell.text, hint="在表里改好，再导入一次", example="")
                    item.remarks.append((column.heading, Text(cell.text, cell.address)))
                    item.doubtful = True
                else:
                    self.put(item, row, column, cell)

        for cell in self.table.grid.row(row):
            if cell not in item.seen and not self.headed_by(cell):
                item.seen.add(cell)
                item.remarks.append(("", Text(cell.text, cell.address)))
                message = "这一格的上面没有列名，内容留在「注：」里，不参与计分"
                self.findings.add("KPI822", cell.address, message, level="需确认", hint="给这一列写上列名", example="")

    def headed_by(self, cell: GridCell) -> bool:
        """Whether some column of the table takes the cell."""
        first, last = cell.span.first_column, cell.span.last_column
        return any(column.first <= last and first <= column.last for column in self.table.columns)

    def put(self, item: Item, row: int, column: Column, cell: GridCell) -> None:
        """A cell to its place in the indicator."""
        text = Text(cell.text, cell.address)
        if column is self.group_weight and self.section is not None:
            if cell not in self.section.weights:
                self.section.weights.append(cell)
        elif column in self.weights:
            item.weights.append(cell)
        elif column in self.marks:
            item.marks.append((row, cell))
        elif column.role == "rule":
            item.rules += [(row, Text(line, cell.address)) for line in _rule_lines(column, cell)]
        elif column.role == "target":
            item.targets.append((column, cell))
        elif column.role == "unit":
            item.units.append(cell)
        elif column.role in TEXT_ROLES:
            item.values.setdefault(column.role, []).append(Text(cell.words, cell.address))
        else:
            item.remarks.append(("" if column.role == "remark" else column.heading, text))

    def say_shared(self) -> None:
        """A rule merged over several indicators is each one's; that is a choice, so it is said."""
        holders: dict[str, list[Item]] = {}
        for item in self.draft.items:
            for address in {text.address for _, text in item.rules}:
                holders.setdefault(address, []).append(item)
        for address, items in holders.items():
            if len(items) > 1:
                names = "、".join(item.name.text for item in items[:8])
                self.findings.add(
                    "KPI823", address, f"这一格的规则合并在几个指标上，每个都按它计分：{names}", level="需确认",
                    hint="一个指标一格规则；几项合起来计分的，写成一个指标",
                )  # fmt: skip


def _rule_lines(column: Column, cell: GridCell) -> list[str]:
    """The lines of a rule cell; under a sub-heading of marks (5分) a condition is worth those marks."""
    if not column.part:
        return list(cell.lines)
    if column.part.endswith("分") and column.part[:-1].isdigit() and len(cell.lines) == 1:
        return [f"{cell.lines[0]}得{column.part}"]
    return [f"{joined([column.part])}：{line}" for line in cell.lines]
